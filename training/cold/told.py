"""What a training says of items and people without history, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

_ITEMS = (
    ("from_content", "by content"),
    ("likeness_to_own_items", "by likeness to own items"),
    ("popularity_of_like_items", "by popularity of like items"),
)
_PEOPLE = (("from_attributes", "by attributes"), ("popularity", "by popularity"))
_METRIC = "ndcg@10"


def told_of_cold(figures: Mapping[str, float]) -> Iterator[str]:
    """Lines for a terminal; none where nothing is known of items and people beside what happened.

    Args:
        figures: `TrainReport.cold`.
    """
    for side, asked in (("items", _ITEMS), ("people", _PEOPLE)):
        reached = [
            f"{said} {figures[name]:.4f}"
            for who, said in asked
            if (name := f"{side}.{who}.{_METRIC}") in figures
        ]
        served, hidden = (int(figures.get(f"{side}.{what}", 0)) for what in ("served", "hidden"))
        if reached:
            yield f"{side} without history: of {hidden:,} hidden ones {_METRIC} {', '.join(reached)}"
        if served:
            yield f"{side} without history: {served:,} have vectors"
    gain = f"lists.gain.{_METRIC}"
    if gain in figures:
        low, high = figures[f"{gain}_low"], figures[f"{gain}_high"]
        share = 100 * figures["lists.share_of_newcomers"]
        yield (
            f"lists with hidden items: {share:.1f} % of the places are theirs, {_METRIC} changes by "
            f"{figures[gain]:+.4f} ({low:+.4f} to {high:+.4f})"
        )
