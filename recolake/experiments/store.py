"""Where experiments lie: a tenant's latest in `EXPERIMENT` beside `CURRENT`, those before it in a folder.

Writers hold the tenant's lock `Work.EXPERIMENT` from reading to writing; readers need none.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from recolake.errors import RecolakeError
from recolake.experiments.document import Experiment
from recolake.files import write_atomically
from recolake.settings import Settings
from recolake.tenancy.context import Tenant


class ExperimentDocumentError(RecolakeError):
    """The document is damaged; everybody gets the champion."""

    code = "invalid_experiment"


def experiment_file(settings: Settings, tenant: Tenant) -> Path:
    """The latest experiment, whether there is one or not."""
    return settings.index_root / tenant.name / "EXPERIMENT"


def past_experiment_file(settings: Settings, tenant: Tenant, experiment_id: str) -> Path:
    """An experiment that a later one followed."""
    return settings.index_root / tenant.name / "experiments" / f"{experiment_id}.json"


def latest_experiment(settings: Settings, tenant: Tenant) -> Experiment | None:
    """The running experiment, or the one that ended last; None before the first.

    Raises:
        ExperimentDocumentError: it cannot be read, or is another tenant's.
    """
    return _read(experiment_file(settings, tenant), tenant)


def running_experiment(settings: Settings, tenant: Tenant) -> Experiment | None:
    """The experiment that runs now; raises as `latest_experiment` does."""
    latest = latest_experiment(settings, tenant)
    return latest if latest is not None and latest.running else None


def all_experiments(settings: Settings, tenant: Tenant) -> list[Experiment]:
    """Every experiment of a tenant, oldest first; raises as `latest_experiment` does."""
    past = sorted(past_experiment_file(settings, tenant, "x").parent.glob("exp-*.json"))
    found = [*(_read(path, tenant) for path in past), latest_experiment(settings, tenant)]
    by_id = {each.experiment_id: each for each in found if each is not None}
    return sorted(by_id.values(), key=lambda each: each.started_at)


def write_experiment(settings: Settings, tenant: Tenant, experiment: Experiment) -> None:
    """Make it the latest; the one before it is put away first, so that killing this loses neither."""
    path = experiment_file(settings, tenant)
    before = latest_experiment(settings, tenant)
    if before is not None and before.experiment_id != experiment.experiment_id:
        put_away = past_experiment_file(settings, tenant, before.experiment_id)
        write_atomically(put_away, _text(before))
    write_atomically(path, _text(experiment))


def _text(experiment: Experiment) -> bytes:
    return experiment.model_dump_json(indent=1).encode() + b"\n"


def _read(path: Path, tenant: Tenant) -> Experiment | None:
    try:
        found = Experiment.model_validate_json(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ExperimentDocumentError(f"{path} cannot be read.") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]["msg"]
        raise ExperimentDocumentError(
            f"{path} is not of the expected form: {first}.",
            hint="Remove it to end the experiment; everybody gets the champion meanwhile.",
        ) from error
    if found.tenant_id != tenant.name:
        raise ExperimentDocumentError(f"{path} belongs to another tenant than '{tenant}'.")
    return found
