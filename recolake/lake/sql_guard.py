"""Which SQL a tenant's people may run: one query over their own tables. What is not known is refused.

The statement is parsed, checked against lists of what is allowed, and written out again from what was
understood, with every table replaced by a view of the tenant's rows. The engine never sees the text sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from recolake.errors import InvalidInputError
from recolake.lake.tables import ALL_TABLES, Table

# Parts of a query beside expressions (`exp.Condition`) and queries themselves.
_STRUCTURE = (
    exp.Alias,
    exp.Aliases,
    exp.Boolean,
    exp.CTE,
    exp.ColumnDef,
    exp.Cube,
    exp.DataType,
    exp.DataTypeParam,
    exp.Distinct,
    exp.Filter,
    exp.From,
    exp.Group,
    exp.GroupingSets,
    exp.Having,
    exp.Identifier,
    exp.IgnoreNulls,
    exp.Interval,
    exp.Join,
    exp.Lambda,
    exp.Lateral,
    exp.Limit,
    exp.Literal,
    exp.Offset,
    exp.Order,
    exp.Ordered,
    exp.Pivot,
    exp.PivotAlias,
    exp.PropertyEQ,
    exp.Qualify,
    exp.RespectNulls,
    exp.Rollup,
    exp.Star,
    exp.Table,
    exp.TableAlias,
    exp.Tuple,
    exp.Values,
    exp.Var,
    exp.Version,
    exp.Where,
    exp.Window,
    exp.WindowSpec,
    exp.With,
    exp.WithinGroup,
)
_REFUSED = (exp.Parameter, exp.SessionParameter, exp.Placeholder, exp.Dot)
# Functions that the parser does not know by itself and that touch nothing but their arguments.
_FUNCTIONS = frozenset(
    {
        "array_repeat",
        "array_union",
        "arrays_overlap",
        "bin",
        "bround",
        "btrim",
        "cardinality",
        "conv",
        "crc32",
        "date_part",
        "datepart",
        "every",
        "expm1",
        "find_in_set",
        "forall",
        "format_number",
        "get",
        "hash",
        "histogram_numeric",
        "hypot",
        "isnotnull",
        "isnull",
        "json_array_length",
        "log1p",
        "make_date",
        "map_concat",
        "map_entries",
        "map_filter",
        "map_values",
        "map_zip_with",
        "mask",
        "mean",
        "now",
        "nullifzero",
        "octet_length",
        "pmod",
        "positive",
        "printf",
        "regexp",
        "session_window",
        "some",
        "std",
        "timestamp_micros",
        "timestamp_millis",
        "timestamp_seconds",
        "to_varchar",
        "transform_keys",
        "transform_values",
        "try_avg",
        "try_mod",
        "try_parse_json",
        "try_sum",
        "try_to_date",
        "try_to_number",
        "try_to_timestamp",
        "url_decode",
        "url_encode",
        "weekday",
        "window",
        "window_time",
        "xxhash64",
        "zeroifnull",
        "zip_with",
    }
)
_HINT = "Send one SELECT over the tables that `SHOW TABLES` lists."


class RefusedSqlError(InvalidInputError):
    """The statement is not one that may be run here."""

    code = "refused_sql"

    def __init__(self, message: str) -> None:
        super().__init__(message, hint=_HINT, field="sql")


@dataclass(frozen=True, slots=True)
class Source:
    """A table that a query reads, its Delta version (None: the latest), and the view that stands for it."""

    table: Table
    version: int | None
    view: str


@dataclass(frozen=True, slots=True)
class GuardedQuery:
    """A checked query over the views of its sources."""

    sql: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class ShowTables:
    """The statement asks which tables there are."""


@dataclass(frozen=True, slots=True)
class DescribeTable:
    """The statement asks for a table's columns."""

    table: Table


def visible_tables() -> dict[str, Table]:
    """Tables by the names a query may use: silver.events, and silver_events for tools without schemas."""
    named = {table.qualified: table for table in ALL_TABLES}
    return named | {table.qualified.replace(".", "_", 1): table for table in ALL_TABLES}


