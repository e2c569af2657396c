"""The graph's laws: up undoes down, events come in any order, what came later leads to nothing older."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recolake.lineage.graph import LATER, Direction, Graph, graph_of
from recolake.lineage.known import known_lineage
from recolake.lineage.names import Kind, Node, model, namespace, table, unknown_files
from recolake.ranking.manifest import Manifest
from recolake.tenancy.context import Tenant

SHOP = Tenant("shop")
UPLOADS = [unknown_files(f"upload-{n}") for n in range(3)]
TABLES = [table(name, n) for name in ("bronze.events", "gold.training_set") for n in range(3)]
MODELS = [model(f"v{n}", f"run-of-v{n}") for n in range(1, 4)]
NODES = [*UPLOADS, *TABLES, *MODELS]

edges = st.lists(st.tuples(st.sampled_from(NODES), st.sampled_from(NODES)), max_size=25)
subsets = st.lists(st.sampled_from([node.short_name for node in UPLOADS]), unique=True)


def graph_with(links: list[tuple[Node, Node]]) -> Graph:
    graph = Graph()
    for node in NODES:
        graph.add(node)
    for source, target in links:
        graph.link(source, target, "job")
    return graph


@given(edges)
def test_what_lies_above_is_exactly_what_it_lies_below_of(links: list[tuple[Node, Node]]) -> None:
    graph = graph_with(links)
    graph.join_versions()
    below = {a: graph.reach([a], Direction.DOWN) for a in NODES}
    above = {b: graph.reach([b], Direction.UP) for b in NODES}
    assert {(a, b) for a in NODES for b in below[a]} == {(a, b) for b in NODES for a in above[b]}


@given(edges, st.lists(subsets, min_size=3, max_size=3))
def test_uploads_and_what_was_made_of_them_agree_also_where_manifests_decide(
    links: list[tuple[Node, Node]], learnt: list[list[str]]
) -> None:
    graph = graph_with(links)
    manifests = [
        Manifest.model_construct(
            model_version=node.short_name, mlflow_run_id=node.version, inputs={}, uploads=uploads
        )
        for node, uploads in zip(MODELS, learnt, strict=True)
    ]
    lineage = known_lineage(graph, [], manifests)
    for upload in UPLOADS:
        below = lineage.reach([upload], Direction.DOWN)
        assert {node for node in NODES if upload in lineage.reach([node], Direction.UP)} == below


@given(edges, st.lists(subsets, min_size=3, max_size=3))
def test_a_model_learnt_from_the_uploads_of_its_manifest_whatever_the_events_say(
    links: list[tuple[Node, Node]], learnt: list[list[str]]
) -> None:
    # Only that no upload comes out of something: nobody makes uploads.
    graph = graph_with([(a, b) for a, b in links if b.kind is not Kind.UPLOAD])
    manifests = [
        Manifest.model_construct(
            model_version=node.short_name, mlflow_run_id=node.version, inputs={}, uploads=uploads
        )
        for node, uploads in zip(MODELS, learnt, strict=True)
    ]
    lineage = known_lineage(graph, [], manifests)
    for node, uploads in zip(MODELS, learnt, strict=True):
        above = {u.short_name for u in lineage.reach([node], Direction.UP) if u.kind is Kind.UPLOAD}
        assert above == set(uploads)


@pytest.fixture(scope="module")
def story(completed: Callable[..., dict[str, Any]]) -> list[dict[str, Any]]:
    """Two uploads, a build and a training after the first."""
    bronze, silver = table("bronze.events", 1), table("silver.events", 4)
    return [
        completed(1, "ingest", UPLOADS[:1], [bronze]),
        completed(2, "build", [bronze], [silver]),
        completed(3, "train", [silver], [MODELS[0]]),
        completed(4, "ingest", UPLOADS[1:2], [table("bronze.events", 2)]),
    ]


@given(st.permutations(range(4)), st.lists(st.integers(0, 3), max_size=4))
def test_events_may_come_in_any_order_and_again(
    story: list[dict[str, Any]], order: list[int], again: list[int]
) -> None:
    wanted = graph_of(story, namespace(SHOP))
    found = graph_of([story[n] for n in [*order, *again]], namespace(SHOP))
    assert found.nodes == wanted.nodes
    for node in wanted.nodes:
        assert found.next_to(node, Direction.DOWN) == wanted.next_to(node, Direction.DOWN)


def test_an_upload_that_came_after_the_training_leads_to_later_models_alone(
    completed: Callable[..., dict[str, Any]],
) -> None:
    first, second = UPLOADS[:2]
    graph = graph_of(
        [
            completed(1, "ingest", [first], [table("bronze.events", 1)]),
            completed(
                2,
                "build",
                [table("bronze.events", 1)],
                [table("silver.events", 1)],
            ),
            completed(3, "train", [table("silver.events", 1)], [MODELS[0]]),
            completed(4, "ingest", [second], [table("bronze.events", 5)]),
            completed(
                5,
                "build",
                [table("bronze.events", 5)],
                [table("silver.events", 10)],
            ),
            completed(6, "train", [table("silver.events", 10)], [MODELS[1]]),
        ],
        namespace(SHOP),
    )
    graph.join_versions()
    models = {upload: graph.reach([upload], Direction.DOWN) & set(MODELS) for upload in (first, second)}
    assert models == {first: set(MODELS[:2]), second: {MODELS[1]}}
    assert graph.next_to(table("silver.events", 1), Direction.DOWN)[table("silver.events", 10)] == LATER


def test_nothing_is_seen_of_another_tenant_of_failed_runs_and_of_broken_events(
    completed: Callable[..., dict[str, Any]],
) -> None:
    theirs = completed(
        1,
        "ingest",
        UPLOADS,
        [table("bronze.events", 1)],
        tenant=Tenant("rival"),
    )
    failed = completed(2, "build", TABLES[:1], [table("silver.events", 1)]) | {"eventType": "FAIL"}
    mixed = completed(3, "ingest", UPLOADS, [table("bronze.events", 1)])
    mixed["inputs"][0]["namespace"] = namespace(Tenant("rival"))
    broken: list[dict[str, Any]] = [{}, {"job": None}, {"job": {"namespace": namespace(SHOP)}}]
    graph = graph_of([theirs, failed, *broken], namespace(SHOP))
    assert not graph.nodes
    assert UPLOADS[0] not in graph_of([mixed], namespace(SHOP)).nodes


def test_models_of_before_there_were_events_are_known_by_their_manifests(
    manifest: Callable[..., Manifest],
) -> None:
    lineage = known_lineage(Graph(), [], [manifest("v1", {"gold.training_set": 7}, ["upload-0"])])
    assert lineage.reach(MODELS[:1], Direction.UP) == {
        MODELS[0], table("gold.training_set", 7), UPLOADS[0],
    }  # fmt: skip
