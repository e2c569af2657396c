"""How deep an expression may be nested: the same everywhere, whatever room the caller's stack has left.

A mapping that is accepted when files are landed must still be readable when they are ingested, deep inside a
scheduler. Parser and writer both recurse, by up to 23 and 5 frames a level, within Python's 1,000.
"""

from __future__ import annotations

from sqlglot import exp

from recolake.contracts.literals import ExpressionError

MOST_NESTED = 30
"""Levels of parentheses, functions, CASE and the like."""
LONGEST_CHAIN = 100
"""Levels including those of a chain such as `a || b || c`, which the parser takes without recursion."""


def too_deep() -> ExpressionError:
    return ExpressionError(
        f"the expression is nested too deeply (at most {MOST_NESTED} levels, and chains of {LONGEST_CHAIN})"
    )


def check_depth(tree: exp.Expr) -> None:
    """Refuse a tree that is too deep. Raises ExpressionError."""
    waiting: list[tuple[exp.Expr, int, int]] = [(tree, 1, 1)]
    while waiting:
        node, nested, levels = waiting.pop()
        if nested > MOST_NESTED or levels > LONGEST_CHAIN:
            raise too_deep()
        chained = node.args.get("this") if isinstance(node, exp.Binary) else None
        waiting.extend(
            (child, nested + (child is not chained), levels + 1) for child in node.iter_expressions()
        )
