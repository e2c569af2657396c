"""The expressions a mapping file may hold: a small, safe part of Spark SQL over the columns of one raw row.

Every expression is checked against an allow-list and written anew, with its kinds made explicit. Raw columns
are text; where a number or a time is due, text is read leniently: what cannot be read becomes NULL instead of
an error, so that one bad row never stops a file, whatever the engine's own mode is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from sqlglot import exp, parse
from sqlglot.dialects.spark import Spark
from sqlglot.errors import SqlglotError

from recolake.contracts.functions import FUNCTIONS, SINCE_1970, Argument, Kind
from recolake.contracts.literals import ExpressionError, check_pattern, check_time_format
from recolake.contracts.nesting import check_depth, too_deep
from recolake.contracts.sql_text import as_number, as_time, literal

# Wider than an event's numbers, so that 0.00125 * 10000 is 12.5.
NUMBER_TYPE = "DECIMAL(22,6)"
_TYPES = {
    **dict.fromkeys(("STRING", "TEXT", "VARCHAR", "CHAR"), Kind.TEXT),
    **dict.fromkeys(("INT", "BIGINT", "SMALLINT", "TINYINT", "FLOAT", "DOUBLE", "DECIMAL"), Kind.NUMBER),
    "BOOLEAN": Kind.BOOLEAN,
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMPTZ", "DATE"), Kind.TIME),
}
_INTEGERS = ("INT", "BIGINT", "SMALLINT", "TINYINT")
_ARITHMETIC = {
    exp.Add: "try_add",
    exp.Sub: "try_subtract",
    exp.Mul: "try_multiply",
    exp.Div: "try_divide",
    exp.Mod: "try_mod",
}
_COMPARISONS = {exp.GT: ">", exp.GTE: ">=", exp.LT: "<", exp.LTE: "<=", exp.EQ: "=", exp.NEQ: "<>"}


class _Dialect(Spark):
    """Spark's grammar, but no function is known by name: each is looked up in FUNCTIONS."""

    class Parser(Spark.Parser):  # type: ignore[valid-type, misc]
        FUNCTIONS: dict[str, Callable[..., exp.Expr]] = {}  # noqa: RUF012


