"""Which experiments are live, and who gets which variant. A request asks once and keeps to the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import structlog

from recolake.experiments.assignment import variant_of
from recolake.experiments.document import Experiment, Variant
from recolake.experiments.store import ExperimentDocumentError, running_experiment
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from serving.metrics import Metrics
from serving.shelf import Model, Published, Shelf, VectorsThere, tenants_with_indexes

State = Literal["live", "champion_only", "unreadable"]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Choice:
    """The model of one request, and for what it stands."""

    model: Model
    variant: Variant = Variant.DEFAULT
    experiment_id: str | None = None


class Trials:
    """Experiments by tenant, with a shelf of their challengers. `look` is called by one background thread.

    An experiment is live while its document says that it runs, its champion is the model in service, and its
    challenger is loaded and has its vectors online. Whatever of this fails, everybody gets the champion and
    counts for neither variant.
    """

    def __init__(
        self, settings: Settings, metrics: Metrics, vectors_there: VectorsThere, champions: Shelf
    ) -> None:
        self._metrics = metrics
        self._champions = champions
        self._running: dict[Tenant, Experiment] = {}
        self._unreadable: dict[Tenant, str] = {}
        self._live: dict[str, bool] = {}
        self.challengers = Shelf(
            settings, metrics, vectors_there, published=self._read, gauge=metrics.challengers
        )

    def choose(self, tenant: Tenant, champion: Model, subject: str | None) -> Choice:
        """The model for a person, given by pseudonym; the champion for nobody, and without an experiment."""
        experiment = self._running.get(tenant)
        challenger = self.challengers.find(tenant)
        if experiment is None or challenger is None or not _fit(experiment, champion, challenger):
            return Choice(champion)
        variant = variant_of(experiment, subject)
        if variant is Variant.DEFAULT:
            return Choice(champion)
        model = challenger if variant is Variant.CHALLENGER else champion
        return Choice(model, variant, experiment.experiment_id)

    def counts(self) -> dict[State, int]:
        """Tenants by the state of their experiment."""
        live = sum(self._live.values())
        return {
            "live": live,
            "champion_only": len(self._live) - live,
            "unreadable": len(self._unreadable),
        }

    def look(self) -> None:
        """Bring challengers in line with the documents; log what became live, or ceased to be."""
        self.challengers.look()
        live = {}
        for tenant, experiment in self._running.items():
            name = experiment.experiment_id
            champion, challenger = self._champions.find(tenant), self.challengers.find(tenant)
            live[name] = bool(champion and challenger and _fit(experiment, champion, challenger))
            if self._live.get(name) is not live[name]:
                say = _log.info if live[name] else _log.warning
                event = "experiment_live" if live[name] else "experiment_not_live"
                say(event, tenant=tenant.name, experiment=name, challenger=experiment.challenger)
        self._live = live
        for state, count in self.counts().items():
            self._metrics.experiments.labels(state).set(count)

    def _read(self, settings: Settings) -> Published:
        """The challengers that documents name. An unreadable document ends its experiment here, for now."""
        running: dict[Tenant, Experiment] = {}
        unreadable: dict[Tenant, str] = {}
        for tenant in tenants_with_indexes(settings):
            try:
                experiment = running_experiment(settings, tenant)
            except ExperimentDocumentError as error:
                unreadable[tenant] = error.message
                continue
            if experiment is not None:
                running[tenant] = experiment
        for tenant, reason in unreadable.items() - self._unreadable.items():
            _log.error("experiment_unreadable", tenant=tenant.name, reason=reason)
        self._running, self._unreadable = running, unreadable
        return {tenant: experiment.challenger for tenant, experiment in running.items()}, {}


def _fit(experiment: Experiment, champion: Model, challenger: Model) -> bool:
    """Whether these are the two models that the experiment speaks of, and the challenger can be asked."""
    return (
        champion.version == experiment.champion
        and champion.artifact.users_checksum == experiment.champion_checksum
        and challenger.version == experiment.challenger
        and challenger.artifact.users_checksum == experiment.challenger_checksum
        and challenger.own_vectors
    )
