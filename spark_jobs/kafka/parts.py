"""Messages to files of lines, in Spark's workers: a file a tenant, kind and partition of a topic."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from recolake.kafka.messages import Message, lines_of
from recolake.records.kinds import Kind
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import TenantKeys

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = (
    "topic",
    "partition",
    "offset",
    "unix_millis(timestamp) AS millis",
    "key",
    "value",
)
SCHEMA = (
    "tenant string, kind string, topic string, partition int, offset bigint, path string, "
    "lines bigint, refused bigint"
)


@dataclass(frozen=True, slots=True)
class _Place:
    tenant: Tenant
    kind: Kind
    topic: str
    partition: int


class _Writer:
    """Files of one task. A task that is tried again writes others, of which alone is told."""

    def __init__(self, folder: Path, keys: TenantKeys) -> None:
        self._folder, self._keys, self._name = folder, keys, uuid4().hex
        self._pending: dict[_Place, list[bytes]] = defaultdict(list)
        self._first: dict[_Place, int] = {}
        self._lines: Counter[_Place] = Counter()
        self._refused: Counter[_Place] = Counter()

    def take(self, message: Message) -> None:
        for line in lines_of(message, self._keys):
            place = _Place(line.tenant, line.kind, message.topic, message.partition)
            self._first.setdefault(place, message.offset)
            self._pending[place].append(line.text)
            self._refused[place] += line.refused is not None

    def flush(self) -> None:
        """Write what was taken; files are not held open, as tenants may be many."""
        for place, texts in self._pending.items():
            with self._path(place).open("ab") as out:
                out.write(b"\n".join([*texts, b""]))
            self._lines[place] += len(texts)
        self._pending.clear()

    def told(self) -> list[tuple[str, str, str, int, int, str, int, int]]:
        """The rows of `SCHEMA`."""
        return [
            (
                place.tenant.name, place.kind.value, place.topic, place.partition, first,
                str(self._path(place)), self._lines[place], self._refused[place],
            )
            for place, first in self._first.items()
        ]  # fmt: skip

    def _path(self, place: _Place) -> Path:
        where = f"{place.topic}-{place.partition}-{place.tenant}-{place.kind}"
        return self._folder / f"{where}-{self._name}.jsonl"


def parts_writer(
    settings: Settings, folder: Path
) -> Callable[[Iterable[pa.RecordBatch]], Iterable[pa.RecordBatch]]:
    """A `mapInArrow` function: messages (`COLUMNS`) in; out, what files were written of them (`SCHEMA`)."""

    def write(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        import pyarrow as pa

        writer = _Writer(folder, TenantKeys(settings))
        for batch in batches:
            columns = (column.to_pylist() for column in batch.columns)
            for row in zip(*columns, strict=True):
                writer.take(Message(*row))
            writer.flush()
        names = [name.split()[0] for name in SCHEMA.split(", ")]
        types = [pa.string()] * 3 + [pa.int32(), pa.int64(), pa.string(), pa.int64(), pa.int64()]
        fields = [pa.field(name, kind) for name, kind in zip(names, types, strict=True)]
        rows = [dict(zip(names, row, strict=True)) for row in writer.told()]
        yield pa.RecordBatch.from_pylist(rows, pa.schema(fields))

    return write
