"""Client of the running Airflow: announce that an asset changed, and watch what follows.

Airflow is a convenience, never a need: where nobody listens the caller is told, and the steps are commands.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential

from recolake.endpoints import resolve
from recolake.errors import NotFoundError, RecolakeError, ServiceUnavailableError
from recolake.orchestration.chain import CHAIN, LANDING, extra_for
from recolake.secrets.provider import secrets_of
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

USER = "admin"
_CONNECT_SECONDS, _ANSWER_SECONDS = 2.0, 20.0
_LOG_TAIL_LINES = 25


class AirflowClient:
    """The part of Airflow's REST API (v2) that Recolake uses. Use it as a context manager."""

    def __init__(self, settings: Settings) -> None:
        """Take the address from the settings and the password from the secret `airflow.password`.

        Raises:
            ServiceUnavailableError: Airflow is neither configured nor started.
        """
        self._settings = settings
        self._http = httpx.Client(
            base_url=resolve(settings, "airflow"),
            timeout=httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS),
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def announce(self, asset: str, extra: Mapping[str, Any]) -> int:
        """Post an asset event; gives its id.

        Raises:
            NotFoundError: Airflow has not read the DAGs yet.
            ServiceUnavailableError: Airflow does not answer.
        """
        found = self.get("/assets", name_pattern=asset)["assets"]
        asset_ids = [row["id"] for row in found if row["name"] == asset]
        if not asset_ids:
            raise NotFoundError(f"Airflow does not know the asset '{asset}' yet.", hint="Try again soon.")
        body = {"asset_id": asset_ids[0], "extra": dict(extra)}
        return int(self._send("POST", "/assets/events", json=body)["id"])

    def wait_for_dags(self, timeout_seconds: float = 120) -> None:
        """Wait until every step of the chain can be started: at a first start Airflow has to read the DAGs.

        Raises:
            ServiceUnavailableError: they are not there in time.
        """
        deadline = time.monotonic() + timeout_seconds
        wanted = {step.dag_id for step in CHAIN}
        while not wanted <= {dag["dag_id"] for dag in self.get("/dags")["dags"]}:
            if time.monotonic() > deadline:
                raise ServiceUnavailableError(
                    f"Airflow did not read the DAGs within {timeout_seconds:.0f} s.",
                    hint="Look at `recolake logs airflow-dag-processor`.",
                )
            time.sleep(0.5)

    def get(self, path: str, **params: Any) -> Any:
        """JSON of a GET; what fails in passing is tried again for a few seconds."""
        return self._get_again(path, params)

    def log_tail(self, dag_id: str, run_id: str, task_id: str, attempt: int) -> str:
        """The last lines that an attempt of a task logged, or a sentence that says why there are none."""
        place = f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances/{task_id}/logs/{attempt}"
        try:
            content = self.get(place, full_content=True)["content"]
        except RecolakeError as error:
            return f"(its log cannot be read: {error.message})"
        lines = [line for entry in content for line in _log_lines(entry)]
        return "\n".join(lines[-_LOG_TAIL_LINES:])

    @retry(
        retry=retry_if_exception_type(ServiceUnavailableError),
        stop=stop_after_attempt(5),
        wait=wait_exponential(multiplier=0.25, max=4),
        reraise=True,
    )
    def _get_again(self, path: str, params: Mapping[str, Any]) -> Any:
        return self._send("GET", path, params=params)

    def _send(self, method: str, path: str, **arguments: Any) -> Any:
        answer = self._call(method, f"/api/v2{path}", **arguments)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            self._log_in()
            answer = self._call(method, f"/api/v2{path}", **arguments)
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise NotFoundError(f"Airflow has no {path}.")
        if answer.is_error:
            raise ServiceUnavailableError(
                f"Airflow answered {answer.status_code} to {method} {path}.",
                hint="Look at `recolake logs airflow`.",
            )
        return answer.json()

    def _log_in(self) -> None:
        password = secrets_of(self._settings).get("airflow.password")
        if password is None:
            raise ServiceUnavailableError(
                "This machine keeps no password for Airflow.", hint="`recolake up` makes one."
            )
        body = {"username": USER, "password": password.text()}
        answer = self._call("POST", "/auth/token", json=body)
        if answer.is_error:
            raise ServiceUnavailableError(f"Airflow refused to log us in ({answer.status_code}).")
        self._http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def _call(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **arguments)
        except httpx.HTTPError as error:
            raise ServiceUnavailableError(
                "Airflow does not answer.", hint="Look at `recolake status`."
            ) from error


def announce(settings: Settings, asset: str, extra: Mapping[str, Any]) -> int | None:
    """Post an asset event; its id, or None if no Airflow is there to hear it."""
    try:
        with AirflowClient(settings) as airflow:
            return airflow.announce(asset, extra)
    except (ServiceUnavailableError, NotFoundError):
        return None


def announce_landing(settings: Settings, tenant: Tenant, upload_id: str) -> int | None:
    """Tell Airflow of a landed upload; the event's id, or None if no Airflow is there to hear it."""
    return announce(settings, LANDING, extra_for([tenant.name], upload_id))


def notify_landing(settings: Settings, tenant: Tenant, upload_id: str) -> bool:
    """Tell Airflow of a landed upload; False means that somebody has to run `recolake ingest`."""
    return announce_landing(settings, tenant, upload_id) is not None


def _log_lines(entry: Any) -> list[str]:
    """Lines of one entry of a task's log: the text of its event and, where there is one, of its exception."""
    if isinstance(entry, str):
        return entry.splitlines()
    text = str(entry.get("event", ""))
    if text.startswith("::"):
        return []
    lines = text.splitlines()
    for detail in entry.get("error_detail") or []:
        lines.append(f"{detail.get('exc_type', '')}: {detail.get('exc_value', '')}")
    return lines
