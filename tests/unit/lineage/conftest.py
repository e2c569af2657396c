"""Runs as events tell of them, and models as manifests do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from recolake.lineage.events import DataState, RunFacts, State, run_event
from recolake.lineage.names import Node
from recolake.ranking.manifest import Manifest
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
SHOP = Tenant("shop")


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    """Settings of a state folder of its own."""
    return Settings(home=tmp_path)


@pytest.fixture(scope="session")
def completed() -> Callable[..., dict[str, Any]]:
    """Makes the COMPLETE event of a run."""

    def make(
        run: int, job: str, inputs: Iterable[Node], outputs: Iterable[Node], tenant: Tenant = SHOP
    ) -> dict[str, Any]:
        facts = RunFacts(
            tenant,
            job,
            str(UUID(int=run)),
            [DataState(node) for node in inputs],
            [DataState(node) for node in outputs],
        )
        found: dict[str, Any] = json.loads(run_event(facts, State.COMPLETE, AT))
        return found

    return make


@pytest.fixture(scope="session")
def manifest() -> Callable[..., Manifest]:
    """Makes the manifest of a model, as far as lineage reads it."""

    def make(version: str, inputs: dict[str, int], uploads: Iterable[str]) -> Manifest:
        return Manifest.model_construct(
            tenant_id=SHOP.name,
            model_version=version,
            mlflow_run_id=f"run-of-{version}",
            inputs=inputs,
            uploads=list(uploads),
        )

    return make
