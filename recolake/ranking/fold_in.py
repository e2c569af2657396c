"""Folding in: a person's vector from what they did, without training anything.

A vector of implicit-feedback matrix factorisation solves (Y'Y + Y'CY + aI) x = Y'(1 + c) over the person's
items (Hu, Koren and Volinsky, ICDM 2008, section 4), where Y holds the vectors of items and c the confidence
in each. With the vectors of items held fixed, what a person did since is more items in the same system. A
vector of a linear filter is a weighted sum of vectors of items, to which new ones are added. What made other
vectors cannot be asked again: there a person moves towards the mean of what they did.

A session, of which nothing is known but its items, is such a system of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recolake.moments import microseconds
from recolake.profile.deeds import Recent
from recolake.ranking.artifact import Artifact
from recolake.ranking.evidence import Evidence
from recolake.ranking.popularity import FloatArray

_Double = npt.NDArray[np.float64]
_Rows = npt.NDArray[np.integer[Any]]
# Of models that explain nothing: so much must be done for new deeds to count as much as the old vector.
_HALFWAY = 2.0


@dataclass(frozen=True)
class Fresh:
    """What a person did that their vector does not hold.

    Attributes:
        rows: [n] of the index, ascending, each once.
        strength: [n] what was done with each, by the weights of events.
    """

    rows: _Rows
    strength: _Double


@dataclass(frozen=True)
class Made:
    """What a vector is made from.

    Attributes:
        items: [n] rows of the index.
        confidence: [n] above the 1 of every item that the person has not, or weights of a sum.
        prior: [d] what stands for all of a person that is not told; None where everything is.
    """

    items: _Rows
    confidence: _Double
    prior: FloatArray | None = None


def folded(
    artifact: Artifact, pseudonym: str, vector: FloatArray | None, recent: Recent
) -> tuple[FloatArray, Made | None] | None:
    """The vector of a person with what they did just now, and what it is made from, where that can be told.

    Args:
        vector: [d] the model's own; None where it does not know the person.

    Returns:
        None where nothing was done just now with an item of the index that the vector does not hold already.
    """
    if not recent.items:
        return None
    evidence = artifact.evidence
    own = evidence.of_person(pseudonym) if evidence is not None and vector is not None else None
    fresh = _fresh(artifact, own, recent)
    if not len(fresh.rows):
        return None
    if evidence is None:
        return _towards_mean(artifact, vector, fresh), None
    # A vector that the evidence does not tell of is one by what the person is.
    made = _joined(artifact, evidence, own, fresh, vector if own is None else None)
    return solved(artifact, made).astype(np.float32), made


def solved(artifact: Artifact, made: Made) -> _Double:
    """[d] the vector made from this."""
    found: _Double = parts(artifact, made).sum(axis=1) + _prior_part(artifact, made)
    return found


def of_items(artifact: Artifact, rows: _Rows, weights: npt.NDArray[np.floating[Any]]) -> Made:
    """What a vector of these items alone is made from, the weight of each being relative to 1.

    In a least-squares problem an item of weight 1 has the confidence of the typical entry. Elsewhere the
    vector is the weighted mean of the items' vectors: exact, but for its length, for a model that adds them
    up, and an approximation for others.
    """
    evidence = artifact.evidence
    exact = weights.astype(np.float64)
    if evidence is not None and evidence.regularization is not None:
        return Made(rows, exact * evidence.typical)
    return Made(rows, exact / max(float(exact.sum()), 1e-9))


def parts(artifact: Artifact, made: Made) -> _Double:
    """[d, n] what each item adds to the vector."""
    evidence = artifact.evidence
    if evidence is None or evidence.regularization is None:
        summed: _Double = artifact.vectors[made.items].T.astype(np.float64) * made.confidence
        return summed
    return solve(artifact.vectors, artifact.gram, evidence.regularization, made.items, made.confidence)


def solve(
    vectors: FloatArray,
    gram: _Double,
    regularization: float,
    items: _Rows,
    confidence: npt.NDArray[np.floating[Any]],
) -> _Double:
    """[d, n] what each of n own items adds to the person's vector: c_j W y_j.

    Args:
        vectors: [I, d] of all items.
        gram: [d, d] their products with each other, summed.
        confidence: [n], above the 1 of items that the person has not.
    """
    near, extra = vectors[items].astype(np.float64), confidence.astype(np.float64)
    system = _system(gram, regularization, near, extra)
    found: _Double = np.linalg.solve(system, near.T * (1 + extra)).astype(np.float64, copy=False)
    return found


def _prior_part(artifact: Artifact, made: Made) -> _Double | float:
    """[d] what the prior adds: it holds as firmly as if the person had none of the items otherwise."""
    if made.prior is None:
        return 0.0
    evidence, prior = artifact.evidence, made.prior.astype(np.float64)
    if evidence is None or evidence.regularization is None:
        return prior
    near = artifact.vectors[made.items].astype(np.float64)
    firm = artifact.gram @ prior + evidence.regularization * prior
    system = _system(artifact.gram, evidence.regularization, near, made.confidence)
    found: _Double = np.linalg.solve(system, firm).astype(np.float64, copy=False)
    return found


def _system(gram: _Double, regularization: float, near: _Double, extra: _Double) -> _Double:
    """[d, d] Y'Y + Y'CY + aI."""
    system: _Double = gram + near.T @ (extra[:, None] * near) + regularization * np.eye(len(gram))
    return system


def _fresh(artifact: Artifact, own: tuple[_Rows, FloatArray] | None, recent: Recent) -> Fresh:
    """What counts: what was done with items that the vector holds nothing of, or since the model was made."""
    rows = artifact.items.rows(recent.items)
    counts = rows >= 0
    if own is not None:
        since = np.asarray(recent.times) > microseconds(artifact.manifest.created_at)
        counts &= since | ~np.isin(rows, own[0])
    each, place = np.unique(rows[counts], return_inverse=True)
    weights = np.asarray(recent.weights, dtype=np.float64)[counts]
    return Fresh(each, np.bincount(place, weights, minlength=len(each)).astype(np.float64, copy=False))


def _joined(
    artifact: Artifact,
    evidence: Evidence,
    own: tuple[_Rows, FloatArray] | None,
    fresh: Fresh,
    prior: FloatArray | None,
) -> Made:
    """The person's items with the fresh ones among them."""
    held = dict(zip(own[0].tolist(), own[1].astype(np.float64).tolist(), strict=True)) if own else {}
    before = np.array([held.get(row, 0.0) for row in fresh.rows.tolist()])
    if evidence.regularization is None:
        most = evidence.strongest(fresh.rows)
        after = np.minimum(before + most * fresh.strength, np.maximum(most, before))
    else:
        after = _confidence(artifact, before, fresh.strength)
    held |= dict(zip(fresh.rows.tolist(), after.tolist(), strict=True))
    return Made(np.array(list(held), dtype=np.int64), np.array(list(held.values())), prior)


def _confidence(artifact: Artifact, before: _Double, strength: _Double) -> _Double:
    """What the solver of the model makes of more strength: alpha times it, or times log(1 + it)."""
    settings = (artifact.manifest.config.get("algorithm") or {}).get("settings") or {}
    alpha = float(settings.get("alpha", 1.0))
    if not settings.get("logarithmic", False):
        return before + alpha * strength
    after: _Double = alpha * np.log1p(np.expm1(before / alpha) + strength)
    return after


def _towards_mean(artifact: Artifact, vector: FloatArray | None, fresh: Fresh) -> FloatArray:
    """The mean of the items' vectors; of somebody who has a vector, between the two by how much was done."""
    total = float(fresh.strength.sum())
    mean = solved(artifact, of_items(artifact, fresh.rows, fresh.strength))
    if vector is None:
        return mean.astype(np.float32)
    share, length = total / (total + _HALFWAY), float(np.linalg.norm(vector))
    aligned = mean * (length / max(float(np.linalg.norm(mean)), 1e-9))
    blended: _Double = (1 - share) * vector.astype(np.float64) + share * aligned
    return blended.astype(np.float32)
