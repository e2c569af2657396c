"""From a person to a list: features, ranking, usage record, answer; and from an answer to its receipt."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import structlog

from recolake.experiments.document import Variant
from recolake.experiments.store import ExperimentDocumentError, all_experiments
from recolake.expressions.errors import ExpressionError
from recolake.features.names import Service
from recolake.profile.left_out import LeftOut
from recolake.ranking.artifact import INDEX_FILE
from recolake.ranking.popularity import FloatArray
from recolake.ranking.ranker import Ranking, rank
from recolake.ranking.retrieval import NO_ITEM
from recolake.ranking.rules.rules import Rules
from recolake.ranking.users import UserBatch
from recolake.settings import Settings
from recolake.tenancy.api_keys import KeyRecord
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import TenantKeys, pseudonym
from recolake.usage.journal import UsageJournal
from recolake.usage.lookup import find_usage
from recolake.usage.record import UsageRecord
from serving.api.recommendations.explanations import DIGITS, explain, of_content
from serving.api.recommendations.rules import rules_of
from serving.api.recommendations.schemas import (
    AppliedRules,
    Explained,
    Explanation,
    Fallback,
    Receipt,
    ReceiptIndex,
    ReceiptModel,
    RecommendationAnswer,
    RecommendationRequest,
    RecommendedItem,
    Strategy,
)
from serving.hidden import Hidden
from serving.ids import Minted, RecommendationIds
from serving.metrics import Metrics
from serving.origin import origin_of
from serving.people import FeaturesUnavailableError, OnlineFeatures, Person
from serving.present import as_of_now
from serving.shelf import Model, Shelf
from serving.trials import Choice, Trials

_NOBODY = Person(vector=None, history=(), weights=())

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _List:
    """What one model gives a person, all of it of that model."""

    model: Model
    strategy: Strategy
    fallback: Fallback | None
    degraded: bool
    found: Ranking
    explained: Explained | None
    explanations: Sequence[Explanation]
    vector: FloatArray | None
    rules: Rules | None


class Recommender:
    """Answers recommendation requests; blocks while it reads features, so call it from a thread."""

    def __init__(
        self,
        settings: Settings,
        shelf: Shelf,
        trials: Trials,
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
        self._features = features
        self._journal = journal
        self._ids = ids
        self._metrics = metrics
        self._now = now
        self._keys = keys
        self._left_out = left_out
        self._hidden = hidden

    def recommend(self, caller: KeyRecord, request: RecommendationRequest) -> RecommendationAnswer:
        """The answer; its usage record is written before this returns.

        Raises:
            NoModelError: the tenant has no model in service.
            OSError: the usage record could not be written, so there is no answer.
        """
        began = time.perf_counter()
        champion = self._shelf.model(caller.tenant)
        subject = self._pseudonym(caller.tenant, request.user_id)
        choice = self._trials.choose(caller.tenant, champion, subject)
        made = self._attempt(caller.tenant, subject, choice, champion, request)
        now = self._now()
        answer = RecommendationAnswer(
            recommendation_id=self._ids.mint(caller.tenant, made.model.version, now, choice.variant),
            model_version=made.model.version,
            variant=choice.variant.value,
            strategy=made.strategy,
            fallback=made.fallback,
            degraded=made.degraded,
            explained=made.explained,
            items=_items(made, request.fields),
        )
        applied = _applied(request, answer.items)
        self._journal.append(
            UsageRecord(
                tenant_id=caller.tenant.name,
                recommendation_id=answer.recommendation_id,
                served_at=now,
                key_id=caller.key_id,
                user_id=subject,
                model_version=made.model.version,
                strategy=made.strategy,
                item_ids=tuple(item.item_id for item in answer.items),
                fallback=made.fallback,
                variant=choice.variant.value,
                experiment_id=choice.experiment_id,
                milliseconds=round((time.perf_counter() - began) * 1_000, 3),
                rules=applied.model_dump_json(exclude_defaults=True) if applied is not None else None,
            )
        )
        self._metrics.recommendations.labels(made.strategy, made.fallback or "", made.degraded).inc()
        failed = made.fallback == "challenger_failed"
        self._metrics.variants.labels(choice.variant.value, failed).inc()
        return answer

    def _attempt(
        self,
        tenant: Tenant,
        subject: str | None,
        choice: Choice,
        champion: Model,
        request: RecommendationRequest,
    ) -> _List:
        """The chosen model's list; where the challenger fails, the champion's, which counts against it."""
        if choice.variant is not Variant.CHALLENGER:
            return self._list(tenant, subject, choice.model, request)
        try:
            return self._list(tenant, subject, choice.model, request)
        except ExpressionError:
            pass  # Where it is the caller's mistake, the champion says the same.
        except Exception as error:
            _log.error("challenger_failed", tenant=tenant.name, version=choice.model.version, exc_info=error)
        made = self._list(tenant, subject, champion, request)
        return replace(made, fallback="challenger_failed")

    def _list(
        self, tenant: Tenant, subject: str | None, model: Model, request: RecommendationRequest
    ) -> _List:
        person, fallback = self._person(tenant, subject, model)
        # Somebody too new for the model still has a history, and may want to buy it again.
        personal = person.vector is not None or (request.include_seen and bool(person.history))
        reachable = None if fallback == "features_unavailable" else subject
        rules, missed = rules_of(request, model, self._features, tenant, reachable, self._now())
        if missed:
            fallback = fallback or "features_unavailable"
        rules = self._hidden.rules(tenant, model.artifact, rules)
        found = rank(
            model.artifact,
            UserBatch.one(
                model.artifact.items,
                model.artifact.manifest.dimension,
                person.vector,
                person.history,
                person.weights,
                person.habits,
            ),
            request.k,
            include_seen=request.include_seen,
            popularity=model.popularity,
            rules=rules,
        )
        explained, explanations = (
            explain(model, subject, person.vector, found, person.made) if request.explain else (None, [])
        )
        return _List(
            model,
            "personal" if personal else "popular",
            fallback,
            missed or fallback == "features_unavailable",
            found,
            explained,
            explanations,
            person.vector,
            rules,
        )

    def receipt(self, tenant: Tenant, recommendation_id: str) -> Receipt:
        """Where an answer came from, however long ago, as long as its model version is kept.

        Raises:
            NotFoundError: no such answer of this tenant, or its model version is not kept any more.
        """
        minted, manifest = origin_of(self._settings, self._ids, tenant, recommendation_id)
        record = find_usage(self._settings, tenant, recommendation_id, minted.served_at.date())
        return Receipt(
            recommendation_id=recommendation_id,
            served_at=minted.served_at,
            variant=minted.variant.value,
            experiment_id=_experiment_id(self._settings, tenant, minted),
            model=ReceiptModel(
                name=manifest.model_name,
                version=manifest.model_version,
                mlflow_run_id=manifest.mlflow_run_id,
                code_version=manifest.code_version,
                seed=manifest.seed,
                created_at=manifest.created_at,
            ),
            index=ReceiptIndex(
                sha256=manifest.files[INDEX_FILE].sha256,
                metric=manifest.metric,
                dimension=manifest.dimension,
                count=manifest.count,
            ),
            inputs=manifest.inputs,
            uploads=manifest.uploads,
            recorded=record is not None,
            rules=AppliedRules.model_validate_json(record.rules) if record and record.rules else None,
            feature_service=Service.LIVE.value,
        )

    def _pseudonym(self, tenant: Tenant, user_id: str | None) -> str | None:
        return None if user_id is None else pseudonym(self._keys.of(tenant), user_id)

    def _person(self, tenant: Tenant, subject: str | None, model: Model) -> tuple[Person, Fallback | None]:
        if subject is None:
            return _NOBODY, "no_user"
        try:
            person = self._features.person(tenant, subject, model.version if model.own_vectors else None)
        except FeaturesUnavailableError:
            return _NOBODY, "features_unavailable"
        if person.vector is not None and len(person.vector) != model.artifact.manifest.dimension:
            # Not this index's vector, whatever its key says: never compare the two.
            person = replace(person, vector=None)
        person = as_of_now(self._left_out, tenant, subject, model, person)
        if not person.known:
            return _NOBODY, "unknown_user"
        return person, None if person.vector is not None else "no_vector"


def _applied(request: RecommendationRequest, items: Sequence[RecommendedItem]) -> AppliedRules | None:
    """The rules of an answer; None where there were none."""
    if not request.asks:
        return None
    return AppliedRules(
        filter=request.filter,
        exclude=request.exclude,
        boosts=request.boosts,
        promotions=request.promotions,
        diversity=request.diversity,
        context=sorted(request.context),
        acted={item.item_id: item.rules for item in items if item.rules},
    )


def _acted(made: _List, position: int) -> list[str] | None:
    """The rules that acted on an item of the answer; None where none did."""
    if made.rules is None or made.found.acted is None:
        return None
    return made.rules.names(int(made.found.acted[0, position])) or None


def _experiment_id(settings: Settings, tenant: Tenant, minted: Minted) -> str | None:
    """The experiment of an answer: the latest that had begun; None where a document is damaged."""
    if minted.variant is Variant.DEFAULT:
        return None
    try:
        known = all_experiments(settings, tenant)
    except ExperimentDocumentError:
        return None
    # An id keeps its time in whole milliseconds.
    latest = minted.served_at + timedelta(milliseconds=1)
    begun = [each.experiment_id for each in known if each.started_at <= latest]
    return begun[-1] if begun else None


def _items(made: _List, fields: Sequence[str]) -> list[RecommendedItem]:
    """The answer's items; explanations are of the first of them, or there are none."""
    items, found = made.model.artifact.items, made.found
    answer = []
    for position, row in enumerate(found.rows[0].tolist()):
        if row == NO_ITEM:
            break
        reason = found.reason(0, position)
        answer.append(
            RecommendedItem(
                item_id=items.ids[row],
                title=items.titles[row] or None,
                score=round(float(found.scores[0, position]), DIGITS),
                reason=reason.value,
                reason_text=reason.sentence,
                explanation=made.explanations[position] if made.explanations else None,
                content=of_content(made.model, made.vector, row) if made.explained else None,
                attributes={name: items.table.text(name, row) for name in fields} if fields else None,
                rules=_acted(made, position),
            )
        )
    return answer
