"""What is left to publish is judged as publication itself judges it."""

from __future__ import annotations

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from recolake.demo import tracking
from recolake.demo.outstanding import to_publish
from recolake.demo.tracking import TrainedVersion
from recolake.errors import NotFoundError
from recolake.tenancy.context import Tenant
from training import publish
from training.tracking import registry

SHOP = Tenant("shop")
trained = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=4)


def test_versions_are_found_by_the_name_and_the_tags_that_training_gives_them() -> None:
    assert tracking.model_name(SHOP) == registry.Registry(None, SHOP).model_name
    for name in ("GATE", "PASSED", "REASONS", "REFUSALS", "WITHDRAWN"):
        assert getattr(tracking, name) == getattr(registry, name)


@given(trained, st.none() | st.integers(1, 4))
def test_a_model_waits_exactly_where_publication_would_change_what_is_served(
    verdicts: list[tuple[bool, bool]], serving: int | None
) -> None:
    numbered = list(enumerate(verdicts, start=1))[::-1]
    served = f"v{serving}" if serving and serving <= len(verdicts) else None
    versions = [TrainedVersion(n, passed, withdrawn, ()) for n, (passed, withdrawn) in numbered]
    entries = [
        SimpleNamespace(
            version=str(n),
            tags={
                registry.GATE: registry.PASSED if passed else registry.FAILED,
                registry.WITHDRAWN: str(withdrawn).lower(),
            },
        )
        for n, (passed, withdrawn) in numbered
    ]
    try:
        chosen = publish._newest(SimpleNamespace(versions=lambda: entries, tenant=SHOP), served)
    except NotFoundError:
        chosen = None
    waiting = to_publish(versions, served)
    assert (waiting.name if waiting else served) == (chosen or served)
