"""The self-attention model: what it learns, what it must not see, and that a stop changes nothing."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from recolake.ranking.ragged import Ragged
from training.datasets.interactions import Interactions
from training.models.sasrec.config import Config
from training.models.sasrec.model import SasRec
from training.models.sasrec.network import Network
from training.models.sequential import trainer
from training.models.sequential.batches import newest, shuffled, windows
from training.models.sequential.held_out import foreseen, held_out
from training.models.sequential.loss import Negatives, against_all, against_some

ITEMS = 30
SMALL = Config(dimension=16, epochs=6, batch_places=256, learning_rate=0.005, item_learning_rate=0.02)


@pytest.fixture(scope="module")
def circle() -> Interactions:
    """A hundred people walk round a circle of items, one step at a time; forwards, never back."""
    random = np.random.default_rng(0)
    walks = (random.integers(ITEMS, size=100)[:, None] + np.arange(9)) % ITEMS
    user, day = np.repeat(np.arange(100), 9), np.tile(np.arange(9), 100)
    texts = [np.array([f"{n:03}" for n in column]) for column in (user, walks.ravel())]
    return Interactions.of(*texts, day, np.ones(len(day)))


def _ragged(*rows: list[int]) -> Ragged:
    return Ragged(
        np.cumsum([0, *map(len, rows)]), np.concatenate([np.array(r, dtype=np.int64) for r in rows])
    )


def _network(items: int = ITEMS) -> Network:
    torch.manual_seed(0)
    return Network(SMALL, torch.randn(items, SMALL.dimension)).eval()


@pytest.mark.parametrize("all_items", [ITEMS, 0], ids=["all items", "a sample"])
def test_it_learns_which_way_people_go(circle: Interactions, all_items: int) -> None:
    config = SMALL.model_copy(
        update={"all_items_up_to": all_items, "negatives": 16, "epochs": 20, "layers": 2}
    )
    scores = SasRec(config.model_copy(update={"patience": 40}), seed=1).fit(circle, 8).scores(np.arange(100))
    scores[circle.met.nonzero()] = -np.inf
    last = circle.item[circle.day == 8]
    assert (scores.argmax(axis=1) == (last + 1) % ITEMS).mean() > 0.8


def test_a_score_is_the_product_of_the_two_vectors(circle: Interactions) -> None:
    model = SasRec(SMALL, seed=1).fit(circle, 8)
    assert model.user_vectors.dtype == model.item_vectors.dtype == np.float32
    np.testing.assert_allclose(model.scores(np.array([7])), model.user_vectors[[7]] @ model.item_vectors.T)


def test_no_place_sees_what_comes_after_it() -> None:
    network, read = _network(), torch.randint(ITEMS, (4, 10))
    changed = read.clone()
    changed[:, 6:] = torch.randint(ITEMS, (4, 4))
    with torch.inference_mode():
        torch.testing.assert_close(network(read)[:, :6], network(changed)[:, :6])
        torch.testing.assert_close(network(read)[:, :6], network(read[:, :6]))


def test_windows_foresee_every_item_but_the_first_once() -> None:
    walked = _ragged(list(range(10)), [4], [], [7, 8])
    found = windows(walked, 4)
    rows = [found.take(np.array([n])).rows.tolist() for n in range(len(found))]
    assert rows == [[5, 6, 7, 8, 9], [1, 2, 3, 4, 5], [0, 1], [7, 8]]
    assert newest(walked, 3).rows.tolist() == [7, 8, 9, 4, 7, 8]


def test_each_sequence_is_in_one_batch_and_no_batch_is_too_large() -> None:
    lengths = np.random.default_rng(0).integers(1, 40, 300)
    torch.manual_seed(0)
    batches = shuffled(lengths, 128)
    assert sorted(np.concatenate(batches).tolist()) == list(range(300))
    assert all(lengths[batch].max() * len(batch) <= 128 or len(batch) == 1 for batch in batches)


def test_a_large_sample_estimates_the_loss_against_all_items() -> None:
    network, random = _network(), torch.Generator().manual_seed(2)
    looked = torch.nn.functional.normalize(torch.randn(200, SMALL.dimension, generator=random), dim=1)
    came = torch.randint(ITEMS, (200,), generator=random)
    negatives = Negatives(torch.arange(1, ITEMS + 1), 20_000)
    with torch.inference_mode():
        exact, sampled = against_all(network, looked, came), against_some(network, looked, came, negatives)
    assert sampled.item() == pytest.approx(exact.item(), rel=0.02)


def test_held_out_is_a_tenth_of_those_with_enough() -> None:
    walked = _ragged(*([[1, 2, 3]] * 50 + [[1, 2]] * 50))
    chosen = held_out(walked, seed=3)
    assert chosen[:50].sum() == 5
    assert not chosen[50:].any()


def test_what_was_known_does_not_stand_before_what_came() -> None:
    scores = np.array([[3.0, 2.0, 1.0]], dtype=np.float32)
    unit = np.ones(1, dtype=np.int64)

    def of(start: int, stop: int) -> np.ndarray:
        return scores[start:stop].copy()

    assert foreseen(of, _ragged([0]), unit) == 1
    assert foreseen(of, _ragged([2]), unit) == pytest.approx(1 / math.log2(3))


def test_training_that_was_stopped_goes_on_to_the_same_model(
    circle: Interactions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = SasRec(SMALL, seed=5).fit(circle, 8)

    class StoppedError(Exception):
        pass

    def say(message: str) -> None:
        if message.startswith("sasrec 4/"):
            raise StoppedError

    with pytest.raises(StoppedError):
        SasRec(SMALL, seed=5, checkpoints=tmp_path, progress=say).fit(circle, 8)
    said: list[str] = []
    again = SasRec(SMALL, seed=5, checkpoints=tmp_path, progress=said.append).fit(circle, 8)
    assert said[0] == "sasrec: going on after pass 3"
    np.testing.assert_array_equal(again.user_vectors, whole.user_vectors)
    np.testing.assert_array_equal(again.item_vectors, whole.item_vectors)
    # Finished training has nothing left to do.
    said.clear()
    SasRec(SMALL, seed=5, checkpoints=tmp_path, progress=said.append).fit(circle, 8)
    assert len(said) == 1


def test_a_checkpoint_of_something_else_or_a_broken_one_is_not_taken(
    circle: Interactions, tmp_path: Path
) -> None:
    config = SMALL.model_copy(update={"epochs": 1})
    SasRec(config, seed=5, checkpoints=tmp_path).fit(circle, 8)
    said: list[str] = []
    SasRec(config, seed=6, checkpoints=tmp_path, progress=said.append).fit(circle, 8)
    assert not any("going on" in message for message in said)
    for path in tmp_path.iterdir():
        path.write_bytes(b"half a file")
    SasRec(config, seed=6, checkpoints=tmp_path, progress=said.append).fit(circle, 8)
    assert not any("going on" in message for message in said)


def test_a_loss_that_is_no_number_stops_and_keeps_the_best_pass(
    circle: Interactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, real = 0, trainer.against_all

    def breaking(network: Network, looked: torch.Tensor, came: torch.Tensor) -> torch.Tensor:
        nonlocal calls
        calls += 1
        return real(network, looked, came) * (math.nan if calls > 12 else 1)

    monkeypatch.setattr(trainer, "against_all", breaking)
    said: list[str] = []
    model = SasRec(SMALL, seed=5, progress=said.append).fit(circle, 8)
    assert "no number" in said[-1]
    assert calls == 13
    assert np.isfinite(model.user_vectors).all()
    assert np.isfinite(model.item_vectors).all()


def test_it_stops_when_held_out_items_are_foreseen_no_better(
    circle: Interactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = iter([0.1, 0.3, 0.2, 0.25, 0.9])
    monkeypatch.setattr("training.models.sequential.fit.foreseen", lambda *_: next(values))
    said: list[str] = []
    SasRec(SMALL.model_copy(update={"patience": 2}), seed=5, progress=said.append).fit(circle, 8)
    assert said[-1].startswith("sasrec 3/")


def test_people_without_history_and_data_without_pairs_are_no_error() -> None:
    alone = Interactions.of(["u", "v"], ["a", "b"], np.zeros(2, dtype=int), np.ones(2))
    scores = SasRec(SMALL, seed=0).fit(alone, 0).scores(np.arange(2))
    assert np.isfinite(scores).all()


def test_the_draws_of_others_are_not_disturbed(circle: Interactions) -> None:
    torch.manual_seed(9)
    expected = torch.rand(3)
    torch.manual_seed(9)
    SasRec(SMALL.model_copy(update={"epochs": 1}), seed=5).fit(circle, 8)
    torch.testing.assert_close(torch.rand(3), expected)


def test_heads_must_divide_the_dimension() -> None:
    with pytest.raises(ValidationError, match="3 heads do not divide a dimension of 16"):
        Config(dimension=16, heads=3)
