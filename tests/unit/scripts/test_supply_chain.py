"""Control 25: what is installed is what was locked, is listed for others, and machines look through it."""

from __future__ import annotations

import re
import runpy
import tomllib
from pathlib import Path
from typing import Any

import pytest

from recolake.settings import PROJECT_ROOT, Settings

PROJECT = (PROJECT_ROOT / "pyproject.toml").read_text()
LOCK = (PROJECT_ROOT / "requirements.lock").read_text()
PINS = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", LOCK, re.MULTILINE)


def script(name: str) -> dict[str, Any]:
    return runpy.run_path(str(PROJECT_ROOT / "scripts" / name))


@pytest.mark.control(25)
def test_a_lock_without_a_hash_or_with_a_place_of_its_own_is_refused() -> None:
    faults = script("check_lock.py")["faults"]
    assert faults(PROJECT, LOCK) == []
    name, version = PINS[0]
    bare = re.sub(rf"^{re.escape(name)}==.*?(?=^\S)", f"{name}=={version}\n", LOCK, flags=re.M | re.S)
    assert faults(PROJECT, bare) == [f"{name}=={version} has no hash."]
    assert faults(PROJECT, LOCK + "\n--extra-index-url https://example.org/simple\n")


@pytest.mark.control(25)
def test_the_set_up_installs_with_hashes_required() -> None:
    assert "--require-hashes" in (PROJECT_ROOT / "scripts" / "setup.sh").read_text()


@pytest.mark.control(25)
def test_the_bill_of_materials_lists_every_locked_package_with_its_hashes() -> None:
    module = script("sbom.py")
    made = module["bill"](PROJECT, LOCK)
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.6")
    assert [(each["name"], each["version"]) for each in made["components"]] == PINS
    listed = [each["externalReferences"][0]["hashes"] for each in made["components"]]
    assert all(listed)
    assert sum(map(len, listed)) == LOCK.count("--hash=sha256:")
    assert module["bill"](PROJECT, LOCK) == made


@pytest.mark.control(25)
def test_static_analysis_covers_every_package_and_looks_for_holes() -> None:
    """`S` are the rules of Bandit (flake8-bandit), in ruff; `make check` and CI run both tools."""
    tools = tomllib.loads(PROJECT)["tool"]
    packages = set(tools["hatch"]["build"]["targets"]["wheel"]["packages"])
    assert "S" in tools["ruff"]["lint"]["select"]
    # What is left out beyond tests: assertions, and programs that are started without a shell.
    assert {rule for rule in tools["ruff"]["lint"]["ignore"] if re.match(r"S\d", rule)} == {
        "S101",
        "S603",
        "S607",
    }
    assert tools["mypy"]["strict"]
    assert packages <= set(tools["mypy"]["files"])
    makefile = (PROJECT_ROOT / "Makefile").read_text()
    assert "test: setup check" in makefile
    assert {"$(BIN)/ruff check", "$(BIN)/mypy", "scripts/check_lock.py"} <= {
        word for word in ("$(BIN)/ruff check", "$(BIN)/mypy", "scripts/check_lock.py") if word in makefile
    }
    assert "exec make test" in (PROJECT_ROOT / ".ci" / "run").read_text()


# Calls that run what a file says; weights alone and plain YAML run nothing.
_RUNS = re.compile(
    r"allow_pickle=True|\bpickle\.loads?\(|joblib\.load\("
    r"|\btorch\.load\((?!.*weights_only=True)|\byaml\.(unsafe_|full_)?load\((?!.*BaseLoader)"
)


@pytest.mark.control(25)
def test_nothing_of_ours_unpickles() -> None:
    packages = tomllib.loads(PROJECT)["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    files = [path for name in packages for path in (PROJECT_ROOT / name).rglob("*.py")]
    assert len(files) > 100
    assert [str(path) for path in files if _RUNS.search(path.read_text())] == []


@pytest.mark.control(25)
def test_the_server_of_mlflow_unpickles_nothing(tmp_path: Path) -> None:
    from recolake.platform.service import Context
    from recolake.platform.services import BY_NAME

    settings = Settings(home=tmp_path, postgres_url="postgresql://postgres@127.0.0.1:5432")
    environment = BY_NAME["mlflow"].environment(Context(settings, 5000))
    assert environment["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] == "false"
