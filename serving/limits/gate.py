"""Where requests are let in: after authentication, so that a bad key costs no question to Redis."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request

from recolake.limits.errors import QuotaExceededError
from recolake.limits.plans import Quota
from recolake.tenancy.api_keys import KeyRecord
from serving.limits.admission import Admission
from serving.limits.errors import BeyondBurstError, RateLimitedError
from serving.limits.limiter import Limiter, retry_after


async def admit(
    request: Request, limiter: Limiter, caller: KeyRecord, units: int, quotas: Mapping[Quota, int]
) -> None:
    """Count a request, and note for the answer's headers what remains.

    Rates are asked once, together with the first quota; a request of several kinds asks for each quota.

    Raises:
        RateLimitedError: a rate of the key or of the tenant is reached.
        QuotaExceededError: the month's quota does not hold so much.
        BeyondBurstError: it is more than is ever admitted at once.
    """
    if not limiter.limits(caller.tenant):
        return
    for number, (quota, counted) in enumerate(quotas.items() or [(None, 0)]):
        admission = await limiter.admit(caller, 0 if number else units, quota, counted)
        request.scope.setdefault("state", {}).setdefault("admissions", []).append(admission)
        _refuse(admission, units)


def _refuse(admission: Admission, units: int) -> None:
    for name, rate, said in admission.rates:
        if units > rate.burst and not said.admitted:
            raise BeyondBurstError(units, rate.burst)
        if not said.admitted:
            raise RateLimitedError(name, retry_after(said))
    if admission.quota is not None and admission.quota.refused:
        raise QuotaExceededError(admission.quota.kind.value.replace("_", " "), admission.quota.seconds_left)
