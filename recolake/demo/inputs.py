"""What a demo run works on: the caller's raw files, or those of a simulated shop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from recolake.errors import UploadError
from recolake.landing.gather import list_files
from recolake.settings import PROJECT_ROOT, Settings
from recolake.simulator.config import ShopConfig
from recolake.simulator.shop import write_shop
from recolake.tenancy.context import Tenant

MAPPINGS = PROJECT_ROOT / "mappings"
RETAIL_MAPPING = MAPPINGS / "online_retail.yaml"
SIMULATOR_MAPPING = MAPPINGS / "simulator.yaml"


@dataclass(frozen=True, slots=True)
class DemoInput:
    """Raw files in order of name, how to read them, whose they are, and what to call them."""

    tenant: Tenant
    files: tuple[Path, ...]
    mapping: Path
    description: str


def given_input(uploads: Path, mapping: Path | None, tenant: str | None) -> DemoInput:
    """The files of a folder, hidden ones left out.

    Raises:
        UploadError: there is no such folder, or nothing in it; or no such mapping file.
    """
    if not uploads.exists():
        raise UploadError(
            f"There is no folder '{uploads}'.", hint="UPLOADS names a folder of raw files.", field="uploads"
        )
    if not uploads.is_dir():
        raise UploadError(
            f"'{uploads}' is a file, not a folder.", hint="Name the folder that holds it.", field="uploads"
        )
    files = tuple(file.path for file in list_files([uploads]))
    return DemoInput(
        Tenant(tenant or "shop"),
        files,
        _mapping(mapping or RETAIL_MAPPING),
        f"{len(files)} files of {uploads}",
    )


def simulated_input(
    settings: Settings,
    mapping: Path | None,
    tenant: str | None,
    *,
    days: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> DemoInput:
    """A simulated shop's files under the state folder, with their truth; the same at every call.

    `progress` is told days done and days in all.
    """
    config = ShopConfig(days=days) if days else ShopConfig()
    folder = settings.home / "simulated" / f"seed-{config.seed}-days-{config.days}"
    shop = write_shop(folder, config, progress=progress)
    return DemoInput(
        Tenant(tenant or "demo"),
        shop.files,
        _mapping(mapping or SIMULATOR_MAPPING),
        f"{config.days} simulated days, {shop.truth.rows:,} rows (truth: {folder / 'truth.json'})",
    )


def _mapping(path: Path) -> Path:
    if not path.is_file():
        raise UploadError(
            f"There is no mapping file '{path}'.", hint="See mappings/ for examples.", field="mapping"
        )
    return path
