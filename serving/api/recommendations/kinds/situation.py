"""What a source is given, and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from recolake.profile.left_out import LeftOut
from recolake.ranking.explain import Contributions
from recolake.ranking.items import Items
from recolake.ranking.popularity import FloatArray
from recolake.ranking.ranking import Ranking
from recolake.ranking.rules.rules import Rules
from recolake.tenancy.context import Tenant
from serving.api.recommendations.schemas import Explained, Fallback, Strategy
from serving.people import FeaturesUnavailableError, OnlineFeatures, Person
from serving.present import as_of_now
from serving.shelf import Model

NOBODY = Person(vector=None, history=(), weights=())

Because = Callable[[Sequence[int]], tuple[Explained, Contributions | None]]
"""What the items of a person or a request contribute to rows of the index; or why that cannot be told."""


def not_by_items(rows: Sequence[int]) -> tuple[Explained, None]:
    """What is popular is so whoever asks."""
    return "not_by_items", None


class Reader:
    """What the online store knows of one person, and the model's vector of them; read when it is asked for.

    Attributes:
        missed: whether anything of it was out of reach.
        hidden: version of the tenant's hidden items, as it was when the person was read; None if nobody was.
    """

    def __init__(
        self, features: OnlineFeatures, left_out: LeftOut, tenant: Tenant, subject: str | None, model: Model
    ) -> None:
        self._features = features
        self._left_out = left_out
        self._tenant = tenant
        self._model = model
        self._read: tuple[Person, Fallback | None] | None = None
        self.subject = subject
        self.missed = False
        self.hidden: int | None = None

    def person(self) -> tuple[Person, Fallback | None]:
        """The person, read once, and why that is less than it could be."""
        if self._read is None:
            self._read = self._person()
        return self._read

    def lately(self) -> tuple[Sequence[str], Fallback | None]:
        """What the person had to do with, the latest first: what they did just now, then their history."""
        person, fallback = self.person()
        return [*person.recent.items, *person.history], fallback

    def attributes(self) -> dict[str, str | float | None] | None:
        """What conditions may ask of the person; None for nobody, and where the store does not answer.

        A store that did not bring the person is not asked again.
        """
        if self.subject is None or self.missed:
            return None
        try:
            return self._features.attributes(self._tenant, self.subject)
        except FeaturesUnavailableError:
            self.missed = True
            return None

    def bring(self, person: Person | None) -> None:
        """What the store said of the person, who was asked for beside others; None: it did not answer."""
        self._read = self._unavailable() if person is None else self._present(person)

    def _person(self) -> tuple[Person, Fallback | None]:
        if self.subject is None:
            return NOBODY, "no_user"
        try:
            (person,) = self._features.persons(self._tenant, [self.subject], version_of(self._model))
        except FeaturesUnavailableError:
            return self._unavailable()
        return self._present(person)

    def _unavailable(self) -> tuple[Person, Fallback | None]:
        self.missed = True
        return NOBODY, "features_unavailable"

    def _present(self, person: Person) -> tuple[Person, Fallback | None]:
        assert self.subject is not None
        model = self._model
        self.hidden = person.hidden
        if person.vector is not None and len(person.vector) != model.artifact.manifest.dimension:
            # Not this index's vector, whatever its key says: never compare the two.
            person = replace(person, vector=None)
        person = as_of_now(self._left_out, self._tenant, self.subject, model, person)
        if not person.known:
            return NOBODY, "unknown_user"
        return person, None if person.vector is not None else "no_vector"


def read_together(
    features: OnlineFeatures, left_out: LeftOut, tenant: Tenant, subjects: Sequence[str], model: Model
) -> list[Reader]:
    """A reader for each person, who are all read at once."""
    readers = [Reader(features, left_out, tenant, subject, model) for subject in subjects]
    try:
        people: Sequence[Person | None] = features.persons(tenant, subjects, version_of(model))
    except FeaturesUnavailableError:
        people = [None] * len(readers)
    for reader, person in zip(readers, people, strict=True):
        reader.bring(person)
    return readers


def version_of(model: Model) -> str | None:
    """Whose vectors are read: None where those under the version's name may be another artefact's."""
    return model.version if model.own_vectors else None


@dataclass(frozen=True, slots=True)
class Situation:
    """One request, as all sources see it.

    Attributes:
        depth: so many items are wanted: k, or more where chance is to choose among them.
    """

    model: Model
    reader: Reader
    rules: Rules | None
    depth: int

    @property
    def items(self) -> Items:
        return self.model.artifact.items


@dataclass(frozen=True, slots=True)
class Found:
    """A source's list.

    Attributes:
        vector: what candidates were compared with; None where it was no vector of the index.
        unknown: items of the request that the model does not know.
    """

    ranking: Ranking
    strategy: Strategy
    fallback: Fallback | None = None
    because: Because = not_by_items
    vector: FloatArray | None = None
    unknown: tuple[str, ...] = ()
