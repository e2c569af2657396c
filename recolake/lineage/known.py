"""All that is known of a tenant's lineage: its events, and what the manifests of its models say.

A manifest names the table versions that a model was trained at and the uploads that it learnt from. So models
from before there were events, and events that were lost, leave no gap; and where both speak, the manifest
decides which uploads a model learnt from: a table may hold rows that training had no use for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from recolake.errors import ArtifactError
from recolake.landing.upload import UploadManifest, list_uploads
from recolake.lineage.graph import Direction, Graph, graph_of
from recolake.lineage.names import (
    FEATURES,
    Kind,
    Node,
    index,
    model,
    namespace,
    recommendation,
    table,
    unknown_files,
    upload_files,
)
from recolake.lineage.store import read_events
from recolake.ranking.manifest import Manifest, read_manifest
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

MANIFEST, SERVE = "manifest of the model", "serve"


@dataclass(frozen=True)
class Lineage:
    """A tenant's graph; `learnt` has, by model, the uploads that its manifest names."""

    graph: Graph
    learnt: Mapping[Node, frozenset[str]]

    def reach(self, starts: Iterable[Node], direction: Direction) -> set[Node]:
        """Everything above or below, the starts included.

        No way leads from an upload through a model that did not learn from it. So an upload lies above a node
        exactly if the node lies below the upload.
        """
        starts = set(starts)
        if direction is Direction.DOWN:
            uploads = {node.short_name for node in starts if node.kind is Kind.UPLOAD}
            if len(uploads) == 1 and all(node.kind is Kind.UPLOAD for node in starts):
                return self.graph.reach(starts, direction, without=self._strangers_to(*uploads))
            return self.graph.reach(starts, direction)
        found = self.graph.reach(starts, direction)
        doubtful = [
            node
            for node in found - starts
            if node.kind is Kind.UPLOAD and self._strangers_to(node.short_name) & found
        ]
        return found - {node for node in doubtful if not self.reach([node], Direction.DOWN) & starts}

    def answered(self, recommendation_id: str, manifest: Manifest, served_at: datetime) -> Node:
        """The node of an answer: made of its model's index and of the features that were online then."""
        node, served = recommendation(recommendation_id), index(manifest.model_version)
        self.graph.link(model(manifest.model_version, manifest.mlflow_run_id), served, "publish")
        self.graph.link(served, node, SERVE)
        written = [known for known in self.graph.named(FEATURES) if _moment(known) <= served_at]
        if written:
            self.graph.link(max(written, key=_moment), node, SERVE)
        return node

    def _strangers_to(self, upload_id: str) -> set[Node]:
        """Models that did not learn from it."""
        return {node for node, uploads in self.learnt.items() if upload_id not in uploads}


def lineage_of(settings: Settings, tenant: Tenant) -> Lineage:
    """Read what is known of a tenant."""
    return known_lineage(
        graph_of(read_events(settings, tenant), namespace(tenant)),
        list_uploads(settings, tenant),
        manifests(settings, tenant),
    )


def known_lineage(graph: Graph, uploads: Sequence[UploadManifest], models: Sequence[Manifest]) -> Lineage:
    """Add what uploads and models say of themselves to the graph of the events."""
    files = {upload.upload_id: upload_files(upload) for upload in uploads}
    for nodes in files.values():
        for node in nodes:
            graph.add(node)
    for manifest in models:
        node = model(manifest.model_version, manifest.mlflow_run_id)
        for name, version in manifest.inputs.items():
            graph.link(table(name, version), node, MANIFEST)
    graph.join_versions()
    learnt = {model(m.model_version, m.mlflow_run_id): frozenset(m.uploads) for m in models}
    lineage = Lineage(graph, learnt)
    for node, uploads_of_it in learnt.items():
        above = lineage.reach([node], Direction.UP)
        for upload_id in uploads_of_it - {n.short_name for n in above if n.kind is Kind.UPLOAD}:
            for file in files.get(upload_id, [unknown_files(upload_id)]):
                graph.link(file, node, MANIFEST)
    return lineage


def manifests(settings: Settings, tenant: Tenant) -> list[Manifest]:
    """Manifests of the tenant's models that are here and can be read."""
    found = []
    for folder in sorted((settings.index_root / tenant.name).glob("v*")):
        with suppress(ArtifactError):
            manifest = read_manifest(folder)
            if manifest.tenant_id == tenant.name:
                found.append(manifest)
    return found


def _moment(node: Node) -> datetime:
    """When features were written; what cannot be read was never."""
    try:
        return datetime.fromisoformat(node.version)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