@dataclass(frozen=True, slots=True)
class Reading:
    """Text that is read as a number or a time: SQL of the text, and of the value (NULL if unreadable)."""

    text: str
    value: str


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression.

    Attributes:
        sql: Spark SQL over the physical names of the columns.
        kind: what it gives.
        columns: raw columns whose content it reads; asking whether one IS NULL is not reading it.
        readings: every text in it that is read as a number or a time.
    """

    sql: str
    kind: Kind
    columns: frozenset[str]
    readings: tuple[Reading, ...]


def physical_name(column: str) -> str:
    """Name of a raw column inside Spark: it needs no quoting, and case never makes two names one."""
    return f"c_{column.encode().hex()}"


def compile_expression(text: str, columns: Collection[str], kind: Kind = Kind.TEXT) -> Expression:
    """Check an expression and write it so that it gives the kind that is asked for.

    Args:
        columns: names that it may use.

    Raises:
        ExpressionError: it does not parse, uses what is not allowed, gives another kind of value, or is
            nested too deeply.
    """
    try:
        trees = parse(text, dialect=_Dialect)
    except RecursionError as error:
        raise too_deep() from error
    except SqlglotError as error:
        reason = str(error).splitlines()[0].partition(". Line ")[0]
        raise ExpressionError(f"'{text}' is not an expression ({reason})") from error
    if len(trees) != 1 or trees[0] is None:
        raise ExpressionError(f"'{text}' is not one expression")
    check_depth(trees[0])
    writer = _Writer(columns)
    value = writer.as_kind(writer.write(trees[0]), kind, number=as_number)
    return Expression(value.sql, kind, frozenset(writer.read_columns), tuple(writer.readings))


def _wide_number(text: str) -> str:
    return as_number(text, NUMBER_TYPE)


@dataclass(frozen=True, slots=True)
class _Value:
    sql: str
    kind: Kind


@dataclass(slots=True)
class _Writer:
    """Writes a checked tree as Spark SQL, bottom up."""

    columns: Collection[str]
    read_columns: list[str] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)

    def write(self, node: exp.Expr) -> _Value:
        for kind_of_node, write in _NODES.items():
            if isinstance(node, kind_of_node):
                return write(self, node)
        raise ExpressionError(f"'{node.sql(dialect='spark')}' is not allowed in a mapping")

    def as_kind(self, value: _Value, kind: Kind, number: Callable[[str], str] = _wide_number) -> _Value:
        """The value as another kind: text can be read as a number or a time, anything can become text."""
        if value.kind is kind:
            return value
        if value.kind is Kind.NULL:
            target = {
                Kind.TEXT: "STRING",
                Kind.NUMBER: NUMBER_TYPE,
                Kind.BOOLEAN: "BOOLEAN",
                Kind.TIME: "TIMESTAMP",
            }[kind]
            return _Value(f"CAST(NULL AS {target})", kind)
        if kind is Kind.TEXT:
            return _Value(f"CAST({value.sql} AS STRING)", kind)
        if value.kind is Kind.TEXT and kind is Kind.NUMBER:
            return self.read(value.sql, number(value.sql), kind)
        if value.kind is Kind.TEXT and kind is Kind.TIME:
            return self.read(value.sql, as_time(value.sql), kind)
        raise ExpressionError(f"{kind} is due where {value.kind} stands")

    def read(self, text: str, value: str, kind: Kind) -> _Value:
        self.readings.append(Reading(text, value))
        return _Value(value, kind)

    def condition(self, node: exp.Expr) -> str:
        return self.as_kind(self.write(node), Kind.BOOLEAN).sql

    def alike(self, values: list[_Value]) -> tuple[list[str], Kind]:
        """Values brought to one kind: if one of them is a number or a time, text is read as that."""
        kinds = {v.kind for v in values} - {Kind.NULL}
        kind = next((k for k in (Kind.NUMBER, Kind.TIME, Kind.BOOLEAN, Kind.TEXT) if k in kinds), Kind.TEXT)
        return [self.as_kind(v, kind).sql for v in values], kind

    def column(self, node: exp.Column) -> _Value:
        if node.table:
            raise ExpressionError(
                f"'{node.sql(dialect='spark')}' names a table; write names with a dot in backticks"
            )
        if node.name not in self.columns:
            raise ExpressionError(f"there is no column '{node.name}'; there are {', '.join(self.columns)}")
        self.read_columns.append(node.name)
        return _Value(physical_name(node.name), Kind.TEXT)

    def literal(self, node: exp.Literal) -> _Value:
        text = str(node.this)
        if node.is_string:
            return _Value(literal(text), Kind.TEXT)
        if not text.replace(".", "", 1).isdigit() or len(text) > 20:
            raise ExpressionError(f"'{text}' is not a plain number")
        return _Value(f"CAST('{text}' AS {NUMBER_TYPE})", Kind.NUMBER)

    def arithmetic(self, node: exp.Binary) -> _Value:
        left, right = (self.as_kind(self.write(side), Kind.NUMBER).sql for side in (node.left, node.right))
        return _Value(f"{_ARITHMETIC[type(node)]}({left}, {right})", Kind.NUMBER)

    def negation(self, node: exp.Neg) -> _Value:
        return _Value(f"(- {self.as_kind(self.write(node.this), Kind.NUMBER).sql})", Kind.NUMBER)

    def comparison(self, node: exp.Binary) -> _Value:
        (left, right), _ = self.alike([self.write(node.left), self.write(node.right)])
        return _Value(f"({left} {_COMPARISONS[type(node)]} {right})", Kind.BOOLEAN)

    def connection(self, node: exp.Connector) -> _Value:
        word = "AND" if isinstance(node, exp.And) else "OR"
        return _Value(f"({self.condition(node.left)} {word} {self.condition(node.right)})", Kind.BOOLEAN)

    def negated(self, node: exp.Not) -> _Value:
        return _Value(f"(NOT {self.condition(node.this)})", Kind.BOOLEAN)

    def is_null(self, node: exp.Is) -> _Value:
        if not isinstance(node.expression, exp.Null):
            raise ExpressionError("IS is allowed with NULL and NOT NULL only")
        known = len(self.read_columns)
        asked = self.write(node.this).sql
        if isinstance(node.this, exp.Column):
            del self.read_columns[known:]
        return _Value(f"({asked} IS NULL)", Kind.BOOLEAN)

    def membership(self, node: exp.In) -> _Value:
        members = [self.write(member) for member in node.expressions]
        if not members:
            raise ExpressionError("IN is allowed with a list of values only")
        (first, *rest), _ = self.alike([self.write(node.this), *members])
        return _Value(f"({first} IN ({', '.join(rest)}))", Kind.BOOLEAN)

    def between(self, node: exp.Between) -> _Value:
        parts = [self.write(part) for part in (node.this, node.args["low"], node.args["high"])]
        (value, low, high), _ = self.alike(parts)
        return _Value(f"({value} BETWEEN {low} AND {high})", Kind.BOOLEAN)

    def likeness(self, node: exp.Binary) -> _Value:
        word = {exp.Like: "LIKE", exp.ILike: "ILIKE", exp.RegexpLike: "RLIKE"}[type(node)]
        pattern = self.argument(node.expression, Argument.PATTERN if word == "RLIKE" else Argument.TEXT).sql
        if word != "RLIKE" and (
            not isinstance(node.expression, exp.Literal) or "\\" in str(node.expression.this)
        ):
            raise ExpressionError(f"{word} takes a written pattern without backslashes; see RLIKE")
        return _Value(
            f"({self.as_kind(self.write(node.this), Kind.TEXT).sql} {word} {pattern})", Kind.BOOLEAN
        )

    def cases(self, node: exp.Case) -> _Value:
        """CASE, with or without a subject; without ELSE it ends in NULL."""
        conditions = [
            self.condition(
                branch.this if node.this is None else exp.EQ(this=node.this, expression=branch.this)
            )
            for branch in node.args["ifs"]
        ]
        default = node.args.get("default")
        results = [self.write(branch.args["true"]) for branch in node.args["ifs"]]
        results.append(self.write(default) if default is not None else _Value("NULL", Kind.NULL))
        *values, last = (sqls := self.alike(results))[0]
        branches = " ".join(f"WHEN {c} THEN {v}" for c, v in zip(conditions, values, strict=True))
        return _Value(f"(CASE {branches} ELSE {last} END)", sqls[1])

    def condition_function(self, node: exp.If) -> _Value:
        other = node.args.get("false")
        return self.cases(exp.Case(ifs=[exp.If(this=node.this, true=node.args["true"])], default=other))

    def cast(self, node: exp.Cast) -> _Value:
        name = node.to.this.name
        if name not in _TYPES:
            raise ExpressionError(f"a cast to {node.to.sql(dialect='spark')} is not allowed")
        value = self.as_kind(self.write(node.this), _TYPES[name])
        if name in _INTEGERS:
            return _Value(f"try_cast(try_cast({value.sql} AS BIGINT) AS {NUMBER_TYPE})", Kind.NUMBER)
        if name == "DATE":
            return _Value(f"CAST(CAST({value.sql} AS DATE) AS TIMESTAMP)", Kind.TIME)
        return value

    def special(self, node: exp.Expr) -> _Value:
        """TRIM, SUBSTRING and || have a grammar of their own."""
        if isinstance(node, exp.Trim):
            if node.expression or node.args.get("position"):
                raise ExpressionError("TRIM takes one text")
            return self.call("trim", [node.this])
        if isinstance(node, exp.Substring):
            ends = (node.args.get("start"), node.args.get("length"))
            return self.call("substr", [node.this, *(end for end in ends if end is not None)])
        if isinstance(node, exp.Concat):
            return self.call("concat", list(node.expressions))
        return self.call("concat", [node.this, node.expression])

    def function(self, node: exp.Anonymous) -> _Value:
        return self.call(str(node.this).lower(), list(node.expressions))

    def call(self, name: str, arguments: list[exp.Expr]) -> _Value:
        function = FUNCTIONS.get(name)
        if function is None:
            raise ExpressionError(f"the function '{name}' is not allowed; there are: {', '.join(FUNCTIONS)}")
        if not function.accepts(len(arguments)):
            raise ExpressionError(f"'{name}' takes {' and '.join(function.takes)}")
        if name in ("regexp_replace", "regexp_extract"):
            check_pattern(arguments[1], *arguments[2:])
        if function.gives is None:
            sqls, kind = self.alike([self.write(argument) for argument in arguments])
            return _Value(f"{function.sql}({', '.join(sqls)})", kind)
        sqls = [self.argument(a, function.argument(i)).sql for i, a in enumerate(arguments)]
        sql = SINCE_1970[name].format(*sqls) if name in SINCE_1970 else f"{function.sql}({', '.join(sqls)})"
        if function.gives is Kind.TIME:
            return self.read(sqls[0], sql, Kind.TIME)
        return _Value(f"CAST({sql} AS {NUMBER_TYPE})" if name == "length" else sql, function.gives)

    def argument(self, node: exp.Expr, wanted: Argument) -> _Value:
        if wanted is Argument.INTEGER:
            text = node.sql(dialect="spark").replace(" ", "")
            if not text.removeprefix("-").isdigit() or len(text) > 6:
                raise ExpressionError(f"'{text}' should be {wanted}")
            return _Value(text, Kind.NUMBER)
        if wanted is Argument.PATTERN:
            check_pattern(node)
        if wanted is Argument.TIME_FORMAT:
            check_time_format(node)
        return self.as_kind(self.write(node), Kind.NUMBER if wanted is Argument.NUMBER else Kind.TEXT)


_NODES: dict[type[exp.Expr] | tuple[type[exp.Expr], ...], Callable[[_Writer, ...], _Value]] = {  # type: ignore[misc]
    exp.Column: _Writer.column,
    exp.Literal: _Writer.literal,
    exp.RawString: lambda w, n: _Value(literal(str(n.this)), Kind.TEXT),
    exp.Null: lambda w, n: _Value("NULL", Kind.NULL),
    exp.Boolean: lambda w, n: _Value("TRUE" if n.this else "FALSE", Kind.BOOLEAN),
    exp.Paren: lambda w, n: w.write(n.this),
    tuple(_ARITHMETIC): _Writer.arithmetic,
    tuple(_COMPARISONS): _Writer.comparison,
    (exp.And, exp.Or): _Writer.connection,
    exp.Neg: _Writer.negation,
    exp.Not: _Writer.negated,
    exp.Is: _Writer.is_null,
    exp.In: _Writer.membership,
    exp.Between: _Writer.between,
    (exp.Like, exp.ILike, exp.RegexpLike): _Writer.likeness,
    exp.Case: _Writer.cases,
    exp.If: _Writer.condition_function,
    exp.Cast: _Writer.cast,
    (exp.Trim, exp.Substring, exp.Concat, exp.DPipe): _Writer.special,
    exp.Anonymous: _Writer.function,
}
