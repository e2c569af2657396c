"""The expressions a mapping file may hold: a small, safe part of Spark SQL over the columns of one raw row.

Raw columns are text. Where arithmetic needs numbers they are read as decimals, and what cannot be read becomes NULL instead
of an error, so that one bad row never stops a file.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg)
_COMPARISON = (exp.GT, exp.GTE, exp.LT, exp.LTE)
_ALLOWED = (
    exp.Column, exp.Identifier, exp.Literal, exp.Paren, exp.Null, exp.Boolean, exp.DataType, exp.DataTypeParam,
    *_ARITHMETIC, *_COMPARISON, exp.EQ, exp.NEQ, exp.And, exp.Or, exp.Not, exp.Is, exp.In, exp.Between,
    exp.Like, exp.ILike, exp.RegexpLike, exp.Case, exp.If, exp.Cast, exp.TryCast, exp.DPipe, exp.Concat,
    exp.ConcatWs, exp.Coalesce, exp.Nullif, exp.Trim, exp.Upper, exp.Lower, exp.Substring, exp.Length,
    exp.RegexpReplace, exp.RegexpExtract, exp.Round, exp.Abs, exp.StrToTime,
)  # fmt: skip
_ALLOWED_NAMES = {"TRY_TO_TIMESTAMP"}
_NUMBER = "DECIMAL(18, 6)"


class ExpressionError(ValueError):
    """The text is not an expression that a mapping may hold."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression: the Spark SQL to run, and the raw columns it reads, in order of appearance."""

    sql: str
    columns: tuple[str, ...]


def parse_expression(text: str) -> Expression:
    """Check and translate one expression.

    Raises:
        ExpressionError: it does not parse, or uses what is not allowed (subqueries, tables, other functions).
    """
    try:
        trees = sqlglot.parse(text, read="spark")
    except (ParseError, TokenError) as error:
        message = f"'{text}' is not an expression: {str(error).splitlines()[0]}"
        raise ExpressionError(message) from error
    if len(trees) != 1 or trees[0] is None:
        message = f"'{text}' is not one expression"
        raise ExpressionError(message)
    tree = trees[0]
    for node in tree.walk():
        _check(node)
    columns = tuple(dict.fromkeys(column.name for column in tree.find_all(exp.Column)))
    return Expression(_lenient(tree).sql(dialect="spark"), columns)


def _check(node: exp.Expression) -> None:
    if isinstance(node, exp.Anonymous):
        if str(node.this).upper() not in _ALLOWED_NAMES:
            message = f"the function '{node.this}' is not allowed"
            raise ExpressionError(message)
    elif not isinstance(node, _ALLOWED):
        message = f"'{node.sql(dialect='spark')}' is not allowed in a mapping"
        raise ExpressionError(message)
    elif isinstance(node, exp.Column) and node.table:
        message = f"'{node.sql(dialect='spark')}' names a table; a mapping knows columns only (quote odd names with backticks)"
        raise ExpressionError(message)


def _lenient(tree: exp.Expression) -> exp.Expression:
    """Text columns as numbers where numbers are due; casts, time parsing and division that give NULL instead of failing."""

    def mend(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Column) and _wants_number(node):
            return sqlglot.parse_one(f"TRY_CAST({_quoted(node)} AS {_NUMBER})", read="spark")
        if isinstance(node, exp.Column):
            return exp.column(exp.to_identifier(node.name, quoted=True))
        if isinstance(node, exp.Cast) and not isinstance(node, exp.TryCast):
            return exp.TryCast(this=node.this, to=node.to)
        return node

    mended = tree.transform(mend)
    for division in list(mended.find_all(exp.Div)):
        replacement = exp.Anonymous(this="TRY_DIVIDE", expressions=[division.left.copy(), division.right.copy()])
        if division is mended:
            mended = replacement
        else:
            division.replace(replacement)
    for parsed in list(mended.find_all(exp.StrToTime)):
        text = parsed.sql(dialect="spark").replace("TO_TIMESTAMP(", "TRY_TO_TIMESTAMP(", 1)
        replacement = sqlglot.parse_one(text, read="spark")
        if parsed is mended:
            mended = replacement
        else:
            parsed.replace(replacement)
    return mended


def _quoted(column: exp.Column) -> str:
    return exp.to_identifier(column.name, quoted=True).sql(dialect="spark")


def _wants_number(column: exp.Column) -> bool:
    parent = column.parent
    while isinstance(parent, exp.Paren):
        parent = parent.parent
    if isinstance(parent, _ARITHMETIC):
        return True
    return isinstance(parent, (*_COMPARISON, exp.EQ, exp.NEQ)) and any(
        isinstance(side, exp.Literal) and not side.is_string for side in (parent.left, parent.right)
    )
