"""The SQL gateway lets through queries over the tenant's tables and nothing else."""

from __future__ import annotations

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from recolake.lake.sql_guard import DescribeTable, GuardedQuery, RefusedSqlError, ShowTables, guard
from recolake.lake.tables import GOLD_INTERACTIONS, SILVER_EVENTS

TOKEN = "t0123"


def tables_read(query: GuardedQuery) -> set[str]:
    named = {cte.alias for cte in sqlglot.parse_one(query.sql, read="spark").find_all(exp.CTE)}
    found = {
        t.sql("spark").split(" AS ")[0]
        for t in sqlglot.parse_one(query.sql, read="spark").find_all(exp.Table)
    }
    return found - named


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM silver.events",
        "select count(*) from silver_events where item_id is not null group by event_date order by 1 limit 3",
        (
            "with a as (select * from silver.events) select a.item_id, b.n from a join (select "
            "count(*) n from a) b"
        ),
        (
            "select (select max(weight) from gold.interactions), rank() over (partition by user_id "
            "order by event_time) from silver.events"
        ),
        "select explode(history_items) from gold.user_features",
        (
            "select date_trunc('month', event_date), sum(value) filter (where event_type = 'purchase') "
            "from silver.events group by all"
        ),
        "select item_id from gold.popularity union all select item_id from silver.items",
        (
            "select * from (select item_id, event_type from silver.events) pivot (count(*) for "
            "event_type in ('view', 'cart'))"
        ),
        "from silver.events select item_id",
        "select * from values (1, 'a') as v (n, c)",
    ],
)
def test_analytical_queries_read_views_of_the_tenant_alone(sql: str) -> None:
    checked = guard(sql, TOKEN)
    assert isinstance(checked, GuardedQuery)
    assert tables_read(checked) == {source.view for source in checked.sources}
    assert all(source.view.startswith(TOKEN) for source in checked.sources)


@pytest.mark.parametrize(
    "sql",
    [
        "select * from delta.`/lake/silver/events`",
        "select * from parquet.`/etc/passwd`",
        "select * from csv.`s3://b/k`",
        "select * from json.`/x`",
        "select * from text.`/etc/passwd`",
        "select * from binaryFile.`/etc`",
        "select * from `delta`.`/x`",
        "select * from spark_catalog.silver.events",
        "select * from default.secret",
        "select * from information_schema.tables",
        "select * from other",
        "select * from identifier('silver.events')",
        "select * from read_files('/etc')",
        "select * from table_changes('silver.events', 0)",
        "select * from range(1000000000)",
        "select java_method('java.lang.System', 'exit', 1)",
        "select reflect('a', 'b')",
        "select try_reflect('a', 'b')",
        "select input_file_name() from silver.events",
        "select transform(item_id) using 'cat' as (x) from silver.events",
        "select spark_catalog.default.f(1)",
        "select made_up_function(1)",
        "select '${env:HOME}'",
        "select '${spark.x}'",
        "select * from silver.events timestamp as of '2026-01-01'",
        "select * from silver.events@v1",
        "select /*+ broadcast(e) */ * from silver.events e",
        "select 1; select 2",
        "insert into silver.events select 1",
        "delete from silver.events",
        "update silver.events set value = 0",
        "drop table silver.events",
        "set a = b",
        "create view v as select 1",
        "create table t as select 1",
        "cache table silver.events",
        "explain select 1",
        "describe history silver.events",
        "describe extended silver.events",
        "describe detail delta.`/x`",
        "show create table silver.events",
        "show columns in silver.events",
        "optimize silver.events",
        "vacuum silver.events",
        "use gold",
        "add jar '/x.jar'",
        "merge into a using b on true when matched then delete",
        "",
        ";",
        "not sql at all (",
        "select * from silver.events where exists (select 1 from delta.`/x`)",
        "with a as (select * from parquet.`/x`) select * from a",
        "select * from silver.events lateral view java_method('a', 'b') t as x",
    ],
)
def test_everything_else_is_refused(sql: str) -> None:
    with pytest.raises(RefusedSqlError):
        guard(sql, TOKEN)


def test_a_name_used_out_of_its_scope_finds_no_table_of_the_catalogue() -> None:
    checked = guard("select * from (with x as (select 1 as a) select * from x) y join x on true", TOKEN)
    assert isinstance(checked, GuardedQuery)
    assert all(
        t.name.startswith(TOKEN) for t in sqlglot.parse_one(checked.sql, read="spark").find_all(exp.Table)
    )


def test_a_named_query_may_hide_a_table_without_reaching_it() -> None:
    checked = guard("with silver_events as (select 1 as a) select * from silver_events", TOKEN)
    assert isinstance(checked, GuardedQuery)
    assert checked.sources == ()


def test_time_travel_is_by_version() -> None:
    checked = guard(
        "select * from silver.events version as of 3 a join silver.events b using (event_id)", TOKEN
    )
    assert isinstance(checked, GuardedQuery)
    assert {(s.table, s.version) for s in checked.sources} == {(SILVER_EVENTS, 3), (SILVER_EVENTS, None)}


def test_tables_can_be_listed_and_described() -> None:
    assert guard("show tables;", TOKEN) == ShowTables()
    assert guard("describe gold.interactions", TOKEN) == DescribeTable(GOLD_INTERACTIONS)


@given(st.text(max_size=60))
def test_a_string_stays_a_string(text: str) -> None:
    """Whatever stands between quotes comes out as one literal: nobody writes his way out of it."""
    literal = exp.Literal.string(text).sql("spark")
    if "${" in literal:
        return
    try:
        checked = guard(f"select {literal} as a from silver.events", TOKEN)
    except RefusedSqlError:
        return
    assert isinstance(checked, GuardedQuery)
    again = sqlglot.parse(checked.sql, read="spark")
    assert len(again) == 1
    assert tables_read(checked) == {f"{TOKEN}_0"}


@given(st.text(max_size=40))
def test_nothing_but_views_is_ever_read(text: str) -> None:
    """Text put where a table's name stands is refused or names a table of the registry."""
    try:
        checked = guard(f"select * from {text}", TOKEN)
    except RefusedSqlError:
        return
    assert not isinstance(checked, GuardedQuery) or all(
        name.startswith(TOKEN) for name in tables_read(checked)
    )
