"""What is expected of an upload: each check once, with its limit, its points and its words (docs/adr/0024).

`expectations` makes the suites of Great Expectations from this list. What is measured here is plain
arithmetic on counts; a check that nothing speaks for or against (no history yet, too few rows) is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from recolake.contracts.rules import RULES
from recolake.lake.tables import BRONZE_EVENTS, BRONZE_QUARANTINE, BRONZE_UPLOADS, SILVER_ITEMS, Table
from recolake.uploads.profile import History, Profile, divergence

SUITE_VERSION = "1"
HOLD_BELOW, HISTORY_DAYS, FEW_ROWS, HISTORY_ROWS, SAMPLE_ROWS = (
    "hold_below",
    "history_days",
    "few_rows",
    "history_rows",
    "sample_rows",
)
_MINOR, _GRAVE = 10, 45
_LEAST_HISTORY = 7


@dataclass(frozen=True, slots=True)
class Check:
    """One expectation of an upload.

    Attributes:
        name: stable; also the name of its limit among the thresholds.
        table: whose suite it is in.
        limit: the most that may be measured, or the least if `at_least`.
        points: what the score loses if it is not met.
        says: what was measured, in words; `{measured}` and `{limit}` as percentages or numbers.
        share: whether the measure is a share, shown as a percentage.
    """

    name: str
    table: Table
    limit: float
    points: int
    says: str
    share: bool = True
    at_least: bool = False

    def met(self, measured: float, limit: float) -> bool:
        """Whether what was measured is within the limit, which belongs to what is allowed."""
        return measured >= limit if self.at_least else measured <= limit

    def words(self, measured: float, limit: float) -> str:
        """The sentence for people."""
        shown = (f"{x:.1%}" if self.share else f"{x:.2f}" for x in (measured, limit))
        found, allowed = shown
        bound = "at least" if self.at_least else "at most"
        return f"{self.says.format(found)} ({bound} {allowed})"


CHECKS: tuple[Check, ...] = (
    *(
        Check(rule.reason, BRONZE_EVENTS, rule.tolerated, _MINOR, f"{rule.explanation}: {{}} of the rows")
        for rule in RULES
    ),
    Check("quarantined", BRONZE_QUARANTINE, 0.3, _GRAVE, "{} of the rows break some rule"),
    Check(
        "volume_high",
        BRONZE_UPLOADS,
        5.0,
        _GRAVE,
        "Its days have {} times the rows of a usual day",
        share=False,
    ),
    Check(
        "volume_low",
        BRONZE_UPLOADS,
        0.2,
        _MINOR,
        "Its days have {} times the rows of a usual day",
        share=False,
        at_least=True,
    ),
    Check("drift_types", BRONZE_UPLOADS, 0.2, _GRAVE, "Types of events moved by {} bits", share=False),
    Check("drift_prices", BRONZE_UPLOADS, 0.25, _GRAVE, "Prices moved by {} bits", share=False),
    Check("drift_values", BRONZE_UPLOADS, 0.25, _GRAVE, "Values moved by {} bits", share=False),
    Check("anonymous", BRONZE_UPLOADS, 0.5, _MINOR, "{} more of the rows than usual name no person"),
    Check(
        "freshness",
        BRONZE_UPLOADS,
        7.0,
        _MINOR,
        "Its newest event came {} days later than usual",
        share=False,
    ),
    Check("unknown_items", SILVER_ITEMS, 0.9, _GRAVE, "{} of the rows are about items never seen before"),
    Check("untitled_items", SILVER_ITEMS, 0.2, _MINOR, "{} of the rows are about items that nobody named"),
)
BY_NAME: Mapping[str, Check] = {check.name: check for check in CHECKS}
SETTINGS: Mapping[str, float] = {
    HOLD_BELOW: 60.0,
    HISTORY_DAYS: 28.0,
    FEW_ROWS: 5.0,
    HISTORY_ROWS: 1000.0,
    SAMPLE_ROWS: 200.0,
}
"""Score under which an upload is held; days of history; broken rows that are too few to fail a rule; rows of
history, and of the upload, below which nothing is compared with the past."""
DEFAULTS: Mapping[str, float] = {**{check.name: check.limit for check in CHECKS}, **SETTINGS}


@dataclass(frozen=True, slots=True)
class Tally:
    """Rows of an upload that are no repeats, and how many of them break which rule."""

    accepted: int
    quarantined: int
    reasons: Mapping[str, int]

    @property
    def rows(self) -> int:
        return self.accepted + self.quarantined


def measure(
    tally: Tally, profile: Profile, history: History, thresholds: Mapping[str, float], today: date
) -> dict[str, float]:
    """What can be said of an upload, by check. Too few broken rows to fail a rule count as none.

    Args:
        today: day of the landing, UTC: a day that is not over yet is not too small.
    """
    few, found = thresholds[FEW_ROWS], {}
    if tally.rows:
        for rule in RULES:
            broken = tally.reasons.get(rule.reason, 0)
            enough = broken >= few or not thresholds[rule.reason]
            found[rule.reason] = broken / tally.rows if enough else 0.0
        found["quarantined"] = tally.quarantined / tally.rows if tally.quarantined >= few else 0.0
    if profile.rows and profile.titled is not None:
        unnamed = profile.rows - profile.titled
        found["untitled_items"] = unnamed / profile.rows if unnamed >= few else 0.0
    if history.rows >= thresholds[HISTORY_ROWS] and len(history.days) >= _LEAST_HISTORY and profile.rows:
        found |= _against_the_past(profile, history, thresholds, today)
    return found


def _against_the_past(
    profile: Profile, history: History, thresholds: Mapping[str, float], today: date
) -> dict[str, float]:
    found = _volume(profile, history, int(thresholds[HISTORY_DAYS]), today)
    if profile.lag_days is not None and history.usual_lag is not None:
        found["freshness"] = max(profile.lag_days - history.usual_lag, 0.0)
    if profile.rows < thresholds[SAMPLE_ROWS]:
        return found
    found["anonymous"] = max(profile.anonymous / profile.rows - history.anonymous / history.rows, 0.0)
    if profile.known is not None:
        found["unknown_items"] = 1 - profile.known / profile.rows
    pairs = {
        "drift_types": (profile.types, history.types),
        "drift_prices": (profile.prices, history.prices),
        "drift_values": (profile.worths, history.worths),
    }
    for name, (now, past) in pairs.items():
        if min(sum(now.values()), sum(past.values())) >= thresholds[SAMPLE_ROWS]:
            found[name] = divergence(now, past)
    return found


def _volume(profile: Profile, history: History, span: int, today: date) -> dict[str, float]:
    """Rows of the upload's days, those that came earlier included, against a usual day before them."""
    first = profile.first_day
    assert first is not None
    since = (first - timedelta(days=span)).isoformat()
    before = [rows for day, rows in history.days.items() if since <= day < first.isoformat()]
    if len(before) < _LEAST_HISTORY:
        return {}
    usual = median(before)
    totals = {day: rows + history.days.get(day, 0) for day, rows in profile.days.items()}
    found = {"volume_high": median(totals.values()) / usual}
    over = [rows for day, rows in totals.items() if day < today.isoformat()]
    if over:
        found["volume_low"] = median(over) / usual
    return found


def score(failed: Mapping[str, float] | list[str]) -> float:
    """100 less the points of every check that was not met, 0 at least."""
    return float(max(100 - sum(BY_NAME[name].points for name in failed), 0))