def guard(sql: str, token: str) -> GuardedQuery | ShowTables | DescribeTable:
    """Check a statement; `token` is a random word that makes the names of views unguessable.

    Raises:
        RefusedSqlError: it is not one plain query over the tenant's tables, or is not understood.
    """
    if "${" in sql:
        raise RefusedSqlError("A query may not hold '${': the engine would put variables in its place.")
    if re.fullmatch(r"\s*show\s+tables\s*;?\s*", sql, re.IGNORECASE):
        return ShowTables()
    tree = _parse(sql)
    if isinstance(tree, exp.Describe):
        return _describe(tree)
    if not isinstance(tree, exp.Query):
        raise RefusedSqlError("Only SELECT, WITH, SHOW TABLES and DESCRIBE are allowed.")
    for node in tree.walk():
        _check_node(node)
    return _over_views(tree, token)


def _parse(sql: str) -> exp.Expr:
    try:
        statements = [s for s in sqlglot.parse(sql, read="spark") if s is not None]
    except sqlglot.errors.SqlglotError as error:
        raise RefusedSqlError(f"The query is not understood: {str(error).splitlines()[0]}") from error
    if len(statements) != 1:
        raise RefusedSqlError("Send exactly one statement.")
    return statements[0]


def _describe(tree: exp.Describe) -> DescribeTable:
    named = tree.this
    plain = isinstance(named, exp.Table) and not [k for k, v in tree.args.items() if v and k != "this"]
    if not plain:
        raise RefusedSqlError("DESCRIBE takes the name of a table and nothing else.")
    return DescribeTable(_registered(named))


def _check_node(node: exp.Expr) -> None:
    if isinstance(node, _REFUSED):
        raise RefusedSqlError(f"'{node.sql('spark')[:80]}' is not allowed in a query.")
    if isinstance(node, exp.Anonymous):
        if node.name.lower() not in _FUNCTIONS:
            raise RefusedSqlError(f"The function '{node.name}' is not allowed.")
    elif isinstance(node, exp.Query):
        if node.args.get("into") or node.args.get("hint") or node.args.get("locks") or node.args.get("kind"):
            raise RefusedSqlError("SELECT INTO, hints and locks are not allowed.")
    elif not isinstance(node, (*_STRUCTURE, exp.Condition)):
        raise RefusedSqlError(f"'{node.sql('spark')[:80]}' is not allowed in a query.")


def _over_views(tree: exp.Query, token: str) -> GuardedQuery:
    named_queries = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    sources: dict[tuple[str, int | None], Source] = {}
    for cte in tree.find_all(exp.CTE):
        cte.args["alias"].set("this", exp.to_identifier(_inner(cte.alias, token)))
    for node in list(tree.find_all(exp.Table)):
        if node.args.get("pivots") or node.args.get("sample") or node.args.get("changes"):
            raise RefusedSqlError("PIVOT and samples of a table go into a subquery of their own.")
        alias = node.alias or node.name
        plain = len(node.parts) == 1 and isinstance(node.this, exp.Identifier)
        if plain and node.name.lower() in named_queries:
            _rename(node, _inner(node.name, token), alias)
            continue
        table = _registered(node)
        key = (table.qualified, _version(node))
        source = sources.setdefault(key, Source(table, key[1], f"{token}_{len(sources)}"))
        _rename(node, source.view, alias)
    return GuardedQuery(tree.sql("spark", comments=False), tuple(sources.values()))


def _registered(node: exp.Table) -> Table:
    """The table of the registry that is meant; a path, a function or any other catalogue is none."""
    parts = node.parts
    if not all(isinstance(part, exp.Identifier) for part in parts):
        raise RefusedSqlError(f"'{node.sql('spark')[:80]}' is not a table.")
    name = ".".join(part.name.lower() for part in parts)
    found = visible_tables().get(name)
    if found is None or len(parts) > 2:
        raise RefusedSqlError(f"There is no table '{name[:80]}' here.")
    return found


def _version(node: exp.Table) -> int | None:
    asked = node.args.get("version")
    if asked is None:
        return None
    number = asked.expression
    if asked.name.upper() != "VERSION" or not (isinstance(number, exp.Literal) and number.is_int):
        raise RefusedSqlError("Time travel is written `table VERSION AS OF n`.")
    return int(number.name)


def _rename(node: exp.Table, name: str, alias: str) -> None:
    columns = node.args["alias"].columns if node.args.get("alias") else []
    node.replace(exp.alias_(exp.table_(name), alias, table=[c.copy() for c in columns] or True))


def _inner(name: str, token: str) -> str:
    """Named queries get names of their own: one used out of scope must not find a table of the catalogue."""
    return f"{token}_q_{name.lower()}"
