"""Literals inside a mapping's expressions: what they say, and which ones Spark could not run."""

from __future__ import annotations

import re

from sqlglot import exp

_TIME_LETTERS = re.compile(
    r"(?:yyyy|yy|MMMM|MMM|MM|M|dd|d|EEEE|EEE|HH|H|hh|h|mm|m|ss|s|S{1,9}|a|XXX|XX|X|VV|z|'[^']*'|[^A-Za-z'\[\]{}#])+"
)


class ExpressionError(ValueError):
    """The text is not an expression that a mapping may hold."""


def literal_text(node: exp.Expr) -> str:
    """The text of a written-down literal."""
    if isinstance(node, exp.RawString) or (isinstance(node, exp.Literal) and node.is_string):
        return str(node.this)
    raise ExpressionError(f"'{node.sql(dialect='spark')}' should be a text, written down")


def check_pattern(node: exp.Expr, *others: exp.Expr) -> None:
    """Refuse a regular expression that does not compile, or a group in `others` that it does not have."""
    text = literal_text(node)
    try:
        groups = re.compile(text).groups
    except re.error as error:
        raise ExpressionError(f"'{text}' is not a regular expression ({error})") from error
    for other in others:
        if isinstance(other, exp.Literal) and not other.is_string:
            asked = [str(other.this)]
        else:
            replacement = literal_text(other)
            asked = re.findall(r"\$(\d+)", replacement)
            if len(asked) != replacement.count("$") or "\\" in replacement:
                raise ExpressionError(f"'{replacement}' should be text with $1, $2, … for the groups")
        if any(not group.isdigit() or int(group) > groups for group in asked):
            raise ExpressionError(f"'{text}' has {groups} groups, fewer than are asked for")


def check_time_format(node: exp.Expr) -> None:
    """Refuse a time format with letters that Spark's parser does not know."""
    text = literal_text(node)
    if not _TIME_LETTERS.fullmatch(text):
        raise ExpressionError(f"'{text}' is not a time format; write for example yyyy-MM-dd HH:mm:ss")
