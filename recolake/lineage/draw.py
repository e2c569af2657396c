"""A view as text for people and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from recolake.lineage.graph import Direction
from recolake.lineage.names import Kind
from recolake.lineage.view import Thing, View

_TITLES = {Direction.UP: "made from", Direction.DOWN: "made into"}


def as_text(view: View) -> str:
    """A tree for each direction; what was shown with all that hangs on it is not shown twice."""
    lines = [view.label(view.start)]
    for direction in view.sides:
        lines += ["", f"{_TITLES[direction]}:"]
        below = list(_branches(view, view.start, direction, "", set()))
        lines += below or ["  nothing that is known"]
    return "\n".join(lines) + "\n"


def _branches(
    view: View, thing: Thing, direction: Direction, indent: str, shown: set[Thing]
) -> Iterator[str]:
    shown.add(thing)
    children = [
        child
        for child in view.neighbours(thing, direction)
        if child in view.sides[direction] and child != view.start
    ]
    for number, child in enumerate(children):
        last = number == len(children) - 1
        pair = (child, thing) if direction is Direction.UP else (thing, child)
        jobs = ", ".join(sorted(view.edges[pair]))
        again = child in shown and bool(view.neighbours(child, direction))
        yield f"{indent}{'└─' if last else '├─'} {view.label(child)}  ({jobs})" + (" …" if again else "")
        if not again:
            yield from _branches(view, child, direction, indent + ("   " if last else "│  "), shown)


def as_json(view: View) -> str:
    """Nodes with every state, edges with their jobs, and what lies above and below."""
    names = {thing: f"{thing.kind}:{thing.name}" for thing in view.members}
    found: dict[str, Any] = {
        "start": names[view.start],
        "nodes": [
            {"id": names[thing], "kind": thing.kind.value, "name": thing.name, **_states(view, thing)}
            for thing in sorted(view.members)
        ],
        "edges": [
            {"from": names[source], "to": names[target], "jobs": sorted(jobs)}
            for (source, target), jobs in sorted(view.edges.items())
        ],
    }
    for direction, things in view.sides.items():
        found[direction.value] = sorted(names[thing] for thing in things)
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _states(view: View, thing: Thing) -> dict[str, Any]:
    nodes = view.members[thing]
    if thing.kind is Kind.UPLOAD:
        return {"files": [{"name": n.file, "sha256": n.version} for n in sorted(nodes) if n.file]}
    ordered = sorted((node for node in nodes if node.version), key=lambda node: node.age)
    return {"versions": [node.version for node in ordered]}
