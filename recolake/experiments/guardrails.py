"""Whether a challenger does harm, asked as often as one likes.

People are assigned by chance: each gets the challenger with probability p. Let Y be what a person's total
of a metric would be either way. Without harm, the sum over people of (Z - p) Y, with Z = 1 for the
challenger's, has mean 0 and variance p (1 - p) sum(Y^2), whoever these people are and however their answers
hang together: the chance is in the assignment alone. That is what is tested; no request is taken to be
independent of another of the same person.

As time goes by, a person's total only grows. So at two times s < t the covariance of the sum is at least
its variance at s, that is, at least that of Brownian motion run by the variance. By Slepian's inequality
the sum then crosses a boundary with no greater chance than Brownian motion does, for which `log_evidence`
is made. (The sum is taken to be normal, hence the least number of people.) The variance does not depend on
who got what, so neither does the scale that is taken from it at the first look.

A margin m moves the question to "worse by more than the share m": the champion's totals count (1 + m) times
where more is harm, (1 - m) times where less is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from recolake.experiments.document import Experiment, Metric
from recolake.experiments.outcomes import Outcomes, Total
from recolake.experiments.sequential import anytime_p_value, log_evidence

LEAST_PEOPLE = 30
"""People with anything to count, each half with a variant; a sum over fewer is not taken to be normal.

An uneven split makes the sum skewed, so it needs more: as many as have the same variance of (Z - p).
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one guardrail says.

    Attributes:
        people: how many had anything to count, in both variants.
        needed: how many it takes to judge.
        p_value: anytime-valid; None while they are too few.
        harmful: whether it stops the experiment.
    """

    metric: Metric
    people: int
    needed: int
    champion_mean: float
    challenger_mean: float
    p_value: float | None
    harmful: bool

    @property
    def sentence(self) -> str:
        means = f"{self.metric} a person {self.challenger_mean:.4g}, the champion's {self.champion_mean:.4g}"
        if self.p_value is None:
            return f"{means}; too few people to judge ({self.people} of {self.needed})"
        return f"{means}; anytime p-value of harm {self.p_value:.2g}"


def excess_of(share: float, margin: float, metric: Metric, outcomes: Outcomes) -> tuple[float, float]:
    """The harm beyond what chance expects, and its variance if there is none."""
    champion, challenger = outcomes.champion.total(metric), outcomes.challenger.total(metric)
    weight = 1 + metric.harm * margin
    excess = metric.harm * ((1 - share) * challenger.value - share * weight * champion.value)
    variance = share * (1 - share) * (challenger.squares + weight * weight * champion.squares)
    return excess, variance


def people_needed(share: float) -> int:
    """How many people with anything to count it takes to judge, of whom `share` get the challenger."""
    return math.ceil(LEAST_PEOPLE / (4 * share * (1 - share)))


def scaled(experiment: Experiment, outcomes: Outcomes) -> Experiment:
    """The experiment with a scale for each metric that has enough people for the first time."""
    fresh = {
        metric: variance
        for metric in Metric
        if metric not in experiment.scales
        and _people(metric, outcomes) >= people_needed(experiment.share)
        and (variance := _excess(experiment, metric, outcomes)[1]) > 0
    }
    if not fresh:
        return experiment
    return experiment.model_copy(update={"scales": {**experiment.scales, **fresh}})


def judge(experiment: Experiment, outcomes: Outcomes) -> tuple[Verdict, ...]:
    """What every guardrail says; one without a scale yet has too few people."""
    return tuple(_judge(experiment, metric, outcomes) for metric in Metric)


def _judge(experiment: Experiment, metric: Metric, outcomes: Outcomes) -> Verdict:
    scale = experiment.scales.get(metric)
    evidence = None if scale is None else log_evidence(*_excess(experiment, metric, outcomes), scale)
    return Verdict(
        metric=metric,
        people=_people(metric, outcomes),
        needed=people_needed(experiment.share),
        champion_mean=_mean(outcomes.champion.total(metric), outcomes.champion.users),
        challenger_mean=_mean(outcomes.challenger.total(metric), outcomes.challenger.users),
        p_value=None if evidence is None else anytime_p_value(evidence),
        harmful=evidence is not None and evidence >= math.log(1 / experiment.guardrails.alpha_each),
    )


def _excess(experiment: Experiment, metric: Metric, outcomes: Outcomes) -> tuple[float, float]:
    return excess_of(experiment.share, experiment.guardrails.margin(metric), metric, outcomes)


def _people(metric: Metric, outcomes: Outcomes) -> int:
    return outcomes.champion.total(metric).people + outcomes.challenger.total(metric).people


def _mean(total: Total, users: int) -> float:
    return total.value / users if users else 0.0
