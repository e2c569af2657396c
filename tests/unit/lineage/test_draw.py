"""A drawing shows what is there, each thing once, in text, JSON and SVG; circles and odd names break none."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from recolake.lineage.draw import as_json, as_text
from recolake.lineage.graph import Direction, Graph
from recolake.lineage.known import Lineage
from recolake.lineage.names import Kind, Node, index, model, table
from recolake.lineage.svg import as_svg, layers
from recolake.lineage.view import Thing, shortened, view_of

FILE = Node("landing/0123456789abcdef/a <b> & 'c'.csv", "f" * 64)
V1 = model("v1", "run")
BOTH = tuple(Direction)


def parsed(drawing: str) -> ET.Element:
    return ET.fromstring(drawing)  # noqa: S314  it is our own


def chain() -> Lineage:
    graph = Graph()
    graph.link(FILE, table("bronze.events", 1), "ingest")
    graph.link(table("bronze.events", 2), table("gold.training_set", 4), "build.gold_training_set")
    graph.link(table("gold.training_set", 4), V1, "train")
    graph.link(V1, index("v1"), "publish")
    graph.join_versions()
    return Lineage(graph, {})


def test_the_text_goes_up_to_the_file_and_down_to_what_is_served() -> None:
    assert as_text(view_of(chain(), [V1], BOTH)).splitlines() == [
        "model v1",
        "",
        "made from:",
        "└─ gold.training_set version 4  (train)",
        "   └─ bronze.events versions 1 to 2  (build.gold_training_set)",
        "      └─ upload 0123456789abcdef: a <b> & 'c'.csv  (ingest)",
        "",
        "made into:",
        "└─ served index of v1  (publish)",
    ]


def test_json_names_every_state_and_both_sides() -> None:
    found = json.loads(as_json(view_of(chain(), [table("gold.training_set", 4)], BOTH)))
    assert found["up"] == ["table:bronze.events", "upload:0123456789abcdef"]
    assert found["down"] == ["index:v1", "model:v1"]
    nodes = {node["id"]: node for node in found["nodes"]}
    assert nodes["table:bronze.events"]["versions"] == ["1", "2"]
    assert nodes["upload:0123456789abcdef"]["files"] == [{"name": "a <b> & 'c'.csv", "sha256": "f" * 64}]
    assert {(edge["from"], edge["to"]) for edge in found["edges"]} == {
        ("upload:0123456789abcdef", "table:bronze.events"),
        ("table:bronze.events", "table:gold.training_set"),
        ("table:gold.training_set", "model:v1"),
        ("model:v1", "index:v1"),
    }


def test_an_svg_is_well_formed_and_every_edge_goes_to_the_right() -> None:
    view = view_of(chain(), [V1], BOTH)
    drawn = parsed(as_svg(view))
    texts = [element.text for element in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert sorted(text for text in texts if text) == sorted(view.label(thing) for thing in view.members)
    place = layers(view)
    assert all(place[source] < place[target] for source, target in view.edges)


def test_many_uploads_are_shown_as_a_few_and_a_number() -> None:
    graph = Graph()
    for number in range(30):
        graph.link(Node(f"landing/upload-{number:02}/day.csv"), table("bronze.events", number), "ingest")
    graph.link(table("bronze.events", 29), V1, "train")
    graph.join_versions()
    view = shortened(view_of(Lineage(graph, {}), [V1], [Direction.UP]), 10)
    uploads = [thing for thing in view.members if thing.kind is Kind.UPLOAD]
    assert len(uploads) == 11
    assert "20 more uploads" in as_text(view)
    assert parsed(as_svg(view)) is not None


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=20))
def test_circles_are_drawn_with_each_thing_in_one_place(links: list[tuple[int, int]]) -> None:
    graph = Graph()
    for source, target in links:
        graph.link(table(f"gold.t{source}", 1), table(f"gold.t{target}", 1), "job")
    start = table(f"gold.t{links[0][0]}", 1)
    view = view_of(Lineage(graph, {}), [start], BOTH)
    assert set(layers(view)) == set(view.members)
    text = as_text(view)
    for thing in view.members:
        assert view.label(thing) in text
    boxes = list(parsed(as_svg(view)).iter("{http://www.w3.org/2000/svg}text"))
    assert len(boxes) == len(view.members)
    assert Thing(Kind.TABLE, start.name) == view.start
