"""From a request to an answer: scenario, model, list, usage record."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from recolake.errors import InvalidInputError
from recolake.experiments.document import Variant
from recolake.expressions.errors import ExpressionError
from recolake.profile.left_out import LeftOut
from recolake.settings import Settings
from recolake.tenancy.api_keys import KeyRecord
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import TenantKeys, pseudonym
from recolake.usage.journal import UsageJournal
from recolake.usage.record import UsageRecord
from serving.api.recommendations.answered import Opened, Told, answered, recorded
from serving.api.recommendations.batch import MOST_BATCH_ITEMS, Batch
from serving.api.recommendations.defaults import blamed, filled
from serving.api.recommendations.lists import Ask, Lists
from serving.api.recommendations.pages import as_asked, shown_before
from serving.api.recommendations.requests import Asked, RecommendationBatchRequest, UsersRequest
from serving.api.recommendations.schemas import PersonAnswer, RecommendationAnswer, UsersAnswer
from serving.api.recommendations.whom import suited
from serving.hidden import Hidden
from serving.ids import RecommendationIds
from serving.metrics import Metrics
from serving.people import OnlineFeatures
from serving.scenarios import Scenarios
from serving.shelf import Shelf
from serving.trials import Trials


class Recommender:
    """Answers requests of every kind; blocks while it reads features, so call it from a thread."""

    def __init__(
        self,
        settings: Settings,
        shelf: Shelf,
        trials: Trials,
        scenarios: Scenarios,
        features: OnlineFeatures,
        journal: UsageJournal,
        ids: RecommendationIds,
        keys: TenantKeys,
        metrics: Metrics,
        left_out: LeftOut,
        hidden: Hidden,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._shelf = shelf
        self._trials = trials
        self._scenarios = scenarios
        self._features = features
        self._journal = journal
        self._ids = ids
        self._metrics = metrics
        self._now = now
        self._keys = keys
        self._left_out = left_out
        self._lists = Lists(features, left_out, hidden, ids)

    def recommend(self, caller: KeyRecord, request: Asked) -> RecommendationAnswer:
        """The answer; its usage record is written before this returns.

        Raises:
            NoModelError: the tenant has no model in service.
            UnknownScenarioError: there is no scenario of the name that was given.
            RecolakeError: whatever `shown_before` raises.
            OSError: the usage record could not be written, so there is no answer.
        """
        began = time.perf_counter()
        opened = self._open(caller, request)
        tenant, whole = caller.tenant, opened.whole
        subject = self._pseudonym(tenant, whole.user_id)
        shown: Sequence[str] = ()
        if whole.next_of is not None:
            shown = shown_before(
                self._settings, self._ids, tenant, whole.kind, subject, whole.next_of, opened.now
            )
        ask = self._ask(opened, subject, shown)
        with _blaming(request):
            attempt = self._lists.of(ask)
        answer = RecommendationAnswer(**answered(opened, ask, attempt))
        self._write([recorded(opened, ask, answer, time.perf_counter() - began)], [Told.of(answer)])
        return answer

    def batch(self, caller: KeyRecord, request: RecommendationBatchRequest) -> Batch:
        """Lists for many people, yet to be made.

        Raises:
            NoModelError: the tenant has no model in service.
            UnknownScenarioError: there is no scenario of the name that was given.
            InvalidInputError: that are more items than one answer may hold.
        """
        each = request.each
        opened = self._open(caller, each)
        most = MOST_BATCH_ITEMS // len(request.user_ids)
        if opened.whole.k > most:
            raise InvalidInputError(
                f"Lists of {opened.whole.k:,} items for {len(request.user_ids):,} people are more than "
                f"{MOST_BATCH_ITEMS:,} items.",
                hint=f"Ask for at most {most:,} items, or for fewer people at once.",
                field="k",
            )

        def make(users: Sequence[str]) -> tuple[list[PersonAnswer], list[UsageRecord]]:
            began = time.perf_counter()
            asks = [self._ask(opened, self._pseudonym(caller.tenant, user), ()) for user in users]
            with _blaming(each):
                attempts = self._lists.of_all(asks)
            answers = [
                PersonAnswer(user_id=user, **answered(opened, ask, attempt))
                for user, ask, attempt in zip(users, asks, attempts, strict=True)
            ]
            taken = (time.perf_counter() - began) / len(users)
            pairs = zip(asks, answers, strict=True)
            return answers, [recorded(opened, ask, answer, taken) for ask, answer in pairs]

        return Batch(request.user_ids, make, self._write)

    def users(self, caller: KeyRecord, request: UsersRequest) -> UsersAnswer:
        """Whom of the given people an item suits; its usage record is written before this returns.

        Raises:
            NoModelError: the tenant has no model in service.
            NotFoundError: the model does not know the item.
            ServiceUnavailableError: the online store, which has the people's vectors, does not answer.
        """
        began = time.perf_counter()
        tenant, now, model = caller.tenant, self._now(), self._shelf.model(caller.tenant)
        names = {each: pseudonym(self._keys.of(tenant), each) for each in request.user_ids}
        found, without = suited(model, self._features, self._left_out, tenant, request.item_id, names)
        answer = UsersAnswer(
            recommendation_id=self._ids.mint(tenant, model.version, now),
            model_version=model.version,
            users=found[: request.k],
            without_vector=without,
        )
        self._journal.append(
            UsageRecord(
                tenant_id=tenant.name,
                recommendation_id=answer.recommendation_id,
                served_at=now,
                key_id=caller.key_id,
                user_id=None,
                model_version=model.version,
                strategy="users",
                # Nobody was shown anything by this.
                item_ids=(),
                variant=Variant.DEFAULT.value,
                milliseconds=round((time.perf_counter() - began) * 1_000, 3),
                kind="users",
                request=as_asked({"item_id": request.item_id, "k": request.k}, ()),
            )
        )
        self._metrics.recommendations.labels("users", "", False).inc()
        return answer

    def _open(self, caller: KeyRecord, request: Asked) -> Opened:
        """Scenario, model and moment, which hold for all of a request."""
        tenant = caller.tenant
        scenario = None if request.scenario is None else self._scenarios.find(tenant, request.scenario)
        whole = request if scenario is None else filled(request, scenario)
        return Opened(caller, whole, scenario, self._shelf.model(tenant), self._now())

    def _ask(self, opened: Opened, subject: str | None, shown: Sequence[str]) -> Ask:
        tenant, champion = opened.caller.tenant, opened.champion
        choice = self._trials.choose(tenant, champion, subject)
        return Ask(tenant, subject, opened.whole, shown, opened.now, choice, champion)

    def _write(self, records: Sequence[UsageRecord], told: Sequence[Told]) -> None:
        """Write down what is about to be answered."""
        self._journal.append_all(records)
        for each, count in Counter(told).items():
            self._metrics.recommendations.labels(each.strategy, each.fallback, each.degraded).inc(count)
            failed = each.fallback == "challenger_failed"
            self._metrics.variants.labels(each.variant, failed).inc(count)

    def _pseudonym(self, tenant: Tenant, user_id: str | None) -> str | None:
        return None if user_id is None else pseudonym(self._keys.of(tenant), user_id)


@contextmanager
def _blaming(request: Asked) -> Iterator[None]:
    """Where a scenario's condition is wrong, the error says so."""
    try:
        yield
    except ExpressionError as error:
        raise blamed(error, request) from None
