"""`python -m recolake.platform.register`: make every table of the registry known to the engine."""

from __future__ import annotations

from recolake.lake.catalog import register_tables
from recolake.lake.engine import connect
from recolake.settings import load_settings


def main() -> None:
    settings = load_settings()
    recovered = register_tables(connect(settings), settings)
    if recovered:
        print("found again:", ", ".join(recovered))


if __name__ == "__main__":
    main()
