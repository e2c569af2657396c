"""One experiment at a time; whoever ends it, whatever is damaged: the champion serves, the end is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from recolake.cli.app import build_app
from recolake.errors import InvalidInputError, NotFoundError
from recolake.experiments.document import Experiment, Metric, Stopper
from recolake.experiments.lifecycle import ExperimentRunsError, begin, check, find, known_running, stop
from recolake.experiments.options import guardrails, share_of
from recolake.experiments.outcomes import Arm, Outcomes, Total
from recolake.experiments.screen import analysis_lines, state_lines
from recolake.experiments.store import (
    ExperimentDocumentError,
    all_experiments,
    experiment_file,
    latest_experiment,
    running_experiment,
)
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

SHOP = Tenant("shop")
LATER = "exp-20260401T000000Z-89abcdef"
HARM = Outcomes(
    Arm(1_000, failures=Total(20, 20, 20)),
    Arm(1_000, failures=Total(200, 200, 200)),
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def test_before_the_first_experiment_none_runs_and_none_can_be_stopped(settings: Settings) -> None:
    assert running_experiment(settings, SHOP) is None
    for ask in (lambda: stop(settings, SHOP, Stopper.PERSON, "why"), lambda: find(settings, SHOP)):
        with pytest.raises(NotFoundError):
            ask()


def test_a_second_experiment_waits_for_the_end_of_the_first(settings: Settings, experiment: Any) -> None:
    first, second = experiment(), experiment(experiment_id=LATER, started_at="2026-04-01T00:00:00Z")
    begin(settings, first)
    with pytest.raises(ExperimentRunsError):
        begin(settings, second)
    stop(settings, SHOP, Stopper.PERSON, "enough")
    begin(settings, second)
    assert running_experiment(settings, SHOP) == second
    kept = all_experiments(settings, SHOP)
    assert [each.experiment_id for each in kept] == [first.experiment_id, LATER]
    assert find(settings, SHOP, first.experiment_id).ending is not None
    assert find(settings, SHOP) == second


def test_harm_ends_the_experiment_and_the_reason_stays(settings: Settings, experiment: Any) -> None:
    begin(settings, experiment())
    found = check(settings, experiment(), HARM)
    ending = found.experiment.ending
    assert ending is not None
    assert ending.by is Stopper.GUARDRAIL
    assert "failures" in ending.reason
    assert running_experiment(settings, SHOP) is None
    assert latest_experiment(settings, SHOP) == found.experiment
    assert any("guardrail" in line and "failures" in line for line in state_lines(settings, found.experiment))


def test_a_check_without_harm_keeps_it_running_and_remembers_the_scales(
    settings: Settings, experiment: Any
) -> None:
    begin(settings, experiment())
    even = Outcomes(Arm(500, clicks=Total(50, 50, 50)), Arm(500, clicks=Total(52, 52, 52)))
    check(settings, experiment(), even)
    running = running_experiment(settings, SHOP)
    assert running is not None
    assert set(running.scales) == {Metric.CLICKS}
    check(settings, experiment(), even)
    assert running_experiment(settings, SHOP) == running


def test_a_check_of_what_is_over_decides_nothing(settings: Settings, experiment: Any) -> None:
    begin(settings, experiment())
    stop(settings, SHOP, Stopper.PERSON, "enough")
    found = check(settings, experiment(), HARM)
    assert found.experiment.ending is not None
    assert (found.experiment.ending.by, found.experiment.ending.reason) == (Stopper.PERSON, "enough")


@pytest.mark.parametrize("text", ["", "{}", "nonsense", '{"schema_version": 2}'])
def test_a_damaged_document_is_said_to_be_one_and_holds_up_no_publication(
    settings: Settings, experiment: Any, text: str
) -> None:
    begin(settings, experiment())
    experiment_file(settings, SHOP).write_text(text)
    with pytest.raises(ExperimentDocumentError):
        running_experiment(settings, SHOP)
    assert known_running(settings, SHOP) is None


def test_another_tenant_s_document_is_refused(settings: Settings, experiment: Any) -> None:
    begin(settings, experiment())
    theirs = experiment_file(settings, Tenant("rival"))
    theirs.parent.mkdir()
    theirs.write_bytes(experiment_file(settings, SHOP).read_bytes())
    with pytest.raises(ExperimentDocumentError):
        running_experiment(settings, Tenant("rival"))


@pytest.mark.parametrize(
    "more",
    [
        {"share": 0},
        {"share": 1},
        {"share": float("nan")},
        {"challenger": "v1"},
        {"salt": ""},
        {"champion": "../v1"},
        {"guardrails": {"alpha": 0}},
        {"guardrails": {"margins": {"clicks": 1}}},
        {"guardrails": {"margins": {"sneezes": 0.1}}},
    ],
)
def test_a_document_that_makes_no_sense_is_none(experiment: Any, more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        experiment(**more)


def test_a_document_comes_back_as_it_was_written(settings: Settings, experiment: Any) -> None:
    written = experiment(guardrails={"margins": {"slow": 0.1}}, scales={"clicks": 2.5})
    begin(settings, written)
    assert latest_experiment(settings, SHOP) == written
    assert Experiment.model_validate_json(written.model_dump_json()) == written


def test_what_people_ask_for_is_checked_by_name() -> None:
    assert guardrails(0.1, ["slow=0.2", "clicks=0"]).margin(Metric.SLOW) == 0.2
    for alpha, margins in [(0.0, []), (0.05, ["sneezes=1"]), (0.05, ["slow=much"]), (0.05, ["slow"])]:
        with pytest.raises(InvalidInputError):
            guardrails(alpha, margins)
    for share in (0.0, 1.0, -1.0, float("nan")):
        with pytest.raises(InvalidInputError):
            share_of(share)


def test_a_running_experiment_says_why_everybody_gets_the_champion(
    settings: Settings, experiment: Any
) -> None:
    begin(settings, experiment())
    assert any("everybody gets the champion" in line for line in state_lines(settings, experiment()))


def test_an_analysis_names_figures_the_split_and_harm(settings: Settings, experiment: Any) -> None:
    begin(settings, experiment())
    text = "\n".join(analysis_lines(check(settings, experiment(), HARM)))
    assert "1,000 people with v1, 1,000 with v2" in text
    assert "as it should be" in text
    assert text.count("HARM") == 1
    skewed = Outcomes(Arm(2_000), Arm(1_000))
    assert "MISMATCH" in "\n".join(analysis_lines(check(settings, experiment(), skewed)))


def test_status_and_stop_need_nothing_but_files(
    settings: Settings, experiment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recolake.settings.load_settings", lambda: settings)
    settings.snapshot_root.mkdir()
    (settings.snapshot_root / "tenants.json").write_text('["shop"]')
    begin(settings, experiment())
    runner, app = CliRunner(), build_app()
    shown = runner.invoke(app, ["experiment", "status", "--tenant", "shop"])
    assert (shown.exit_code, "50.0% of the people get v2" in shown.output) == (0, True)
    done = runner.invoke(app, ["experiment", "stop", "--tenant", "shop", "--reason", "we know enough"])
    assert (done.exit_code, "everybody gets v1" in done.output) == (0, True)
    assert "we know enough" in runner.invoke(app, ["experiment", "status", "--tenant", "shop"]).output
