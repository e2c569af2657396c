"""From what a person types to the nodes that are meant."""

from __future__ import annotations

from recolake.errors import InvalidInputError, NotFoundError
from recolake.lineage.known import Lineage
from recolake.lineage.names import Kind, Node

_FEWEST_DIGITS = 6


def find_upload(lineage: Lineage, text: str) -> set[Node]:
    """The files of an upload, by its id or the first digits of it.

    Raises:
        NotFoundError: there is none.
        InvalidInputError: several uploads begin like this.
    """
    uploads = {node for node in lineage.graph.nodes if node.kind is Kind.UPLOAD}
    ids = {node.short_name for node in uploads}
    meant = {text} & ids or {i for i in ids if i.startswith(text) and len(text) >= _FEWEST_DIGITS}
    if not meant:
        raise NotFoundError(
            f"There is no upload '{text}'.", hint="`recolake upload` prints the id of an upload.", field="id"
        )
    if len(meant) > 1:
        raise InvalidInputError(
            f"{len(meant)} uploads begin with '{text}'.", hint="Type more of the id.", field="id"
        )
    return {node for node in uploads if node.short_name in meant}


def find_table(lineage: Lineage, name: str, version: int | None = None) -> set[Node]:
    """What is known of a table, or of one of its Delta versions.

    Raises:
        NotFoundError: no run wrote or read it, in that version.
    """
    found = {node for node in lineage.graph.named(name) if node.kind is Kind.TABLE}
    if version is not None:
        found = {node for node in found if node.version == str(version)}
    if not found:
        which = "" if version is None else f" at version {version}"
        known = sorted({node.name for node in lineage.graph.nodes if node.kind is Kind.TABLE})
        raise NotFoundError(
            f"No run is known that read or wrote {name}{which}.",
            hint=f"Known are {', '.join(known)}." if known else "Run `recolake ingest` first.",
            field="name",
        )
    return found


def find_model(lineage: Lineage, version: str) -> set[Node]:
    """A model by its version.

    Raises:
        NotFoundError: there is none of that version.
    """
    models = {node for node in lineage.graph.nodes if node.kind is Kind.MODEL}
    found = {node for node in models if node.short_name == version}
    if not found:
        known = sorted({node.short_name for node in models}, key=lambda name: (len(name), name))
        raise NotFoundError(
            f"There is no model '{version}'.",
            hint=f"There are {', '.join(known)}." if known else "Train one with `recolake train`.",
            field="version",
        )
    return found
