"""The people whom the demo shows are those that the newest raw files name under the mapping's column."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from recolake.contracts.mapping import load_mapping
from recolake.demo.people import newest_files, recent_users
from recolake.landing.store import land
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# `id` is the event, `ID` the person; a test account counts as nobody.
MAPPING = """
version: 1
columns: [id, ID, item, at, kind]
event:
  id: id
  user: CASE WHEN kind IS NULL THEN NULL ELSE trim(ID) END
  item: item
  type: "'purchase'"
  time: at
  session: ID
"""


def landed(settings: Settings, tenant: Tenant, mapping: Path, name: str, text: str) -> Path:
    path = mapping.parent / name
    path.write_text(text)
    upload = land(settings, tenant, [path], mapping).upload
    assert upload is not None
    return path


def test_each_file_is_read_by_its_own_header(spark: SparkSession, tmp_path: Path) -> None:
    settings, tenant = Settings(home=tmp_path / "home"), Tenant("shop")
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(MAPPING)
    rules = load_mapping(mapping)
    assert recent_users(spark, rules, newest_files(settings, tenant, rules)) == []

    landed(
        settings,
        tenant,
        mapping,
        "b.csv",
        "id,ID,item,at,kind\ne1,ann,x,2025-01-01,web\ne2, bob ,x,2025-01-01,web\ne3,tester,x,2025-01-01,\n",
    )
    landed(
        settings,
        tenant,
        mapping,
        "a.csv",
        "kind,item,ID,id,at\nweb,x,bob,e4,2025-01-02\nweb,x,bob,e5,2025-01-02\nweb,x,cid,e6\n",
    )
    files = newest_files(settings, tenant, rules)
    assert [path.name for path in files] == ["a.csv", "b.csv"], "what was landed last comes first"
    assert recent_users(spark, rules, files) == ["bob", "ann"]
