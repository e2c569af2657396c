"""Every running experiment is guarded, whatever is wrong with another tenant's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from recolake.errors import ServiceUnavailableError
from recolake.experiments import watch
from recolake.experiments.document import Stopper
from recolake.experiments.lifecycle import begin, end_if_overtaken
from recolake.experiments.outcomes import Arm, Outcomes, Total
from recolake.experiments.store import experiment_file, latest_experiment, running_experiment
from recolake.ranking.pointer import activate, version_folder
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

HARMLESS = Outcomes(Arm(1_000), Arm(1_000))
HARM = Outcomes(Arm(1_000), Arm(1_000, failures=Total(200, 200, 200)))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(home=tmp_path)
    made.snapshot_root.mkdir()
    (made.snapshot_root / "tenants.json").write_text('["aa", "bb", "cc", "dd"]')
    return made


def served(settings: Settings, tenant: Tenant, version: str) -> None:
    version_folder(settings, tenant, version).mkdir(parents=True)
    activate(settings, tenant, version)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> dict[str, Outcomes]:
    """What the lake knows, by tenant; of whom it knows nothing, it does not answer."""
    outcomes: dict[str, Outcomes] = {}

    def read(settings: Settings, tenant: Tenant, experiment: Any) -> Any:
        if tenant.name not in outcomes:
            raise ServiceUnavailableError("The engine does not answer.")
        return watch.check(settings, experiment, outcomes[tenant.name])

    monkeypatch.setattr(watch, "check_experiment", read)
    return outcomes


def test_without_an_experiment_nothing_is_shipped(settings: Settings, known: dict[str, Outcomes]) -> None:
    shipped: list[None] = []
    assert watch.guard_all(settings, lambda: shipped.append(None), print) == {}
    assert shipped == []


def test_harm_is_stopped_though_others_cannot_be_asked(
    settings: Settings, known: dict[str, Outcomes], experiment: Any
) -> None:
    for name in ("aa", "bb", "cc", "dd"):
        served(settings, Tenant(name), "v1")
        begin(settings, experiment(tenant_id=name))
    experiment_file(settings, Tenant("aa")).write_text("damaged")
    known |= {"bb": HARMLESS, "dd": HARM}
    with pytest.raises(watch.GuardError, match=r"aa: .*cc: The engine"):
        watch.guard_all(settings, lambda: None, print)
    assert running_experiment(settings, Tenant("bb")) is not None
    assert running_experiment(settings, Tenant("cc")) is not None
    assert running_experiment(settings, Tenant("dd")) is None


def test_an_experiment_whose_champion_is_not_served_any_more_is_over(
    settings: Settings, known: dict[str, Outcomes], experiment: Any
) -> None:
    """As after a rollback in the middle of it."""
    tenant = Tenant("aa")
    served(settings, tenant, "v1")
    begin(settings, experiment(tenant_id="aa"))
    assert end_if_overtaken(settings, tenant) is None
    served(settings, tenant, "v3")
    assert watch.guard_all(settings, lambda: None, print) == {}
    ended = latest_experiment(settings, tenant)
    assert ended is not None
    assert ended.ending is not None
    assert (ended.ending.by, ended.ending.reason) == (Stopper.PUBLICATION, "v3 is served now")
