"""Expectation suites, built from the rules that rows must keep."""

from __future__ import annotations

import great_expectations as gx
import great_expectations.expectations as gxe

from recolake.contracts.rules import RULES, Rule

EVENTS_SUITE = "bronze_events"


def breaks_column(rule: Rule) -> str:
    """Name of the boolean column that says whether a row breaks the rule."""
    return f"breaks_{rule.reason}"


def events_suite() -> gx.ExpectationSuite:
    """What is expected of an upload's rows, repeats left out: that few break each rule."""
    suite = gx.ExpectationSuite(name=EVENTS_SUITE)
    for rule in RULES:
        suite.add_expectation(
            gxe.ExpectColumnValuesToBeInSet(
                column=breaks_column(rule),
                value_set=[False],
                mostly=1.0 - rule.tolerated,
                notes=f"{rule.explanation}; at most {rule.tolerated:.0%} of the rows",
            )
        )
    return suite
