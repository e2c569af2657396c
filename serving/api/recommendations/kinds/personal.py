"""For a person: what they should see, and given items in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from recolake.ranking.explain import Contributions, contributions
from recolake.ranking.ranker import rank
from recolake.ranking.rules.rules import Rules
from recolake.ranking.users import Known, UserBatch
from serving.api.recommendations.kinds.situation import Because, Found, Reader, Situation
from serving.api.recommendations.requests import RecommendationRequest, RerankRequest
from serving.api.recommendations.schemas import Explained, Strategy
from serving.people import Person
from serving.shelf import Model


def for_user(situation: Situation, request: RecommendationRequest | RerankRequest) -> Found:
    """By the person's vector, what is popular and, with `include_seen`, what they took before."""
    seen, depth = request.include_seen, situation.depth
    (found,) = for_people(situation.model, [situation.reader], situation.rules, depth, include_seen=seen)
    return found


def for_people(
    model: Model, readers: Sequence[Reader], rules: Rules | None, depth: int, *, include_seen: bool
) -> list[Found]:
    """The same for several, under the same rules."""
    people = [reader.person() for reader in readers]
    known = [Known(each.vector, each.history, each.weights, each.habits) for each, _ in people]
    ranking = rank(
        model.artifact,
        UserBatch.of(model.artifact.items, model.artifact.manifest.dimension, known),
        depth,
        include_seen=include_seen,
        popularity=model.popularity,
        rules=rules,
    )
    found = []
    for number, (reader, (person, fallback)) in enumerate(zip(readers, people, strict=True)):
        # Somebody too new for the model still has a history, and may want to buy it again.
        personal = person.vector is not None or (include_seen and bool(person.history))
        strategy: Strategy = "personal" if personal else "popular"
        because = _because(model, reader.subject, person)
        found.append(Found(ranking.of(number), strategy, fallback, because, person.vector))
    return found


def rerank(situation: Situation, request: RerankRequest) -> Found:
    """The same among the given items alone; those that the model does not know have no place."""
    rows = situation.items.rows(request.item_ids)
    given = np.zeros(len(situation.items), dtype=np.bool_)
    given[rows[rows >= 0]] = True
    rules = situation.rules or Rules()
    eligible = given if rules.eligible is None else given & rules.eligible
    found = for_user(replace(situation, rules=replace(rules, eligible=eligible)), request)
    unknown = [item for item, row in zip(request.item_ids, rows.tolist(), strict=True) if row < 0]
    return replace(found, unknown=tuple(dict.fromkeys(unknown)))


def _because(model: Model, subject: str | None, person: Person) -> Because:
    def because(rows: Sequence[int]) -> tuple[Explained, Contributions | None]:
        if model.artifact.evidence is None:
            return "model_cannot", None
        if subject is None or person.vector is None:
            return "no_vector", None
        parts = contributions(model.artifact, subject, person.vector, rows, person.made)
        return ("other_vector", None) if parts is None else ("yes", parts)

    return because
