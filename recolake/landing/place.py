"""An upload comes into being at one moment: put together where nobody looks, then renamed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from recolake.files import sync_folder, write_atomically
from recolake.landing.upload import FILES, MANIFEST, WORKSPACE, UploadManifest


def remove_leftovers(root: Path) -> None:
    """Remove what killed landings left; whoever calls it holds the lock of the tenant's landing."""
    for leftover in root.glob(f"{WORKSPACE}*"):
        shutil.rmtree(leftover)


def place(root: Path, manifest: UploadManifest, fill: Callable[[Path], None]) -> None:
    """Make an upload in a tenant's folder.

    Args:
        fill: puts the files into the folder `FILES` of the workspace that it is given, on the disk.
    """
    workspace = Path(tempfile.mkdtemp(prefix=WORKSPACE, dir=root))
    try:
        (workspace / FILES).mkdir()
        fill(workspace)
        write_atomically(workspace / MANIFEST, manifest.model_dump_json(indent=2).encode())
        workspace.chmod(0o755)
        for folder in (workspace / FILES, *(f for f in (workspace / FILES).rglob("*") if f.is_dir())):
            sync_folder(folder)
        sync_folder(workspace)
        # From here on the upload exists.
        workspace.rename(root / manifest.upload_id)
        sync_folder(root)
    except BaseException:
        shutil.rmtree(workspace, ignore_errors=True)
        raise
