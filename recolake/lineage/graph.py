"""The graph that events make, and the way through it: pure, without files and engines.

Nodes are states of things (a table at a Delta version), so the graph has a direction in time: what was
written after a model was trained cannot lead to it. A later version of a table holds what an earlier one
held, so versions of one thing are linked, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import Any

from recolake.lineage.names import Node

LATER = "later version"


class Direction(StrEnum):
    """Up to what something was made from; down to what was made of it."""

    UP = "up"
    DOWN = "down"


@dataclass
class Graph:
    """Directed edges from what was read to what was written, each with the job that did it."""

    _edges: dict[Direction, dict[Node, dict[Node, str]]] = field(
        default_factory=lambda: {direction: defaultdict(dict) for direction in Direction}
    )
    _nodes: set[Node] = field(default_factory=set)

    def add(self, node: Node) -> None:
        """Know the node."""
        self._nodes.add(node)

    def link(self, source: Node, target: Node, job: str) -> None:
        """Know that the job made the target from the source."""
        self._nodes |= {source, target}
        self._edges[Direction.DOWN][source].setdefault(target, job)
        self._edges[Direction.UP][target].setdefault(source, job)

    @property
    def nodes(self) -> frozenset[Node]:
        return frozenset(self._nodes)

    def next_to(self, node: Node, direction: Direction) -> Mapping[Node, str]:
        """Neighbours of a node, with the job in between."""
        return self._edges[direction].get(node, {})

    def named(self, name: str) -> set[Node]:
        """All states of the thing of this name."""
        return {node for node in self._nodes if node.name == name}

    def reach(
        self, starts: Iterable[Node], direction: Direction, without: AbstractSet[Node] = frozenset()
    ) -> set[Node]:
        """The starts, and everything that can be reached from them on ways around some nodes."""
        found = set(starts)
        waiting = list(found)
        while waiting:
            for node in self.next_to(waiting.pop(), direction):
                if node not in found and node not in without:
                    found.add(node)
                    waiting.append(node)
        return found

    def join_versions(self) -> None:
        """Link each known version of what only grows to the next."""
        by_name: dict[str, list[Node]] = defaultdict(list)
        for node in self._nodes:
            if node.grows and node.version:
                by_name[node.name].append(node)
        for versions in by_name.values():
            ordered = sorted(versions, key=lambda node: node.age)
            for older, newer in pairwise(ordered):
                self.link(older, newer, LATER)


def graph_of(events: Iterable[Mapping[str, Any]], namespace: str) -> Graph:
    """The graph of the runs that completed, of one namespace; events that say nothing usable are passed over.

    Events come in any order and any number of times, as the specification allows: a run is what its COMPLETE
    events say together.
    """
    graph = Graph()
    runs: dict[str, tuple[str, set[Node], set[Node]]] = {}
    for event in events:
        try:
            if event["job"]["namespace"] != namespace or event["eventType"] != "COMPLETE":
                continue
            _, inputs, outputs = runs.setdefault(event["run"]["runId"], (event["job"]["name"], set(), set()))
            inputs |= {_node(dataset) for dataset in event.get("inputs", ()) if _is_of(dataset, namespace)}
            outputs |= {_node(dataset) for dataset in event.get("outputs", ()) if _is_of(dataset, namespace)}
        except (KeyError, TypeError, AttributeError):
            continue
    for job, inputs, outputs in runs.values():
        for node in inputs | outputs:
            graph.add(node)
        for source in inputs:
            for target in outputs - {source}:
                graph.link(source, target, job)
    return graph


def _is_of(dataset: Mapping[str, Any], namespace: str) -> bool:
    return bool(dataset["namespace"] == namespace)


def _node(dataset: Mapping[str, Any]) -> Node:
    version = ((dataset.get("facets") or {}).get("version") or {}).get("datasetVersion", "")
    return Node(str(dataset["name"]), str(version))
