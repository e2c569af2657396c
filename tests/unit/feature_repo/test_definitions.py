"""Definitions, configuration files and code say the same."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from recolake.errors import InvalidInputError
from recolake.features.feast_import import load_feast
from recolake.settings import Settings

load_feast()

from feature_repo.changes import CREATED, TIMESTAMP  # noqa: E402
from feature_repo.definitions import FOLDER, SERVICES, VIEWS, fingerprint  # noqa: E402
from feature_repo.environment import config_file, variables  # noqa: E402
from feature_repo.sources import SOURCE_VIEWS  # noqa: E402
from feature_repo.vectors import superseded  # noqa: E402
from recolake.features.names import COLUMNS, RECENT_SOURCE, Service, View  # noqa: E402
from recolake.features.store import offline_config  # noqa: E402

SETTINGS = Settings(
    postgres_url="postgresql://u:p@db:5432",
    redis_url="redis://:pw@cache:6379/3",
    spark_url="sc://spark:15002",
)
# Written model by model, not from the changes of a table of features.
WRITTEN_ELSEWHERE = {View.USER_VECTOR, View.ITEM_VECTOR}
# By the API, as events come.
PUSHED = {View.USER_RECENT}


def test_the_local_configuration_file_says_what_the_code_says() -> None:
    text = config_file("local").read_text()
    for name, value in variables(SETTINGS).items():
        text = text.replace(f"${{{name}}}", f"'{value}'")
    assert yaml.safe_load(text) == offline_config(SETTINGS)


def test_the_production_example_differs_only_in_who_makes_the_tables() -> None:
    local, production = (yaml.safe_load(config_file(name).read_text()) for name in ("local", "production"))
    assert production["registry"].pop("schema_mode") == "verify"
    assert production["online_store"].pop("redis_type") == "redis"
    assert production == local


def test_an_unknown_environment_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        config_file("../../etc/passwd")


def test_every_name_has_a_definition_and_every_definition_a_name() -> None:
    assert {view.name for view in VIEWS} == set(View)
    assert {service.name for service in SERVICES} == set(Service)


def test_every_view_but_the_vectors_has_a_table_with_all_its_columns() -> None:
    fed = {view: source for source, views in SOURCE_VIEWS.values() for view in views}
    assert set(fed) == set(View) - WRITTEN_ELSEWHERE - PUSHED
    for view in VIEWS:
        if view.name in WRITTEN_ELSEWHERE | PUSHED:
            continue
        columns = fed[View(view.name)].columns
        assert {field.name for field in view.features} <= columns.keys()
        assert set(view.entities) | {TIMESTAMP, CREATED} <= columns.keys()


def test_views_are_keyed_by_tenant_owned_described_and_expire() -> None:
    for view in VIEWS:
        assert "tenant_id" in view.entities
        assert view.owner
        assert view.description
        assert view.ttl
        assert all(field.description for field in view.features)


def test_vectors_are_keyed_by_their_model_version_too() -> None:
    keys = {view.name: set(view.entities) for view in VIEWS if view.name in WRITTEN_ELSEWHERE}
    assert keys == {
        View.USER_VECTOR: {"tenant_id", "user_id", "model_version"},
        View.ITEM_VECTOR: {"tenant_id", "item_id", "model_version"},
    }


def test_what_is_pushed_shares_the_key_of_the_profile_and_its_columns_are_known_by_name() -> None:
    views = {view.name: view for view in VIEWS}
    for name in PUSHED:
        assert views[name].stream_source.name == RECENT_SOURCE
        assert set(views[name].entities) == set(views[View.USER_PROFILE].entities)
        assert tuple(field.name for field in views[name].features) == COLUMNS[name]
    assert COLUMNS.keys() == PUSHED


def test_the_fingerprint_is_stable() -> None:
    assert fingerprint() == fingerprint()


def test_feast_s_own_command_line_sees_definitions_and_nothing_else() -> None:
    ignored = set((FOLDER / ".feastignore").read_text().split())
    modules = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.py")}
    defining = {path for path in modules if "FeatureView(" in (FOLDER / path).read_text()}
    defining |= {"entities.py", "data_sources.py", "feature_services.py"}
    packages = {path for path in modules if Path(path).name == "__init__.py"}
    assert ignored == modules - defining - packages


@pytest.mark.parametrize(
    ("versions", "used", "gone"),
    [
        ([], set(), []),
        (["v1", "v2", "v3"], {"v1"}, []),
        (["v9", "v10", "v11", "v2"], {"v11"}, ["v2"]),
        (["v9", "v10", "v11", "v2", "v1"], {"v2"}, ["v1"]),
        (["v9", "v10", "v11", "v3", "v2", "v1"], {"v3", "v1"}, ["v2"]),
    ],
)
def test_vectors_of_versions_in_use_and_of_the_newest_are_kept(
    versions: list[str], used: set[str], gone: list[str]
) -> None:
    assert superseded(versions, used) == gone
