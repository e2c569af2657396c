"""JSON Lines to rows: every line with its number, whatever state the file is in.

Plain Python, as `spark_jobs.parse` is, and run in the same places.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from recolake.contracts.csv_text import is_clean
from recolake.contracts.members import member, parse_object, to_text
from recolake.contracts.source import Source
from spark_jobs.parse import MALFORMED, TRUNCATED, RawFile, Record

# A line longer than this is no record; what follows it is read on. The largest event of the API is shorter.
_LONGEST_LINE = 4 << 20
_CHUNK = 1 << 16


def read_lines(file: RawFile) -> Iterator[Record]:
    """Records of one file, plain or packed, a line each: cells are the members that `file.header` names.

    A name is a member's own, or else a path with dots to one of an inner object.

    Members are texts: numbers as they are written, booleans as `true`, `false`, arrays and objects as JSON,
    null and what is not there as an empty text. A line that is no JSON object, or not UTF-8, or holds NUL, is
    malformed; blank lines are none. A compressed file that breaks off ends in one truncated record.

    Raises:
        OSError: the disk cannot be read; what came so far is not the whole file.
    """
    number, cut = 0, False
    with Source(Path(file.path)) as source, io.BufferedReader(source, _CHUNK) as stream:
        while line := stream.readline(_LONGEST_LINE):
            number += 1
            ended = line.endswith(b"\n")
            if cut := source.broken and not ended:
                break
            while not ended and (rest := stream.readline(_LONGEST_LINE)):
                ended = rest.endswith(b"\n")
                line = line[:_LONGEST_LINE] + b"\0"
            if line.strip():
                yield _record(number, line, file.header)
        if source.broken:
            # Two files that break off at the same words are still two breaks.
            last = number if cut else number + 1
            yield Record(last, (), TRUNCATED, f"{file.sha256}:{last}")


def _record(number: int, line: bytes, header: tuple[str, ...]) -> Record:
    text = line.decode("utf-8", "replace").rstrip("\r\n")
    said = parse_object(line)
    cells = [to_text(member(said, name)) for name in header] if said is not None else []
    if not cells or not all(map(is_clean, cells)):
        return Record(number, (), MALFORMED, text.replace("\0", "\ufffd"))
    return Record(number, cells)
