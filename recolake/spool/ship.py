"""From the spool to the landing zone: what was acknowledged becomes uploads, each once.

Which segments make an upload is written down before it is made. Whoever is killed on the way is followed by
one who makes the same upload of the same segments, and finds it there.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock

from recolake.files import write_atomically
from recolake.journal.segments import dispose, sealed_segments
from recolake.landing.records import land_records
from recolake.landing.upload import UploadManifest
from recolake.records.kinds import Kind
from recolake.settings import Settings
from recolake.spool.read import read_segment
from recolake.tenancy.context import Tenant

_MOST_BYTES = 64 << 20


@dataclass
class ShipReport:
    """`records` of `segments` are in the landing zone, as `uploads`.

    `damaged` lines could not be read; their segments are kept in the spool's folder `unreadable`.
    """

    segments: int = 0
    records: int = 0
    damaged: int = 0
    uploads: list[UploadManifest] = field(default_factory=list)

    @property
    def tenants(self) -> list[Tenant]:
        """Who has something new in the landing zone."""
        return sorted({Tenant(upload.tenant) for upload in self.uploads}, key=str)


def ship_records(settings: Settings, progress: Callable[[str], None] | None = None) -> ShipReport:
    """Land what is in sealed segments, then remove them. Runs wait for each other."""
    report = ShipReport()
    settings.run_root.mkdir(parents=True, exist_ok=True)
    with FileLock(settings.run_root / "ship-records.lock"):
        while segments := _planned(settings):
            _ship(settings, segments, report)
            _plan(settings).unlink()
            if progress:
                progress(f"{report.records} records of {report.segments} segments")
    return report


def _plan(settings: Settings) -> Path:
    return settings.run_root / "ship-records.json"


def _planned(settings: Settings) -> list[Path]:
    """The segments of a run that was killed, or else the next ones."""
    plan = _plan(settings)
    if plan.exists():
        begun = [settings.spool_root / name for name in json.loads(plan.read_text())]
        if all(path.exists() for path in begun):
            return begun
        # It was killed while it removed them, so all of them are landed.
        for path in begun:
            path.unlink(missing_ok=True)
        plan.unlink()
    chosen = _some(sealed_segments(settings.spool_root))
    if chosen:
        write_atomically(plan, json.dumps([path.name for path in chosen]).encode(), mode=0o600)
    return chosen


def _some(segments: Sequence[Path]) -> list[Path]:
    """The oldest, as many as fit into memory."""
    chosen: list[Path] = []
    size = 0
    for path in segments:
        size += path.stat().st_size
        if chosen and size > _MOST_BYTES:
            break
        chosen.append(path)
    return chosen


def _ship(settings: Settings, segments: Sequence[Path], report: ShipReport) -> None:
    found: dict[Tenant, dict[Kind, list[bytes]]] = defaultdict(lambda: defaultdict(list))
    spoiled = set()
    for path in segments:
        frames, damaged = read_segment(path)
        for frame in frames:
            for record in frame.records:
                found[frame.tenant][record.kind].append(record.text)
                report.records += 1
        if damaged:
            report.damaged += damaged
            spoiled.add(path)
    report.uploads += [land_records(settings, tenant, records) for tenant, records in found.items()]
    for path in segments:
        dispose(path, aside=path in spoiled)
    report.segments += len(segments)
