"""What an experiment says about its variants: figures, intervals, and whether they can be believed."""

from __future__ import annotations

from dataclasses import dataclass

from recolake.experiments.document import Experiment
from recolake.experiments.guardrails import Verdict, judge
from recolake.experiments.intervals import Difference, click_through, means, proportions
from recolake.experiments.outcomes import Arm, Outcomes
from recolake.experiments.sample_ratio import FLAGGED_BELOW, sample_ratio_p_value


@dataclass(frozen=True, slots=True)
class Analysis:
    """Of one experiment, as of what the lake knows.

    Attributes:
        figures: by name; CTR is clicks an answer, the others are per person.
        sample_ratio_p: chance of a split of people as far off as this.
        verdicts: the guardrails'.
    """

    experiment: Experiment
    outcomes: Outcomes
    figures: dict[str, Difference]
    sample_ratio_p: float
    verdicts: tuple[Verdict, ...]

    @property
    def mismatch(self) -> bool:
        """Whether people were not split as they should have been."""
        return self.sample_ratio_p < FLAGGED_BELOW


def analyse(experiment: Experiment, outcomes: Outcomes) -> Analysis:
    """All of it."""
    champion, challenger = outcomes.champion, outcomes.challenger
    return Analysis(
        experiment,
        outcomes,
        {
            "ctr": click_through(champion, challenger),
            "conversion": _shares(champion, challenger),
            "revenue": means(champion.revenue, champion.users, challenger.revenue, challenger.users),
            "failures": means(champion.failures, champion.users, challenger.failures, challenger.users),
            "slow": means(champion.slow, champion.users, challenger.slow, challenger.users),
        },
        sample_ratio_p_value(champion.users, challenger.users, experiment.share),
        judge(experiment, outcomes),
    )


def _shares(champion: Arm, challenger: Arm) -> Difference:
    """People who bought something that they were shown."""
    return proportions(champion.conversions, champion.users, challenger.conversions, challenger.users)
