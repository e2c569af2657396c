"""Who can start an experiment: the package that knows the registry, which the kernel does not import."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import entry_points
from typing import Protocol, cast

from recolake.audit.entry import Actor
from recolake.cli.app import COMMAND_GROUP
from recolake.errors import ServiceUnavailableError
from recolake.experiments.document import Experiment, Guardrails
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

_OFFER = "experiment_starter"


class Starter(Protocol):
    """Lets a share of a tenant's people have another model than the served one."""

    def __call__(
        self,
        settings: Settings,
        tenant: Tenant,
        challenger: str,
        share: float,
        guardrails: Guardrails | None = None,
        *,
        force: bool = False,
        by: Actor | None = None,
    ) -> Experiment: ...


def starter() -> Starter:
    """What `recolake experiment start` does; a module of commands offers it as `experiment_starter()`.

    Raises:
        ServiceUnavailableError: no installed package does.
    """
    for entry in entry_points(group=COMMAND_GROUP):
        offered = getattr(import_module(entry.module), _OFFER, None)
        if offered is not None:
            return cast(Callable[[], Starter], offered)()
    raise ServiceUnavailableError(
        "Experiments cannot be started here: training is not installed beside this service.",
        hint="Use `recolake experiment start` where it is.",
    )
