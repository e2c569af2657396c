"""A person as of now: what the model and the last build know of them, and what they did since."""

from __future__ import annotations

from dataclasses import replace

from recolake.errors import RecolakeError
from recolake.profile.deeds import NOTHING_RECENT
from recolake.profile.left_out import LeftOut
from recolake.ranking.fold_in import folded
from recolake.ranking.taken import with_taken
from recolake.tenancy.context import Tenant
from serving.people import Person
from serving.shelf import Model


def as_of_now(left_out: LeftOut, tenant: Tenant, pseudonym: str, model: Model, person: Person) -> Person:
    """The person with what they did just now in their vector and their history.

    Whoever opted out has only what the lake has of them; so has everybody while that list cannot be read.
    """
    if not person.recent:
        return person
    try:
        left = left_out.opted_out(tenant, pseudonym)
    except RecolakeError:
        left = True
    if left:
        return replace(person, recent=NOTHING_RECENT)
    history, weights, habits = with_taken(person.history, person.weights, person.habits, person.recent)
    found = folded(model.artifact, pseudonym, person.vector, person.recent)
    vector, made = (person.vector, None) if found is None else found
    return replace(person, vector=vector, made=made, history=history, weights=weights, habits=habits)
