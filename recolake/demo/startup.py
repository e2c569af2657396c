"""Before the demo's own work: the platform is up, the tenant exists, this machine holds a key of it."""

from __future__ import annotations

from recolake.demo.board import Board
from recolake.demo.chain import recolake
from recolake.errors import ServiceUnavailableError
from recolake.platform import control
from recolake.platform.state import Phase, ServiceState
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.local_key import read_local_key

_STAGE = "startup"


def start_services(settings: Settings, board: Board, *, with_airflow: bool) -> None:
    """Start what does not run yet, and wait until it answers.

    Raises:
        ServiceUnavailableError: a service did not start.
    """
    names = [n for n in control.default_services() if with_airflow or not n.startswith("airflow")]
    phases: dict[str, Phase] = {}

    def tell(name: str, state: ServiceState) -> None:
        phases[name] = state.phase
        ready = [n for n, phase in phases.items() if phase in (Phase.HEALTHY, Phase.EXTERNAL)]
        board.note(_STAGE, f"{len(ready)} of {len(names)} services answer", len(ready), len(names))

    control.up(settings, names, progress=tell)


def ensure_tenant(settings: Settings, tenant: Tenant) -> str:
    """Create the tenant if it is missing; gives an API key of it that works.

    The control plane belongs to another package, so this goes through its command.
    """
    recolake(settings, "tenant", "ensure", tenant.name)
    key = read_local_key(settings, tenant)
    if key is None:
        raise ServiceUnavailableError(
            f"No API key of tenant '{tenant}' is on this machine.",
            hint=f"Make one: recolake tenant ensure {tenant}",
        )
    return key
