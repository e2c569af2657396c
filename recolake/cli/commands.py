"""Commands of the kernel itself; each lives beside what it commands."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Hang the kernel's commands into the command line."""
    from recolake.demo import commands as demo
    from recolake.experiments import commands as experiments
    from recolake.inference import commands as inference
    from recolake.lake import commands as lake
    from recolake.landing import commands as landing
    from recolake.lineage import commands as lineage
    from recolake.platform import commands as platform
    from recolake.privacy import commands as privacy
    from recolake.simulator import commands as simulator
    from recolake.spool import commands as spool
    from recolake.transform import commands as transform
    from recolake.uploads import commands as uploads
    from recolake.usage import commands as usage

    early = (platform, inference, landing, uploads, spool, usage, transform)
    for module in (*early, lake, lineage, demo, simulator, experiments, privacy):
        module.register(app)
