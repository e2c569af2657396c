"""Events that the lake keeps, on to any backend that speaks OpenLineage, through its own client.

Where to is the client's to know: `OPENLINEAGE_URL`, `OPENLINEAGE_CONFIG` or `openlineage.yml`. What was sent
is remembered, a file of events at a time; a backend that was away misses nothing. After a kill or an error
events may be sent twice, which tells a backend of the same run again.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from recolake.errors import InvalidInputError, ServiceUnavailableError
from recolake.files import write_atomically
from recolake.lineage.store import event_files, events_of
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

if TYPE_CHECKING:
    from openlineage.client import OpenLineageClient


class BackendError(ServiceUnavailableError):
    """The backend did not take the events; nothing is lost, they are sent again."""

    code = "lineage_backend_unavailable"


def send_events(settings: Settings, tenant: Tenant, *, again: bool = False) -> int:
    """Send a tenant's events that were not sent yet, or all of them; gives their number.

    Raises:
        InvalidInputError: nothing says where to send them.
        BackendError: the backend does not answer, or turned an event down.
    """
    from openlineage.client import OpenLineageClient

    client = OpenLineageClient()
    if client.transport.kind in ("console", "noop", None):
        raise InvalidInputError(
            "No OpenLineage backend is configured.",
            hint="Set OPENLINEAGE_URL to its address, or see https://openlineage.io/docs/client/python.",
        )
    place = settings.run_root / f"lineage-sent-{tenant}.json"
    sent: dict[str, int] = orjson.loads(place.read_bytes()) if place.exists() and not again else {}
    count = 0
    for path in event_files(settings, tenant):
        done = sent.get(path.name, 0)
        content = _whole_lines(path, done)
        for event in events_of(content):
            _send(client, event)
            count += 1
        sent[path.name] = done + len(content)
        write_atomically(place, orjson.dumps(sent))
    return count


def _whole_lines(path: Path, done: int) -> bytes:
    """What was added to a file after so many bytes, up to its last line end."""
    with path.open("rb") as stream:
        stream.seek(done)
        content = stream.read()
    return content[: content.rfind(b"\n") + 1]


def _send(client: OpenLineageClient, event: dict[str, Any]) -> None:
    # Not `client.emit`, which takes its own classes alone; HTTP and files take an event as it is.
    emit: Any = client.transport.emit
    try:
        emit(event)
    except Exception as error:
        raise BackendError(
            f"The OpenLineage backend did not take an event: {type(error).__name__}.",
            hint="What was sent before it is remembered; run `recolake lineage send` again.",
        ) from error
