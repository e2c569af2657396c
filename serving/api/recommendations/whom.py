"""Whom, of given people, an item suits: the inner product of the vectors, as ranking has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from recolake.errors import NotFoundError, ServiceUnavailableError
from recolake.profile.left_out import LeftOut
from recolake.tenancy.context import Tenant
from serving.api.recommendations.explanations import DIGITS
from serving.api.recommendations.schemas import SuitedUser
from serving.people import FeaturesUnavailableError, OnlineFeatures
from serving.present import as_of_now
from serving.shelf import Model


def suited(
    model: Model,
    features: OnlineFeatures,
    left_out: LeftOut,
    tenant: Tenant,
    item_id: str,
    names: Mapping[str, str],
) -> tuple[list[SuitedUser], list[str]]:
    """The people with a vector, best first, and of equal ones the first asked for; and the ids of the others.

    Args:
        names: pseudonym by id.

    Raises:
        NotFoundError: the model does not know the item.
        ServiceUnavailableError: the online store does not answer.
    """
    (row,) = model.artifact.items.rows([item_id]).tolist()
    if row < 0:
        raise NotFoundError(
            f"Model {model.version} does not know the item '{item_id}'.",
            hint="Items are known from the next training on, or once what is said of them places them.",
            field="item_id",
        )
    try:
        version = model.version if model.own_vectors else None
        found = features.people(tenant, list(names.values()), version)
    except FeaturesUnavailableError as error:
        raise ServiceUnavailableError(
            "People's vectors are out of reach: the online store does not answer.", hint="Try again later."
        ) from error
    dimension = model.artifact.manifest.dimension
    vectors = {}
    for user, person in zip(names, found, strict=True):
        fits = person.vector is not None and len(person.vector) == dimension
        own = person if fits else replace(person, vector=None)
        vector = as_of_now(left_out, tenant, names[user], model, own).vector
        if vector is not None:
            vectors[user] = vector
    scores = {user: float(np.dot(model.artifact.vectors[row], vector)) for user, vector in vectors.items()}
    best = sorted(scores, key=lambda user: -scores[user])
    return (
        [SuitedUser(user_id=user, score=round(scores[user], DIGITS)) for user in best],
        [user for user in names if user not in scores],
    )
