"""Writes a simulated shop: one raw file a day under `uploads/`, the ground truth beside that folder."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from recolake.files import write_atomically
from recolake.simulator.behaviour import days
from recolake.simulator.config import ShopConfig
from recolake.simulator.dirt import spoil
from recolake.simulator.population import populate
from recolake.simulator.records import HEADER, Record, date_of, records_of
from recolake.simulator.truth import AFFINITY_FILE, TRUTH_FILE, Tally, Truth, affinity_archive

UPLOADS_FOLDER = "uploads"


@dataclass(frozen=True, slots=True)
class Shop:
    """Where a shop was written, and what is true of it."""

    folder: Path
    files: tuple[Path, ...]
    truth: Truth


def write_shop(
    folder: Path,
    config: ShopConfig,
    *,
    compress: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Shop:
    """Simulate and write; same configuration, same bytes. `progress` is told days done and days in all."""
    population = populate(config)
    tally, files, before = Tally(), [], None
    for day, events in enumerate(days(config, population)):
        spoilt = spoil(config, day, records_of(config, population, day, events), before)
        path = folder / UPLOADS_FOLDER / f"{date_of(config, day)}.csv{'.gz' if compress else ''}"
        content = csv_bytes(spoilt.records)
        # Without a time in the header, so that the same day is the same bytes whenever it is written.
        write_atomically(path, gzip.compress(content, mtime=0) if compress else content)
        tally.add(path.name, spoilt)
        files.append(path)
        before = spoilt
        if progress:
            progress(day + 1, config.days)
    truth = tally.truth(config)
    write_atomically(folder / AFFINITY_FILE, affinity_archive(population))
    write_atomically(folder / TRUTH_FILE, (truth.model_dump_json(indent=2) + "\n").encode())
    return Shop(folder, tuple(files), truth)


def csv_bytes(records: list[Record]) -> bytes:
    """The records as UTF-8 CSV with a header, fields quoted where needed."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(records)
    return out.getvalue().encode()
