"""The state folder belongs to its owner alone: it holds passwords, people's rows and models."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from recolake.files import private_folder
from recolake.settings import Settings

_PRIVATE, _PASSABLE = 0o700, 0o711


def secure_home(settings: Settings) -> None:
    """Make the state folder, or close it to everybody else if it was left open.

    As root, PostgreSQL runs as another user, who must pass through the home to its own folder: then others
    may pass, but neither list the home nor enter anything else in it.
    """
    passable = os.geteuid() == 0 and settings.postgres_url is None
    for folder in (
        settings.run_root,
        settings.log_root,
        settings.secrets_root,
        settings.snapshot_root,
        settings.journal_root,
        settings.outbox_root,
        settings.audit_root,
        settings.trail_root,
        settings.temporary_root,
        settings.unfinished_root,
        settings.index_root,
        settings.scenario_root,
        Path(settings.lake_root),
        settings.landing_root,
    ):
        # The lake and the landing zone may be elsewhere, and another's business.
        if folder.is_relative_to(settings.home):
            private_folder(folder)
    for folder in settings.home.iterdir():
        if folder.is_dir() and not folder.is_symlink():
            _close(folder, _PRIVATE)
    _close(settings.home, _PASSABLE if passable else _PRIVATE)


def _close(folder: Path, mode: int) -> None:
    """Set the mode of a folder that is ours."""
    status = folder.stat()
    if status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) != mode:
        folder.chmod(mode)
