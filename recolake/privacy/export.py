"""Everything that is held of a person, as a zip of files that a person can read."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from recolake.files import private_folder
from recolake.privacy.people import People
from recolake.privacy.stores import Job, Store, known_stores
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

Progress = Callable[[str], None]
_README = """Everything that {tenant} holds of one person in Recolake, as of {at:%Y-%m-%d %H:%M} UTC.

landing/   what was sent of the person, file by file, with the lines it stood on
lake/      rows of the tables: bronze as received, silver and gold as derived, recommendations that were
given.
           `user_id` is a pseudonym; one JSON object a line
models/    the person's vector in each model, one number a line
redis/     what the online store keeps under the person's keys, packed as Feast packs it (hex); the same
values
           stand readable in lake/gold.user_features.jsonl and models/
replays/   answers that are kept for requests with an Idempotency-Key
opt_out.txt  whether the person is left out of training

{files} files. What the platform made of many people together (popularity, item vectors) is no part of this.
"""


def export(
    settings: Settings,
    tenant: Tenant,
    people: People,
    target: Path,
    *,
    progress: Progress | None = None,
    stores: list[Store] | None = None,
) -> int:
    """Write the zip, whole or not at all, for its owner alone (mode 0600); gives the number of files with
    data.

    Raises:
        ServiceUnavailableError: a service that a store needs does not answer.
    """
    say = progress or (lambda _: None)
    now = datetime.now(UTC)
    job = Job(settings, tenant, people, now, say)
    places = stores if stores is not None else known_stores()
    for place in places:
        place.prepare(job)
    private_folder(target.parent)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".export-")
    os.close(handle)
    beside, count = Path(name), 0
    try:
        with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as archive:
            for place in places:
                say(f"reading {place.name}")
                for path, content in place.export(job):
                    archive.writestr(path, content)
                    count += 1
            archive.writestr("README.txt", _README.format(tenant=tenant, at=now, files=count))
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return count
