"""What is hidden from a fit is hidden."""

from __future__ import annotations

import numpy as np
import pytest

from training.cold import content
from training.cold.hidden import Hidden
from training.datasets.dataset import Dataset


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_a_fit_sees_no_entry_of_a_hidden_item_or_person(described: Dataset, share: float) -> None:
    train = described.interactions
    items, people = content.of_items(described), content.of_people(described)
    hidden = Hidden.of(train, items, people, share, 3)
    assert hidden is not None
    assert (len(hidden.items), len(hidden.people)) == (round(share * 80), 10)
    assert not np.isin(hidden.rest.item_ids, hidden.items).any()
    assert not np.isin(hidden.rest.user_ids, hidden.people).any()
    seen = ~np.isin(train.item_ids[train.item], hidden.items) & ~np.isin(
        train.user_ids[train.user], hidden.people
    )
    assert len(hidden.rest) == seen.sum()


def test_rows_name_who_took_what_whether_hidden_or_not(described: Dataset) -> None:
    train = described.interactions
    hidden = Hidden.of(train, content.of_items(described), content.of_people(described), 0.1, 0)
    assert hidden is not None
    everybody = np.concatenate([hidden.rest.user_ids, hidden.people])
    everything = np.concatenate([hidden.rest.item_ids, hidden.items])
    taken = hidden.taken()
    pairs = set(zip(everybody[taken.owners].tolist(), everything[taken.rows].tolist(), strict=True))
    assert pairs == set(
        zip(train.user_ids[train.user].tolist(), train.item_ids[train.item].tolist(), strict=True)
    )
