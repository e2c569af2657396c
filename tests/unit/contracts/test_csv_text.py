"""What cannot be read is never mistaken for the end of a file."""

from __future__ import annotations

import gzip
import os
import random
from pathlib import Path

import pytest

from recolake.contracts.csv_text import CsvFormat
from spark_jobs.parse import RawFile, read_records

ROWS = b"".join(b"%d,%d\n" % (i, random.Random(i).getrandbits(512)) for i in range(8_000))
CONTENT = b"a,b\n" + ROWS


@pytest.mark.parametrize("name", ["plain.csv", "packed.csv.gz"])
def test_a_disk_that_fails_in_the_middle_of_a_file_fails_the_run(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(CONTENT) if name.endswith(".gz") else CONTENT)
    records = read_records(RawFile(name, str(path), "0" * 64, ("a", "b")), CsvFormat())
    assert next(records).cells[0] == "0"
    make_unreadable(path)
    with pytest.raises(OSError, match="Is a directory"):
        list(records)


def make_unreadable(path: Path) -> None:
    """From now on the system refuses to read what this process has open of the file: it is a folder."""
    (opened,) = [f for f in Path("/proc/self/fd").iterdir() if os.path.realpath(f) == str(path.resolve())]
    folder = os.open(path.parent, os.O_RDONLY)
    os.dup2(folder, int(opened.name))
    os.close(folder)
