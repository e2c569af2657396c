"""What is left to publish is judged as publication itself judges it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recolake.demo import outstanding, tracking
from recolake.demo.outstanding import to_publish
from recolake.demo.tracking import TrainedVersion
from recolake.errors import NotFoundError
from recolake.files import write_atomically
from recolake.ranking.history import History, write_history
from recolake.ranking.pointer import current_file
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from training import publish
from training.tracking import registry

SHOP = Tenant("shop")
trained = st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=4)


def test_versions_are_found_by_the_name_and_the_tags_that_training_gives_them() -> None:
    assert tracking.model_name(SHOP) == registry.Registry(None, SHOP).model_name
    for name in ("GATE", "PASSED", "REASONS", "REFUSALS", "WITHDRAWN"):
        assert getattr(tracking, name) == getattr(registry, name)


@given(trained, st.none() | st.integers(1, 4))
def test_a_model_waits_exactly_where_publication_would_change_what_is_served(
    verdicts: list[tuple[bool, bool, bool]], serving: int | None
) -> None:
    numbered = list(enumerate(verdicts, start=1))[::-1]
    served = f"v{serving}" if serving and serving <= len(verdicts) else None
    # What is served was masked; others that held somebody who was erased are no more.
    retired = {f"v{n}" for n, (_, _, gone) in numbered if gone} - {served}
    versions = [
        TrainedVersion(n, passed, withdrawn or f"v{n}" in retired, ())
        for n, (passed, withdrawn, _) in numbered
    ]
    entries = [
        SimpleNamespace(
            version=str(n),
            tags={
                registry.GATE: registry.PASSED if passed else registry.FAILED,
                registry.WITHDRAWN: str(withdrawn).lower(),
            },
        )
        for n, (passed, withdrawn, _) in numbered
    ]
    try:
        chosen = publish._newest(SimpleNamespace(versions=lambda: entries, tenant=SHOP), served, retired)
    except NotFoundError:
        chosen = None
    waiting = to_publish(versions, served)
    assert (waiting.name if waiting else served) == (chosen or served)


def test_no_model_waits_while_a_rollback_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(home=tmp_path)
    for name, found in (
        ("list_uploads", []),
        ("ingested_uploads", {"upload": "stamp"}),
        ("build_is_due", False),
        ("trained_versions", [TrainedVersion(2, True, False, ()), TrainedVersion(1, True, False, ())]),
        ("_known_uploads", {"upload"}),
    ):
        monkeypatch.setattr(outstanding, name, lambda *_, found=found: found)
    history = History().moved_on("v1", None).moved_on("v2", None)
    write_history(settings, SHOP, history)
    write_atomically(current_file(settings, SHOP), b"v1\n")
    assert outstanding.asset_to_announce(None, settings, SHOP) == "candidate"
    write_history(settings, SHOP, history.moved_back(datetime(2026, 3, 1, tzinfo=UTC)))
    assert outstanding.asset_to_announce(None, settings, SHOP) is None
