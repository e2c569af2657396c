"""A publication that is killed at any step leaves one whole version in service, and can be done again."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from recolake.settings import PROJECT_ROOT
from recolake.tenancy.context import Tenant

# Each child does the same work and is killed at its next call that changes a disk, until one gets through.
KILLED_EVERYWHERE = """
import os, shutil, signal, sys
from pathlib import Path
from recolake.ranking.artifact import load_artifact
from recolake.ranking.artifact_writer import place_artifact
from recolake.ranking.pointer import activate, current_version, version_folder
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

settings, tenant, source = Settings(home=Path(sys.argv[1])), Tenant("shop"), Path(sys.argv[2])
CHANGES = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "shutil.copyfile", "os.chmod"}


def killed_at(step):
    left = step

    def hook(event, arguments):
        nonlocal left
        writes = event == "open" and (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR)
        if event in CHANGES or writes:
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def swap():
    folder = version_folder(settings, tenant, "v2")
    if not folder.exists():
        place_artifact(source, folder, tenant, "v2", "run-of-v2")
    load_artifact(folder, tenant)
    activate(settings, tenant, "v2")


step = 0
while True:
    child = os.fork()
    if child == 0:
        killed_at(step)
        swap()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    served = current_version(settings, tenant)
    artifact = load_artifact(version_folder(settings, tenant, served), tenant)
    assert artifact.manifest.model_version == served
    print(served, "killed" if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status), flush=True)
    if not os.WIFSIGNALED(status):
        break
    if step % 2:
        # Every other time from the beginning, and else from where the last one was killed.
        shutil.rmtree(version_folder(settings, tenant, "v2"), ignore_errors=True) if served == "v1" else None
    step += 1
"""


@pytest.mark.fault(14)
def test_a_swap_killed_at_every_step_serves_the_old_or_the_new_version_whole(api: Any, shop: Any) -> None:
    people = shop.write_artifact("v9", ["ada"], folder_version="v9")
    source = shop.settings.index_root / "shop" / "v9"
    run = subprocess.run(
        [sys.executable, "-c", KILLED_EVERYWHERE, str(shop.settings.home), str(source)],
        capture_output=True,
        text=True,
        cwd=PROJECT_ROOT,
        env={"OMP_NUM_THREADS": "1", "PYTHONPATH": str(PROJECT_ROOT), "PATH": "/usr/bin:/bin"},
        check=False,
    )
    assert run.returncode == 0, run.stderr
    steps = [line.split() for line in run.stdout.splitlines()]
    assert steps[-1] == ["v2", "0"]
    assert len(steps) > 5, "killed at every change of the disk"
    served = [version for version, _ in steps]
    assert served == sorted(served), "once the new one is served no kill brings the old one back"
    assert served[0] == "v1"
    # The server has followed, or follows once the vectors of the new one are online.
    shop.write_vectors("v2", people, Tenant("shop"))
    api.until("v2 in service", lambda: api.ask(user_id="ada").json()["model_version"] == "v2")
    assert api.client.get("/ready").json()["models_refused"] == 0
