"""What is drawn of a graph: things in place of their states, and many uploads as one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from recolake.lineage.graph import LATER, Direction
from recolake.lineage.known import Lineage
from recolake.lineage.names import Kind, Node


@dataclass(frozen=True, slots=True, order=True)
class Thing:
    """A thing with all states that a view shows of it; `more` counts the uploads that it stands for."""

    kind: Kind
    name: str
    more: int = 0


@dataclass
class View:
    """A part of a lineage around some nodes; `edges` has the jobs between two things.

    `sides` says which things lie above and which below; the start itself lies on neither side.
    """

    start: Thing
    members: dict[Thing, list[Node]]
    edges: dict[tuple[Thing, Thing], set[str]]
    sides: dict[Direction, set[Thing]] = field(default_factory=dict)

    def neighbours(self, thing: Thing, direction: Direction) -> list[Thing]:
        """Things next to one, in a stable order."""
        if direction is Direction.UP:
            return sorted({a for a, b in self.edges if b == thing})
        return sorted({b for a, b in self.edges if a == thing})

    def label(self, thing: Thing) -> str:
        """What it is, for people: with its versions or files."""
        nodes = self.members[thing]
        if thing.more:
            return f"{thing.more} more uploads"
        if thing.kind is Kind.UPLOAD:
            files = sorted(node.file for node in nodes if node.file)
            shown = ", ".join(files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else "")
            return f"upload {thing.name}" + (f": {shown}" if shown else "")
        versions = sorted((node for node in nodes if node.version), key=lambda node: node.age)
        if thing.kind is Kind.TABLE and versions:
            first, last = versions[0].version, versions[-1].version
            return f"{thing.name} " + (f"version {last}" if first == last else f"versions {first} to {last}")
        if thing.kind is Kind.FEATURES and versions:
            return f"online features, written {versions[-1].version}"
        if thing.kind is Kind.INDEX:
            return f"served index of {thing.name}"
        return f"{thing.kind} {thing.name}" if thing.kind is not Kind.OTHER else thing.name


def view_of(lineage: Lineage, starts: Iterable[Node], directions: Iterable[Direction]) -> View:
    """The view around these states of one thing."""
    starts = sorted(starts)
    reached = {direction: lineage.reach(starts, direction) for direction in directions}
    nodes = set(starts).union(*reached.values())
    members: dict[Thing, list[Node]] = defaultdict(list)
    for node in sorted(nodes):
        members[_thing(node)].append(node)
    edges: dict[tuple[Thing, Thing], set[str]] = defaultdict(set)
    for found in reached.values():
        for source in found:
            for target, job in lineage.graph.next_to(source, Direction.DOWN).items():
                pair = (_thing(source), _thing(target))
                if target in found and job != LATER and pair[0] != pair[1]:
                    edges[pair].add(job)
    start = _thing(starts[0])
    sides = {way: {_thing(node) for node in found} - {start} for way, found in reached.items()}
    return View(start, dict(members), dict(edges), sides)


def shortened(view: View, most: int) -> View:
    """At most so many uploads one by one; those that remain, as one thing."""
    uploads = sorted(t for t in view.members if t.kind is Kind.UPLOAD and t != view.start)
    if len(uploads) <= most:
        return view
    hidden = set(uploads[most:])
    rest = Thing(Kind.UPLOAD, "~more", len(hidden))

    def shown(thing: Thing) -> Thing:
        return rest if thing in hidden else thing

    members: dict[Thing, list[Node]] = defaultdict(list)
    for thing, nodes in view.members.items():
        members[shown(thing)] += nodes
    edges: dict[tuple[Thing, Thing], set[str]] = defaultdict(set)
    for (source, target), jobs in view.edges.items():
        edges[shown(source), shown(target)] |= jobs
    sides = {way: {shown(thing) for thing in things} for way, things in view.sides.items()}
    return View(view.start, dict(members), dict(edges), sides)


def _thing(node: Node) -> Thing:
    return Thing(node.kind, node.version if node.kind is Kind.INDEX else node.short_name)
