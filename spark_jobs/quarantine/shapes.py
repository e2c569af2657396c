"""In which form quarantined rows are repaired, and the form of the files to which they go back."""

from __future__ import annotations

import json
from pathlib import Path

from recolake.contracts.csv_text import CsvFormat
from recolake.contracts.formats import JsonlFormat, RawFormat


def form_of_repairs(form: RawFormat) -> CsvFormat:
    """CSV as the mapping has it, if that can hold any cell and names its columns; else plain CSV."""
    return form if isinstance(form, CsvFormat) and form.header and form.quote else CsvFormat()


def write_members(path: Path, names: list[str], rows: list[list[str]], form: RawFormat) -> None:
    """Write rows of texts as JSON Lines or Parquet, a name with dots as it is; an empty cell is nothing."""
    if isinstance(form, JsonlFormat):
        objects = ({n: c for n, c in zip(names, row, strict=True) if c} for row in rows)
        path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in objects), "utf-8")
        return
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {n: pa.array([row[i] or None for row in rows], pa.string()) for i, n in enumerate(names)}
    pq.write_table(pa.table(columns), path)
