"""The text that explains a package to whoever opens it, with commands that work on it."""

from __future__ import annotations

from collections.abc import Mapping

from recolake.lake.read import TableState
from recolake.tenancy.context import Tenant
from training.exit_package.layout import CHECKSUMS, INDEX, MLFLOW, PSEUDONYM_KEY, TABLES

_TEXT = """# Everything of tenant `{tenant}`

{what}

`sha256sum -c {checksums}` says whether every file is as it was written.

## Tables

Each folder under `{tables}/` is a Delta table without deletion vectors or other features that an old
reader may not know.

{rows}

With [DuckDB](https://duckdb.org) (`pip install duckdb deltalake pyarrow`):

```python
import duckdb
from deltalake import DeltaTable

events = DeltaTable("{tables}/silver/events").to_pyarrow_dataset()
print(duckdb.sql("SELECT event_type, count(*) AS n FROM events GROUP BY event_type ORDER BY n DESC"))
```

With [Polars](https://pola.rs) (`pip install polars deltalake`):

```python
import polars as pl

events = pl.scan_delta("{tables}/silver/events")
print(events.group_by("event_type").len().sort("len", descending=True).collect())
```

People are pseudonyms: 32 hexadecimal digits of a keyed hash (HMAC-SHA-256) of your own ids. `{key}` is in
the package only if it was asked for (`--with-pseudonym-key`); who has it can tell who is who.
{model}"""

_MODEL = """
## Model {version}

`{index}/` is the index as it is served: `index.faiss` (FAISS, inner product), `items.json` (row by row),
`users.npz` (vectors of people), and `manifest.json`, which names the settings, the seed, the table versions
and a SHA-256 of each file. `{mlflow}/` is the same as an MLflow model, for
`mlflow.pyfunc.load_model("{mlflow}")`.

With Recolake installed, and nothing of it running, this answers as the API does:

```
python -m training.exit_package . --user YOUR_ID --k 10          # needs {key}
python -m training.exit_package . --pseudonym PSEUDONYM --k 10
```
"""


def readme(tenant: Tenant, tables: Mapping[str, TableState], version: str | None) -> str:
    """The file README.md."""
    rows = "| table | rows | Delta version it was copied from |\n|---|---|---|\n" + "\n".join(
        f"| {name} | {state.rows:,} | {state.version} |" for name, state in tables.items()
    )
    what = "Its tables" + (
        f", and model {version}, which was served when this was written." if version else "."
    )
    model = _MODEL.format(version=version, index=INDEX, mlflow=MLFLOW, key=PSEUDONYM_KEY) if version else ""
    return _TEXT.format(
        tenant=tenant,
        what=what,
        rows=rows,
        model=model,
        tables=TABLES,
        checksums=CHECKSUMS,
        key=PSEUDONYM_KEY,
    )
