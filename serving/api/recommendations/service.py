"""From a request to a list: scenario, model, rules, the kind's source, chance, usage record, answer."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import structlog

from recolake.experiments.document import Variant
from recolake.expressions.errors import ExpressionError
from recolake.profile.left_out import LeftOut
from recolake.ranking.exploration import explore, looked_at
from recolake.settings import Settings
from recolake.tenancy.api_keys import KeyRecord
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import TenantKeys, pseudonym
from recolake.usage.journal import UsageJournal
from recolake.usage.record import UsageRecord
from serving.api.recommendations.defaults import blamed, filled
from serving.api.recommendations.explanations import explain
from serving.api.recommendations.kinds.situation import Reader, Situation
from serving.api.recommendations.kinds.sources import PERSONAL, SOURCES
from serving.api.recommendations.made import Made, items_of
from serving.api.recommendations.pages import as_asked, shown_before
from serving.api.recommendations.record import applied, asked
from serving.api.recommendations.requests import Asked, UsersRequest
from serving.api.recommendations.rules import rules_of
from serving.api.recommendations.schemas import (
    RecommendationAnswer,
    UsersAnswer,
)
from serving.api.recommendations.whom import suited
from serving.hidden import Hidden
from serving.ids import RecommendationIds
from serving.metrics import Metrics
from serving.people import OnlineFeatures
from serving.scenarios import Scenarios
from serving.shelf import Model, Shelf
from serving.trials import Choice, Trials

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Ask:
    """One request as it is to be answered, with its scenario's defaults in it.

    Attributes:
        shown: what was shown before, in the lists that this one goes on after.
        recommendation_id: also what chance is drawn from, so that an answer can be made again.
    """

    tenant: Tenant
    subject: str | None
    request: Asked
    shown: Sequence[str]
    now: datetime
    recommendation_id: str


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
        self._hidden = hidden

    def recommend(self, caller: KeyRecord, request: Asked) -> RecommendationAnswer:
        """The answer; its usage record is written before this returns.

        Raises:
            NoModelError: the tenant has no model in service.
            UnknownScenarioError: there is no scenario of the name that was given.
            RecolakeError: whatever `shown_before` raises.
            OSError: the usage record could not be written, so there is no answer.
        """
        began = time.perf_counter()
        tenant, now = caller.tenant, self._now()
        scenario = None if request.scenario is None else self._scenarios.find(tenant, request.scenario)
        whole = request if scenario is None else filled(request, scenario)
        champion = self._shelf.model(tenant)
        subject = self._pseudonym(tenant, whole.user_id)
        shown: Sequence[str] = ()
        if whole.next_of is not None:
            shown = shown_before(self._settings, self._ids, tenant, whole.kind, subject, whole.next_of, now)
        choice = self._trials.choose(tenant, champion, subject)
        ask = _Ask(tenant, subject, whole, shown, now, "")
        try:
            made, name = self._attempt(ask, choice, champion)
        except ExpressionError as error:
            raise blamed(error, request) from None
        answer = RecommendationAnswer(
            recommendation_id=name,
            model_version=made.model.version,
            variant=choice.variant.value,
            kind=whole.kind,
            scenario=scenario.name if scenario else None,
            scenario_version=scenario.version if scenario else None,
            strategy=made.found.strategy,
            fallback=made.fallback,
            degraded=made.degraded,
            explained=made.explained,
            unknown_items=list(made.found.unknown) or None,
            items=items_of(made, whole.fields),
        )
        self._write(caller, ask, choice, answer, time.perf_counter() - began)
        return answer

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

    def _write(
        self, caller: KeyRecord, ask: _Ask, choice: Choice, answer: RecommendationAnswer, seconds: float
    ) -> None:
        rules = applied(ask.request, answer.items)
        chances = [item.propensity for item in answer.items if item.propensity is not None]
        self._journal.append(
            UsageRecord(
                tenant_id=ask.tenant.name,
                recommendation_id=answer.recommendation_id,
                served_at=ask.now,
                key_id=caller.key_id,
                user_id=ask.subject,
                model_version=answer.model_version,
                strategy=answer.strategy,
                item_ids=tuple(item.item_id for item in answer.items),
                fallback=answer.fallback,
                variant=answer.variant,
                experiment_id=choice.experiment_id,
                milliseconds=round(seconds * 1_000, 3),
                rules=rules.model_dump_json(exclude_defaults=True) if rules is not None else None,
                kind=answer.kind.value,
                scenario=answer.scenario,
                scenario_version=answer.scenario_version,
                request=as_asked(asked(ask.request), ask.shown),
                scores=tuple(item.score for item in answer.items),
                reasons=tuple(item.reason for item in answer.items),
                propensities=tuple(chances) if ask.request.explores else None,
            )
        )
        self._metrics.recommendations.labels(answer.strategy, answer.fallback or "", answer.degraded).inc()
        failed = answer.fallback == "challenger_failed"
        self._metrics.variants.labels(choice.variant.value, failed).inc()

    def _attempt(self, ask: _Ask, choice: Choice, champion: Model) -> tuple[Made, str]:
        """The chosen model's list; where the challenger fails, the champion's, which counts against it.

        With it the answer's id, which names the model that made it.
        """

        def of(model: Model) -> tuple[Made, str]:
            name = self._ids.mint(ask.tenant, model.version, ask.now, choice.variant)
            return self._list(replace(ask, recommendation_id=name), model), name

        if choice.variant is not Variant.CHALLENGER:
            return of(choice.model)
        try:
            return of(choice.model)
        except ExpressionError:
            pass  # Where it is the caller's mistake, the champion says the same.
        except Exception as error:
            _log.error(
                "challenger_failed", tenant=ask.tenant.name, version=choice.model.version, exc_info=error
            )
        made, name = of(champion)
        return replace(made, fallback="challenger_failed"), name

    def _list(self, ask: _Ask, model: Model) -> Made:
        request = ask.request
        reader = Reader(self._features, self._left_out, ask.tenant, ask.subject, model)
        if request.kind in PERSONAL:
            # Before the attributes, which are not asked for where the store does not bring the person.
            reader.person()
        # A page under rules that plan every place is a list of its own; any other goes on in the same order.
        planned = bool(request.promotions or request.diversity)
        rules = rules_of(request, ask.shown if planned else (), model, reader, ask.now)
        rules = self._hidden.rules(ask.tenant, model.artifact, rules, reader.hidden)
        depth = looked_at(request.k) if request.explores else request.k
        below = 0 if planned else len(ask.shown)
        found = SOURCES[request.kind](Situation(model, reader, rules, depth + below), request)
        if below:
            rest = found.ranking.without(model.artifact.items.rows(ask.shown))
            found = replace(found, ranking=rest.at(np.arange(min(depth, rest.rows.shape[1]))))
        propensities = None
        if request.explores:
            ranking, propensities = explore(
                found.ranking, request.k, request.explores, _chance(ask.recommendation_id)
            )
            found = replace(found, ranking=ranking)
        fallback = found.fallback or ("features_unavailable" if reader.missed else None)
        explained, explanations = explain(model, found) if request.explain else (None, [])
        return Made(model, found, fallback, reader.missed, rules, propensities, explained, explanations)

    def _pseudonym(self, tenant: Tenant, user_id: str | None) -> str | None:
        return None if user_id is None else pseudonym(self._keys.of(tenant), user_id)


def _chance(recommendation_id: str) -> np.random.Generator:
    return np.random.default_rng(list(hashlib.sha256(recommendation_id.encode()).digest()))
