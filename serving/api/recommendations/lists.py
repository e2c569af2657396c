"""From a request to what it is answered with: the kind's source, rules, chance; for one person or several."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
import structlog

from recolake.experiments.document import Variant
from recolake.expressions.errors import ExpressionError
from recolake.profile.left_out import LeftOut
from recolake.ranking.exploration import explore, looked_at
from recolake.ranking.rules.prepare import reads_person
from recolake.tenancy.context import Tenant
from serving.api.recommendations.explanations import explain
from serving.api.recommendations.kinds.personal import for_people
from serving.api.recommendations.kinds.situation import Reader, Situation, read_together
from serving.api.recommendations.kinds.sources import PERSONAL, SOURCES
from serving.api.recommendations.made import Made
from serving.api.recommendations.requests import Asked, RecommendationRequest
from serving.api.recommendations.rules import rules_of
from serving.api.recommendations.schemas import Fallback
from serving.hidden import Hidden
from serving.ids import RecommendationIds
from serving.people import OnlineFeatures
from serving.shelf import Model
from serving.trials import Choice

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request as it is to be answered, with its scenario's defaults in it.

    Attributes:
        shown: what was shown before, in the lists that this one goes on after.
        champion: answers where the chosen model fails.
        recommendation_id: also what chance is drawn from, so that an answer can be made again; empty until
            it is known which model answers.
    """

    tenant: Tenant
    subject: str | None
    request: Asked
    shown: Sequence[str]
    now: datetime
    # Not told in tracebacks, where there may be as many as people: a model's arrays are large.
    choice: Choice = field(repr=False)
    champion: Model = field(repr=False)
    recommendation_id: str = ""


Attempt = tuple[Made, str]
"""A list and its id, which names the model that made it."""


class Lists:
    """Makes lists; blocks while it reads features, so call it from a thread."""

    def __init__(
        self, features: OnlineFeatures, left_out: LeftOut, hidden: Hidden, ids: RecommendationIds
    ) -> None:
        self._features = features
        self._left_out = left_out
        self._hidden = hidden
        self._ids = ids

    def of(self, ask: Ask) -> Attempt:
        """The chosen model's list; where the challenger fails, the champion's, which counts against it.

        Raises:
            ExpressionError: a condition cannot be understood, or names an attribute that there is none of.
        """
        if ask.choice.variant is not Variant.CHALLENGER:
            return self._by(ask, ask.choice.model)
        try:
            return self._by(ask, ask.choice.model)
        except ExpressionError:
            pass  # Where it is the caller's mistake, the champion says the same.
        except Exception as error:
            self._failed(ask, error)
        made, name = self._by(ask, ask.champion)
        return replace(made, fallback="challenger_failed"), name

    def of_all(self, asks: Sequence[Ask]) -> list[Attempt]:
        """The same for people, each asked for by a subject and all with one request, without pages. Each gets
        what they would get alone.

        Raises:
            ExpressionError: as `of` does.
        """
        found: dict[int, Attempt] = {}
        models = {id(ask.choice.model): ask.choice.model for ask in asks}
        for model in models.values():
            places = [place for place, ask in enumerate(asks) if ask.choice.model is model]
            found |= zip(places, self._of_model([asks[place] for place in places], model), strict=True)
        return [found[place] for place in range(len(asks))]

    def _of_model(self, asks: Sequence[Ask], model: Model) -> list[Attempt]:
        request = asks[0].request
        try:
            subjects = [ask.subject for ask in asks if ask.subject is not None]
            readers = read_together(self._features, self._left_out, asks[0].tenant, subjects, model)
            if not isinstance(request, RecommendationRequest) or not _alike(request):
                return [self._by(ask, model, reader) for ask, reader in zip(asks, readers, strict=True)]
            return self._together(asks, request, model, readers)
        except Exception:
            if all(ask.choice.variant is not Variant.CHALLENGER for ask in asks):
                raise
            # For whom it failed is found out one by one.
            return [self.of(ask) for ask in asks]

    def _together(
        self, asks: Sequence[Ask], request: RecommendationRequest, model: Model, readers: Sequence[Reader]
    ) -> list[Attempt]:
        """Nothing in the request is about one person, so rules are made once, and all are ranked at once."""
        tenant, now = asks[0].tenant, asks[0].now
        rules = rules_of(request, (), model, readers[0], now)
        rules = self._hidden.rules(tenant, model.artifact, rules, readers[0].hidden)
        lists = for_people(model, readers, rules, request.k, include_seen=request.include_seen)
        attempts = []
        for ask, reader, found in zip(asks, readers, lists, strict=True):
            made = Made(model, found, _fallback(found.fallback, reader), reader.missed, rules, None, None, [])
            attempts.append((made, self._named(ask, model)))
        return attempts

    def _reader(self, ask: Ask, model: Model) -> Reader:
        return Reader(self._features, self._left_out, ask.tenant, ask.subject, model)

    def _named(self, ask: Ask, model: Model) -> str:
        return self._ids.mint(ask.tenant, model.version, ask.now, ask.choice.variant)

    def _by(self, ask: Ask, model: Model, reader: Reader | None = None) -> Attempt:
        named = replace(ask, recommendation_id=self._named(ask, model))
        return self._made(named, model, reader or self._reader(ask, model)), named.recommendation_id

    def _made(self, ask: Ask, model: Model, reader: Reader) -> Made:
        request = ask.request
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
        fallback = _fallback(found.fallback, reader)
        explained, explanations = explain(model, found) if request.explain else (None, [])
        return Made(model, found, fallback, reader.missed, rules, propensities, explained, explanations)

    def _failed(self, ask: Ask, error: Exception) -> None:
        version = ask.choice.model.version
        _log.error("challenger_failed", tenant=ask.tenant.name, version=version, exc_info=error)


def _alike(request: RecommendationRequest) -> bool:
    """Whether people's lists differ in what the ranker is told of them alone.

    Chance, explanations, places given out in turn and conditions on a person's attributes are each one's own.
    """
    if request.explores or request.explain or request.promotions or request.diversity:
        return False
    try:
        return not reads_person(request)
    except ExpressionError:
        return False  # It is refused where all else about a request is.


def _fallback(found: Fallback | None, reader: Reader) -> Fallback | None:
    return found or ("features_unavailable" if reader.missed else None)


def _chance(recommendation_id: str) -> np.random.Generator:
    return np.random.default_rng(list(hashlib.sha256(recommendation_id.encode()).digest()))
