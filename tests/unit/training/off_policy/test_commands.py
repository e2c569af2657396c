"""`recolake ope` from the outside: a log and a policy in, a table and a report out."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from recolake.cli.app import build_app
from recolake.errors import InvalidInputError

REFERENCE = Path(__file__).parents[4] / "docs" / "reference" / "off-policy-report.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shop")
    _invoke("simulate-log", "--out", path, "--requests", 700)
    table = pd.read_csv(path / "log.csv")
    table.assign(new=table.propensity).to_parquet(path / "log.parquet")
    pd.DataFrame({"action": ["nothing"]}).to_csv(path / "foreign.csv", index=False)
    return path


def _invoke(*arguments: object) -> tuple[str, str]:
    result = CliRunner().invoke(build_app(), list(map(str, arguments)), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout, result.stderr


def _ope(folder: Path, policy: object, *more: object, log: str = "log.csv") -> tuple[str, str]:
    return _invoke("ope", "--log", folder / log, "--policy", policy, *more)


def test_the_report_holds_the_truth_and_what_is_documented(folder: Path) -> None:
    report = folder / "report.json"
    out, err = _ope(folder, folder / "policy.csv", "--unit", "request", "--report", report)
    content = json.loads(report.read_text())
    truth = json.loads((folder / "truth.json").read_text())
    assert content["estimates"].keys() == {"ips", "snips", "dr"}
    for name, found in content["estimates"].items():
        assert found["low"] <= truth["policy"] <= found["high"]
        assert f"{found['value']:.5f}" in next(line for line in out.splitlines() if line.split()[0] == name)
    assert content["logged"]["low"] <= truth["logged"] <= content["logged"]["high"]
    assert content["log"] == {
        "file": "log.csv",
        "rows": 2100,
        "units": 700,
        "actions": 20,
        "positions": 3,
        "contexts": 12,
    }
    assert content["interval"] == {"method": "bootstrap", "confidence": 0.95, "resamples": 1000}
    assert "2100 rows" in err
    assert "1000 of 1000 resamples" in err
    documented = REFERENCE.read_text()
    for key in [*content, *content["diagnostics"], *content["log"]]:
        assert f"`{key}`" in documented, key


def test_uniform_is_a_policy(folder: Path) -> None:
    truth = json.loads((folder / "truth.json").read_text())
    _ope(folder, "uniform", "--report", folder / "u.json", "--interval", "normal")
    content = json.loads((folder / "u.json").read_text())
    for found in content["estimates"].values():
        assert found["low"] <= truth["uniform"] <= found["high"]


def test_a_column_of_chances_is_a_policy_without_a_doubly_robust_estimate(folder: Path) -> None:
    _ope(folder, "column:new", "--report", folder / "c.json", log="log.parquet")
    content = json.loads((folder / "c.json").read_text())
    assert content["estimates"].keys() == {"ips", "snips"}
    assert content["left_out"].keys() == {"dr"}
    assert content["reward_model"] is None
    assert content["estimates"]["ips"]["value"] == pytest.approx(content["logged"]["value"])


def test_the_same_seed_gives_the_same_report(folder: Path) -> None:
    contents = []
    for name in ("one.json", "two.json"):
        _ope(folder, folder / "policy.csv", "--seed", 4, "--clip", 5, "--report", folder / name)
        found = json.loads((folder / name).read_text())
        contents.append({key: value for key, value in found.items() if key != "seconds"})
    assert contents[0] == contents[1]


@pytest.mark.parametrize(
    ("policy", "more", "code", "said"),
    [
        ("nowhere.csv", [], "invalid_policy", "There is no policy file nowhere.csv"),
        ("{}/foreign.csv", [], "policy_without_support", "never does what the log holds"),
        ("column:worth", [], "invalid_evaluation_file", "no column worth"),
        ("uniform", ["--reward", "click"], "invalid_evaluation_file", "no column click; it has request"),
        ("uniform", ["--context", "a,b"], "invalid_evaluation_file", "no column a and no column b"),
        ("uniform", ["--interval", "exact"], "invalid_input", "neither bootstrap nor normal"),
        ("uniform", ["--clip", "0"], "invalid_input", "--clip 0 is not above 0"),
        ("uniform", ["--confidence", "95"], "invalid_input", "--confidence 95 is not between 0 and 1"),
    ],
)
def test_wrong_arguments_are_refused_with_one_sentence(
    folder: Path, policy: str, more: list[str], code: str, said: str
) -> None:
    with pytest.raises(InvalidInputError) as raised:
        _ope(folder, policy.format(folder), *more)
    assert said in raised.value.message
    assert raised.value.code == code
