"""JupyterLab on the project's notebooks, started on request (`recolake lab`), behind a token."""

from __future__ import annotations

import secrets
import sys

from recolake.platform import probes
from recolake.platform.service import HOST, Context, PlatformService
from recolake.settings import PROJECT_ROOT


def _token(context: Context) -> str:
    return context.secret("lab.token", lambda: secrets.token_urlsafe(24))


class JupyterLab(PlatformService):
    name = "lab"
    endpoint = "lab"
    preferred_port = 8888
    on_request = True

    def url(self, context: Context) -> str:
        return f"http://{HOST}:{context.port}/lab?token={_token(context)}"

    def environment(self, context: Context) -> dict[str, str]:
        return {"JUPYTER_TOKEN": _token(context)}

    def command(self, context: Context) -> list[str]:
        # Root may be all there is (a container): the server listens on loopback and asks for its token.
        return [
            sys.executable,
            "-m",
            "jupyterlab",
            "--no-browser",
            "--allow-root",
            f"--ServerApp.ip={HOST}",
            f"--ServerApp.port={context.port}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={PROJECT_ROOT / 'notebooks'}",
            "--ServerApp.contents_manager_class=jupytext.TextFileContentsManager",
        ]

    def healthy(self, context: Context) -> bool:
        return probes.answers(context.port, f"/api/status?token={_token(context)}")
