"""A view as an SVG: from what things were made from, on the left, to what was made of them."""

from __future__ import annotations

from collections import defaultdict
from xml.sax.saxutils import escape

from recolake.lineage.names import Kind
from recolake.lineage.view import Thing, View

_LETTER, _BOX, _ROW, _GAP, _MARGIN = 7.3, 30, 46, 70, 20
_FILL = {
    Kind.UPLOAD: "#fff3d6",
    Kind.TABLE: "#e3eefc",
    Kind.MODEL: "#e5f6e5",
    Kind.INDEX: "#e5f6e5",
    Kind.FEATURES: "#f3e8fb",
    Kind.RECOMMENDATION: "#fde4e4",
    Kind.OTHER: "#eeeeee",
}


def as_svg(view: View) -> str:
    """The drawing as a document of its own, readable in any browser."""
    columns: dict[int, list[Thing]] = defaultdict(list)
    for thing, layer in sorted(layers(view).items()):
        columns[layer].append(thing)
    boxes: dict[Thing, tuple[float, float, float]] = {}
    left, height = float(_MARGIN), max(len(things) for things in columns.values()) * _ROW
    for layer in sorted(columns):
        things = _ordered(view, columns[layer], boxes)
        width = max(len(view.label(thing)) for thing in things) * _LETTER + 20
        top = _MARGIN + (height - len(things) * _ROW) / 2
        for number, thing in enumerate(things):
            boxes[thing] = (left, top + number * _ROW, width)
        left += width + _GAP
    drawn = [
        _curve(boxes[source], boxes[target], jobs) for (source, target), jobs in sorted(view.edges.items())
    ]
    drawn += [_box(view, thing, *boxes[thing]) for thing in sorted(boxes)]
    wide, high = left - _GAP + _MARGIN, height + 2 * _MARGIN
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:.0f}" height="{high:.0f}" '
        f'viewBox="0 0 {wide:.0f} {high:.0f}" font-family="monospace" font-size="12">'
    )
    title = f"<title>Lineage of {escape(view.label(view.start))}</title>"
    back = '<rect width="100%" height="100%" fill="white"/>'
    return "\n".join([head, title, back, *drawn, "</svg>"]) + "\n"


def layers(view: View) -> dict[Thing, int]:
    """Column of each thing: right of everything that it was made from, but for edges that close a circle."""
    found: dict[Thing, int] = {}
    under_way: set[Thing] = set()
    made_from: dict[Thing, list[Thing]] = defaultdict(list)
    for source, target in sorted(view.edges):
        made_from[target].append(source)

    def place(thing: Thing) -> int:
        if thing not in found:
            under_way.add(thing)
            above = [place(source) for source in made_from[thing] if source not in under_way]
            under_way.discard(thing)
            found[thing] = 1 + max(above, default=-1)
        return found[thing]

    for thing in sorted(view.members):
        place(thing)
    return found


def _ordered(view: View, things: list[Thing], boxes: dict[Thing, tuple[float, float, float]]) -> list[Thing]:
    """Each beside the middle of what it was made from, so that few lines cross."""

    def middle(thing: Thing) -> float:
        tops = [boxes[source][1] for source, target in view.edges if target == thing and source in boxes]
        return sum(tops) / len(tops) if tops else 0.0

    return sorted(things, key=lambda thing: (middle(thing), thing))


def _box(view: View, thing: Thing, left: float, top: float, width: float) -> str:
    stroke = 2.5 if thing == view.start else 1
    return (
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{_BOX}" rx="5" '
        f'fill="{_FILL[thing.kind]}" stroke="#445" stroke-width="{stroke}"/>'
        f'<text x="{left + 10:.1f}" y="{top + 19:.1f}">{escape(view.label(thing))}</text>'
    )


def _curve(source: tuple[float, float, float], target: tuple[float, float, float], jobs: set[str]) -> str:
    begin, end = source[0] + source[2], target[0]
    high, low = source[1] + _BOX / 2, target[1] + _BOX / 2
    bend = max(abs(end - begin) / 2, 25)
    return (
        f'<path d="M{begin:.1f},{high:.1f} C{begin + bend:.1f},{high:.1f} {end - bend:.1f},{low:.1f} '
        f'{end:.1f},{low:.1f}" fill="none" stroke="#889" stroke-width="1.2">'
        f"<title>{escape(', '.join(sorted(jobs)))}</title></path>"
    )
