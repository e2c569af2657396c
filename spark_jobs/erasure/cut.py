"""Take a Delta table's past away: everything on the disk that its latest version does not need.

DELETE and VACUUM are not enough. Rows that a deletion vector hides are still in their file, `_change_data`
holds what was deleted, and `_delta_log` keeps statistics and predicates for a month. So the latest state is
written as a checkpoint, and what is older goes: entries of the log, data files, vectors, change data.

Files are removed here rather than by VACUUM because the caller has the table to itself: a file that the
checkpoint does not name belongs to no writer under way, however young it is. Source:
https://github.com/delta-io/delta/blob/master/PROTOCOL.md (Checkpoints, Deletion Vectors, Change Data
Files).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pyarrow.parquet as pq

from recolake.contracts.sql_text import identifier
from recolake.errors import RecolakeError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LOG = "_delta_log"
_EACH_COMMIT = "'delta.checkpointInterval'"
# With or without the dot of a checksum file that Hadoop keeps beside.
_NUMBERED = re.compile(r"\.?(\d{20})\..+")


class NoCheckpointError(RecolakeError):
    """The engine wrote no checkpoint, so the past of the table cannot go."""

    code = "no_checkpoint"


def holds_data(location: Path) -> bool:
    """Whether a Delta table lies there that has, or had, any rows."""
    return (location / LOG).is_dir() and any(True for _ in _data_files(location))


def cut(spark: SparkSession, location: Path) -> int:
    """Leave nothing but the latest version; gives its number, the oldest that can be read from now on.

    The caller keeps writers away. Killed, it leaves a table that is whole; running it again goes on.

    Raises:
        NoCheckpointError: the engine wrote no checkpoint.
    """
    name = f"delta.{identifier(str(location))}"
    spark.sql(f"ALTER TABLE {name} SET TBLPROPERTIES ({_EACH_COMMIT} = '1')")
    version, files = _checkpoint(location)
    if any(file.get("deletionVector") is not None for file in files):
        spark.sql(f"REORG TABLE {name} APPLY (PURGE)").collect()
        version, files = _checkpoint(location)
    spark.sql(f"ALTER TABLE {name} UNSET TBLPROPERTIES ({_EACH_COMMIT})")
    live = {location / unquote(file["path"]) for file in files}
    for path in _log_before(location, version):
        path.unlink(missing_ok=True)
    for path in list(_data_files(location)):
        if path not in live and _checked(path) not in live:
            path.unlink(missing_ok=True)
    return version


def _checkpoint(location: Path) -> tuple[int, list[dict[str, Any]]]:
    """Version of the latest checkpoint, which must be that of the latest commit, and the files it names."""
    log = location / LOG
    latest = max(int(path.stem) for path in log.glob("*.json") if path.stem.isdigit())
    parts = sorted(log.glob(f"{latest:020d}.checkpoint*.parquet"))
    if not parts:
        raise NoCheckpointError(
            f"Delta wrote no checkpoint of {location.name}.",
            hint="See `recolake logs spark`, then run it again.",
        )
    added = [row["add"] for part in parts for row in pq.read_table(part, columns=["add"]).to_pylist()]
    return latest, [add for add in added if add is not None]


def _log_before(location: Path, version: int) -> Iterator[Path]:
    """Commits, checksums, compacted commits and checkpoints of earlier versions."""
    for path in list((location / LOG).iterdir()):
        numbered = _NUMBERED.fullmatch(path.name)
        if numbered is not None and int(numbered[1]) < version:
            yield path


def _data_files(location: Path) -> Iterator[Path]:
    """Everything below the table but its log: rows, deletion vectors, change data, and their checksum
    files."""
    log = location / LOG
    return (path for path in location.rglob("*") if path.is_file() and not path.is_relative_to(log))


def _checked(path: Path) -> Path | None:
    """The file whose Hadoop checksum this is."""
    name = path.name
    if name.startswith(".") and name.endswith(".crc"):
        return path.with_name(name.removeprefix(".").removesuffix(".crc"))
    return None
