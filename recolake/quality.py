"""What figures of quality are called in reports, and in MLflow, where training writes and others read."""

from __future__ import annotations

from collections.abc import Mapping

# metrics[who][target][metric]: who is the champion or a baseline, target `new_items` or `all_items`.
Metrics = dict[str, dict[str, dict[str, float]]]
CHAMPION = "champion"
ONE_STAGE = "champion_without_second_stage"
"""The champion as it would rank if it had no second stage; not there where it has none."""


def logged_name(who: str, target: str, metric: str) -> str:
    """MLflow's name of a metric: `<who>/<target>/<metric>`. It allows no @, so `ndcg@10` is `ndcg_at_10`."""
    return f"{who}/{target}/{metric.replace('@', '_at_')}"


COLD = "cold."
"""Metrics of those without history begin so: `cold.items.served`, `cold.items.from_content.ndcg_at_10`, …"""


def cold_figures(logged: Mapping[str, float]) -> dict[str, float]:
    """A run's metrics of items and people without history, by the rest of their names."""
    found = {name: value for name, value in sorted(logged.items()) if name.startswith(COLD)}
    return {name.removeprefix(COLD).replace("_at_", "@"): value for name, value in found.items()}


def by_slice(logged: Mapping[str, float], who: str) -> Metrics:
    """One model's metrics on the named slices: by target, then slice; logged as `<target>/<slice>`."""
    found: Metrics = {}
    for name, value in sorted(logged.items()):
        parts = name.split("/")
        if len(parts) == 4 and parts[0] == who:
            _, target, part, metric = parts
            found.setdefault(target, {}).setdefault(part, {})[metric.replace("_at_", "@")] = value
    return found


def by_who(logged: Mapping[str, float]) -> Metrics:
    """A run's metrics as in reports: the champion first, then the baselines by name; no other metrics."""
    found: Metrics = {}
    for name, value in sorted(logged.items(), key=lambda entry: (not entry[0].startswith(CHAMPION), entry)):
        parts = name.split("/")
        if len(parts) == 3:
            who, target, metric = parts
            found.setdefault(who, {}).setdefault(target, {})[metric.replace("_at_", "@")] = value
    return found
