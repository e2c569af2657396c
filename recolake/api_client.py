"""The recommendation API as a customer calls it: over HTTP, with one tenant's key."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from recolake.endpoints import resolve
from recolake.errors import RecolakeError, ServiceUnavailableError
from recolake.kinds.kinds import Kind
from recolake.settings import Settings
from recolake.web.tls import client_context

_SECONDS = 10.0
_LOGS = "See `recolake status` and `recolake logs api`."


class RecommendationClient:
    """Asks the data plane for recommendations. Use it as a context manager, or close it."""

    def __init__(self, settings: Settings, api_key: str) -> None:
        """Take the API's address from the settings.

        Raises:
            ServiceUnavailableError: it is neither configured nor started.
        """
        url = resolve(settings, "api")
        self._http = httpx.Client(
            base_url=url,
            verify=client_context(settings, url) or True,
            headers={"Authorization": f"Bearer {api_key}"},
            timeout=_SECONDS,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def recommend(
        self,
        user_id: str | None,
        *,
        k: int = 10,
        include_seen: bool = False,
        explain: bool = False,
        rules: Mapping[str, Any] = MappingProxyType({}),
    ) -> dict[str, Any]:
        """The answer of `POST /v1/recommendations` for a person by the tenant's own id, or for nobody.

        Args:
            rules: more fields of the request, such as `filter`.

        Raises:
            RecolakeError: the API refused; it carries the API's own code, words and hint.
            ServiceUnavailableError: it does not answer.
        """
        body = {"user_id": user_id, "k": k, "include_seen": include_seen, **rules}
        return self.ask(Kind.FOR_USER, body | ({"explain": True} if explain else {}))

    def ask(self, kind: Kind, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer of a kind's route; raises as `recommend` does.

        Args:
            body: the request, as docs/reference/kinds.md has it.
        """
        route = "" if kind is Kind.FOR_USER else f"/{kind}"
        return self._answer("POST", f"/v1/recommendations{route}", body)

    def receipt(self, recommendation_id: str) -> dict[str, Any]:
        """Where an answer came from; raises as `recommend` does."""
        return self._answer("GET", f"/v1/recommendations/{quote(recommendation_id, safe='')}/receipt")

    def replay(self, recommendation_id: str) -> dict[str, Any]:
        """The list of an answer again, which is not counted; raises as `recommend` does."""
        return self._answer("POST", f"/v1/recommendations/{quote(recommendation_id, safe='')}/replay")

    def _answer(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        try:
            response = self._http.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise ServiceUnavailableError("The recommendation API does not answer.", hint=_LOGS) from error
        content = _json_object(response)
        if response.is_error or content is None:
            raise _refused(response, content or {})
        return content


def _json_object(response: httpx.Response) -> dict[str, Any] | None:
    """The body, or None where it is not what our API sends: then something else answered at its address."""
    try:
        content = response.json()
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _refused(response: httpx.Response, problem: dict[str, Any]) -> RecolakeError:
    """The error that a problem document (RFC 9457) tells of."""
    status, wait = response.status_code, response.headers.get("Retry-After", "")
    said = problem.get("detail") or problem.get("title")
    asked = (
        f"Request id {problem['request_id']}; see `recolake logs api`." if "request_id" in problem else _LOGS
    )
    error = RecolakeError(
        str(said) if said else f"The recommendation API answered {status}, without a word of why.",
        hint=str(problem.get("hint") or asked),
    )
    error.code = str(problem.get("code", error.code))
    error.field = str(problem["field"]) if "field" in problem else None
    error.status = status
    error.retry_after = float(wait) if wait.isdecimal() else None
    return error
