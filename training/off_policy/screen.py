"""An evaluation as a small table of text."""

from __future__ import annotations

from training.off_policy.evaluate import Evaluation
from training.off_policy.intervals import Interval


def table(found: Evaluation) -> list[str]:
    """Lines: the logging policy, every estimator with its difference to it, and what the weights are like."""
    lines = [f"{'':>8}  {'value':>9}  {'interval':<22}  {'against the log':<33}"]
    lines.append(f"{'logged':>8}  {_cell(found.logged)}")
    for name, estimated in found.estimates.items():
        versus = estimated.difference
        lines.append(f"{name:>8}  {_cell(estimated.value)}  {_cell(versus, '+')}")
    weights = found.diagnostics
    lines.append(
        f"weights: {weights.effective_sample_size:.1f} effective rows ({weights.effective_share:.1%}), "
        f"largest {weights.largest_weight:.4g}, mean {weights.mean_weight.value:.4f} (1 expected), "
        f"clipped {weights.clipped_share:.2%}"
    )
    lines += [f"warning: {warning}" for warning in found.warnings]
    return [line.rstrip() for line in lines]


def _cell(interval: Interval, sign: str = "-") -> str:
    bounds = f"[{interval.low:{sign}.5f}, {interval.high:{sign}.5f}]"
    return f"{interval.value:{sign}9.5f}  {bounds:<22}"
