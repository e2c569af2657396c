"""Expectation suites, one a table, built from the checks that uploads must pass."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

import great_expectations as gx
import great_expectations.expectations as gxe

from recolake.uploads.checks import CHECKS, SUITE_VERSION, Check


def suite_name(check: Check) -> str:
    """Name of the suite that a check is in: its table's, with underscores."""
    return check.table.qualified.replace(".", "_")


def suite_names() -> list[str]:
    """Names of all suites there are."""
    return sorted({suite_name(check) for check in CHECKS})


def suites(measured: Mapping[str, float], thresholds: Mapping[str, float]) -> dict[str, gx.ExpectationSuite]:
    """The suites for what was measured of an upload, by name, at the tenant's thresholds.

    Each expects of one row, whose columns are the measures, that they keep within their limits.
    """
    judged = [check for check in CHECKS if check.name in measured]
    found = {}
    for name, checks in groupby(sorted(judged, key=suite_name), key=suite_name):
        suite = gx.ExpectationSuite(name=name, meta={"version": SUITE_VERSION})
        for check in checks:
            suite.add_expectation(_expectation(check, thresholds[check.name]))
        found[name] = suite
    return found


def _expectation(check: Check, limit: float) -> gxe.ExpectColumnValuesToBeBetween:
    bounds = {"min_value": limit} if check.at_least else {"max_value": limit}
    words = check.says.format("so much" if check.share else "so many")
    return gxe.ExpectColumnValuesToBeBetween(
        column=check.name, **bounds, notes=words, meta={"check": check.name, "points": check.points}
    )
