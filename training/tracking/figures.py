"""Pictures of one training run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from recolake.quality import CHAMPION
from recolake.ranking.popularity import FloatArray
from training.evaluation.protocol import Target
from training.experiment import Results

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def metric_bars(results: Results, metric: str) -> Figure:
    """One metric of all models on both targets, with 95 % intervals."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, target in zip(figure.subplots(1, len(Target), sharey=True), Target, strict=True):
        named = {name: found[target].metrics[metric] for name, found in results.items() if target in found}
        values = np.array([estimate.value for estimate in named.values()])
        low = np.array([estimate.low for estimate in named.values()])
        high = np.array([estimate.high for estimate in named.values()])
        errors = np.maximum(0, np.array([values - low, high - values])) if named else None
        colours = ["tab:green" if name == CHAMPION else "tab:gray" for name in named]
        axes.barh(list(named), values, xerr=errors, color=colours, capsize=3)
        axes.set_title(f"{metric}, {target.value.replace('_', ' ')}")
        axes.invert_yaxis()
    return figure


def embedding(vectors: FloatArray, trend_scores: npt.NDArray[np.floating]) -> Figure:
    """Item vectors [I, d] in the plane of their two largest principal components, coloured by popularity."""
    from matplotlib.figure import Figure

    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    direction = vectors / np.maximum(length, 1e-9)
    centred = direction - direction.mean(axis=0)
    axes_of_variance = np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, :2]
    plane = centred @ axes_of_variance
    figure = Figure(figsize=(6, 5), layout="constrained")
    axes = figure.subplots()
    finite = np.isfinite(trend_scores)
    colour = np.where(finite, trend_scores, trend_scores[finite].min(initial=0.0)) if finite.any() else None
    points = axes.scatter(plane[:, 0], plane[:, -1], s=4, c=colour, cmap="viridis")
    figure.colorbar(points, label="trend score (log2)")
    axes.set_title("Item vectors, first two principal components")
    return figure
