"""The second stage in an artefact: what concerns items in arrays that are mapped, and the networks."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recolake.errors import ArtifactError
from recolake.ranking.second_stage.catalogue import Catalogue
from recolake.ranking.second_stage.features import FEATURES
from recolake.ranking.second_stage.networks import Networks
from recolake.ranking.second_stage.scaling import Scaling
from recolake.ranking.second_stage.stage import SecondStage

STAGE_FILE = "second_stage.npz"
FACTS_FILE, NEIGHBOURS_FILE, NEARNESS_FILE = "item_facts.npy", "item_neighbours.npy", "item_nearness.npy"
STAGE_FILES = frozenset({STAGE_FILE, FACTS_FILE, NEIGHBOURS_FILE, NEARNESS_FILE})

_Arrays = Mapping[str, npt.NDArray[Any]]
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, IndexError, zipfile.BadZipFile)
_QUESTIONS = ("new_items", "all_items")


def stage_contents(stage: SecondStage) -> dict[str, bytes]:
    """What each of `STAGE_FILES` holds."""
    catalogue = stage.catalogue
    arrays: dict[str, npt.NDArray[Any]] = {
        "as_of": np.array(catalogue.as_of, dtype=np.int64),
        "names": np.array(catalogue.names, dtype=np.str_),
        "features": np.array(stage.features, dtype=np.str_),
        "depth": np.array(stage.depth, dtype=np.int64),
    }
    for question in _QUESTIONS:
        networks: Networks | None = getattr(stage, question)
        if networks is not None:
            arrays |= {f"{question}.{name}": array for name, array in _arrays(networks).items()}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return {
        STAGE_FILE: buffer.getvalue(),
        FACTS_FILE: _npy(catalogue.facts.astype(np.float32)),
        NEIGHBOURS_FILE: _npy(catalogue.neighbours.astype(np.int32)),
        NEARNESS_FILE: _npy(catalogue.nearness.astype(np.float32)),
    }


def open_stage(folder: Path, items: int) -> SecondStage:
    """Map what `stage_contents` gave, of an artefact with so many items.

    Raises:
        ArtifactError: it cannot be read, does not fit the artefact, or judges by features that this release
            does not make.
    """
    try:
        with np.load(folder / STAGE_FILE, allow_pickle=False) as found:
            held = dict(found.items())
        catalogue = Catalogue(
            int(held["as_of"]),
            tuple(held["names"].tolist()),
            *(_mapped(folder / name) for name in (FACTS_FILE, NEIGHBOURS_FILE, NEARNESS_FILE)),
        )
        new_items, all_items = (_networks(held, question) for question in _QUESTIONS)
        features, depth = tuple(held["features"].tolist()), int(held["depth"])
    except _UNREADABLE as error:
        raise ArtifactError(f"The second stage in {folder} cannot be read.") from error
    stage = SecondStage(catalogue, features, new_items, all_items, depth)
    if not catalogue.fits(items) or depth < 1:
        raise ArtifactError(f"The second stage in {folder} does not fit the index.")
    if features != (*FEATURES, *catalogue.names):
        raise ArtifactError(
            f"The second stage in {folder} judges by features that this release does not make.",
            hint="`recolake train` makes a model for this release.",
        )
    if not all(_sound(networks, len(features)) for networks in (new_items, all_items) if networks):
        raise ArtifactError(f"The networks in {folder} do not fit their features.")
    return stage


def _arrays(networks: Networks) -> dict[str, npt.NDArray[Any]]:
    knots = networks.scaling.knots
    found: dict[str, npt.NDArray[Any]] = {
        "knots": np.concatenate(knots),
        "ends": np.cumsum([len(part) for part in knots]),
        "gaps": np.array(networks.scaling.gaps, dtype=np.int64),
    }
    for number, (weight, bias) in enumerate(zip(networks.weights, networks.biases, strict=True)):
        found |= {f"weight.{number}": weight, f"bias.{number}": bias}
    return found


def _networks(held: _Arrays, question: str) -> Networks | None:
    own = {
        name.removeprefix(f"{question}."): array for name, array in held.items() if name.startswith(question)
    }
    if not own:
        return None
    knots: Sequence[npt.NDArray[np.float64]] = np.split(own["knots"], own["ends"][:-1])
    layers = range(sum(name.startswith("weight.") for name in own))
    weights, biases = ([own[f"{kind}.{layer}"] for layer in layers] for kind in ("weight", "bias"))
    return Networks(Scaling(knots, own["gaps"].tolist()), weights, biases)


def _sound(networks: Networks, features: int) -> bool:
    """Whether the layers follow from each other, from so many features on, and all numbers are finite."""
    scaling, wide = networks.scaling, networks.scaling.width
    members = len(networks.weights[0]) if networks.weights else 0
    for weight, bias in zip(networks.weights, networks.biases, strict=True):
        if (
            weight.ndim != 3
            or weight.shape[:2] != (members, wide)
            or bias.shape != (members, 1, weight.shape[2])
        ):
            return False
        wide = weight.shape[2]
    numbers: list[npt.NDArray[Any]] = [*networks.weights, *networks.biases, *scaling.knots]
    finite = all(np.isfinite(array).all() for array in numbers)
    ascending = all((np.diff(part) > 0).all() for part in scaling.knots)
    gaps = all(0 <= gap < features for gap in scaling.gaps)
    return bool(members and wide == 1 and len(scaling.knots) == features and finite and ascending and gaps)


def _mapped(path: Path) -> npt.NDArray[Any]:
    # Still mapped, but a plain array: `memmap` looks after each piece that is taken from it.
    array: npt.NDArray[Any] = np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    return array


def _npy(array: npt.NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()
