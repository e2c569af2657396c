"""The options of `recolake evaluate`, checked."""

from __future__ import annotations

from pathlib import Path

from recolake.errors import InvalidInputError
from training.benchmark.load import Loaded, Split, load_files, load_split
from training.benchmark.problem import Target
from training.datasets.features import NOTHING, Described
from training.files.features import read_features


def cutoffs(text: str) -> tuple[int, ...]:
    """`10,20` as numbers, ascending, each once."""
    try:
        ks = sorted({int(part) for part in text.split(",")})
    except ValueError:
        ks = [0]
    if ks[0] < 1:
        raise InvalidInputError(f"--k {text} is no list of whole numbers.", hint="For example: --k 10,20")
    return tuple(ks)


def targeted(text: str) -> Target:
    """What counts as foreseen."""
    if text not in list(Target):
        raise InvalidInputError(f"--target {text} is neither new nor all.")
    return Target(text)


def files(
    train: Path | None,
    test: Path | None,
    valid: Path | None,
    negatives: Path | None,
    data: Path | None,
    split: str | None,
    target: Target,
    seed: int = 0,
    described: Described = NOTHING,
) -> Loaded:
    """Either train and test, with what may go with them, or one file and a split."""
    if data is not None:
        if train or test or valid or negatives:
            raise InvalidInputError("--data goes with --split alone, not with --train, --test and the like.")
        if split not in list(Split):
            raise InvalidInputError(f"--data needs --split {', '.join(Split)}.")
        return load_split(data, Split(split), target, seed, described)
    if train is None or test is None or split is not None:
        raise InvalidInputError(
            "Give --train and --test, or --data and --split.", hint="See docs/howto/evaluate-on-files.md."
        )
    return load_files(train, test, valid, negatives, target, described)


def described_by(users: Path | None, items: Path | None) -> Described:
    """What is known of both sides beside their events."""
    return Described(
        read_features(users, "user") if users else None, read_features(items, "item") if items else None
    )
