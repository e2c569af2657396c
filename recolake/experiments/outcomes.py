"""What came of an experiment: one row a variant of `gold.experiment_outcomes`, as sums over people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from recolake.experiments.document import Experiment, Metric, Variant
from recolake.lake.read import read_tenant
from recolake.lake.tables import GOLD_EXPERIMENT_OUTCOMES
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True, slots=True)
class Total:
    """A number for each person, added up.

    Attributes:
        value: its sum over people.
        squares: the sum of its squares.
        people: for how many it is not 0.
    """

    value: float = 0.0
    squares: float = 0.0
    people: int = 0


@dataclass(frozen=True, slots=True)
class Arm:
    """One variant: people who were answered, and what they were and did, as totals over them.

    Attributes:
        exposures: answers.
        clicks: answers after which the person did something that says they want what was shown.
        conversions: answers after which they bought some of it.
        revenue: worth of those purchases.
        failures: answers that fell short: of the challenger, or of features.
        slow: answers that took longer than a bound.
        clicks_by_exposures: sum over people of clicks times exposures.
    """

    users: int = 0
    exposures: Total = Total()
    clicks: Total = Total()
    conversions: Total = Total()
    revenue: Total = Total()
    failures: Total = Total()
    slow: Total = Total()
    clicks_by_exposures: float = 0.0

    def total(self, metric: Metric) -> Total:
        """The one that a guardrail watches."""
        found: Total = getattr(self, metric.value)
        return found


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Both sides of one experiment."""

    champion: Arm = Arm()
    challenger: Arm = Arm()


def arm_of(row: Mapping[str, Any]) -> Arm:
    """One row of the table."""

    def total(name: str) -> Total:
        return Total(float(row[name]), float(row[f"{name}_squared"]), int(row[f"{name}_people"]))

    return Arm(
        users=int(row["users"]),
        exposures=Total(float(row["exposures"]), float(row["exposures_squared"]), int(row["users"])),
        clicks=total("clicks"),
        conversions=total("conversions"),
        revenue=total("revenue"),
        failures=total("failures"),
        slow=total("slow"),
        clicks_by_exposures=float(row["clicks_by_exposures"]),
    )


def read_outcomes(
    spark: SparkSession, settings: Settings, tenant: Tenant, experiment: Experiment
) -> Outcomes:
    """What the lake knows of an experiment so far; nothing where nobody was answered yet.

    Raises:
        NotFoundError: the table was never built.
    """
    rows = read_tenant(spark, settings, GOLD_EXPERIMENT_OUTCOMES, tenant)
    found = rows.where(rows.experiment_id == experiment.experiment_id).collect()
    arms = {row["variant"]: arm_of(row.asDict()) for row in found}
    return Outcomes(arms.get(Variant.CHAMPION, Arm()), arms.get(Variant.CHALLENGER, Arm()))
