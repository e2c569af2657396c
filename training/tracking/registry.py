"""MLflow as training uses it: one experiment and one registered model a tenant."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from recolake.endpoints import resolve
from recolake.errors import NotFoundError, ServiceUnavailableError
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.namespaces import experiment_name, model_name

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion
    from mlflow.models.model import ModelInfo

ALIAS = "champion"
# Tags of runs and of registered versions.
REQUEST, RESULT = "recolake.request", "recolake.result"
VERSION, GATE, REASONS, REFUSALS, WITHDRAWN = (
    "recolake.version",
    "recolake.gate",
    "recolake.gate_reasons",
    "recolake.gate_refusals",
    "recolake.withdrawn",
)
ALGORITHM, KIND, WINDOW = "recolake.algorithm", "recolake.kind", "recolake.window"
# Of a run that made a version once more.
REPRODUCES = "recolake.reproduces"
SOURCE, COMMIT, TENANT = "recolake.source", "mlflow.source.git.commit", "recolake.tenant"
PASSED, FAILED = "passed", "failed"
_RUNS_AT_ONCE = 100


@dataclass(frozen=True)
class Registry:
    """One tenant's experiment and registered model."""

    client: MlflowClient
    tenant: Tenant

    @property
    def experiment(self) -> str:
        return experiment_name(self.tenant)

    @property
    def model_name(self) -> str:
        return model_name(self.tenant)

    def experiment_id(self) -> str:
        """Id of the tenant's experiment, made on first use."""
        found = self.client.get_experiment_by_name(self.experiment)
        return found.experiment_id if found else str(self.client.create_experiment(self.experiment))

    def finished_run(self, tag: str, value: str) -> Run | None:
        """The first finished run with that tag."""
        found = self.client.search_runs(
            [self.experiment_id()],
            filter_string=f"tags.`{tag}` = '{value}' and attributes.status = 'FINISHED'",
            order_by=["attributes.start_time ASC"],
            max_results=1,
        )
        return found[0] if found else None

    def run(self, run_id: str) -> Run | None:
        """The run; None where MLflow knows none of that id, as after its database was lost."""
        from mlflow.exceptions import MlflowException
        from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST, ErrorCode

        try:
            return self.client.get_run(run_id)
        except MlflowException as error:
            if error.error_code != ErrorCode.Name(RESOURCE_DOES_NOT_EXIST):
                raise
            return None

    def runs(self, run_ids: Sequence[str]) -> dict[str, Run]:
        """Those of these runs that MLflow knows, by id."""
        found = {}
        for start in range(0, len(run_ids), _RUNS_AT_ONCE):
            among = ", ".join(f"'{run_id}'" for run_id in run_ids[start : start + _RUNS_AT_ONCE])
            for run in self.client.search_runs([self.experiment_id()], f"attributes.run_id IN ({among})"):
                found[run.info.run_id] = run
        return found

    def bury_killed_runs(self) -> None:
        """Runs that say they are running cannot be: the caller holds the tenant's lock."""
        for run in self.client.search_runs([self.experiment_id()], "attributes.status = 'RUNNING'"):
            self.client.set_terminated(run.info.run_id, "KILLED")

    def versions(self) -> list[ModelVersion]:
        """Versions that training finished, newest first."""
        found = self.client.search_model_versions(f"name = '{self.model_name}'", max_results=1_000)
        return sorted((v for v in found if GATE in v.tags), key=lambda v: -int(v.version))

    def version(self, name: str) -> ModelVersion:
        """The version called `v<number>`.

        Raises:
            NotFoundError: there is none, or its training never finished.
        """
        for found in self.versions():
            if f"v{found.version}" == name:
                return found
        raise NotFoundError(
            f"Tenant '{self.tenant}' has no model version '{name}'.",
            hint=f"`recolake models list --tenant {self.tenant}` names all versions.",
            field="version",
        )

    def name_unused(self, logged: ModelInfo, taken: Callable[[str], bool]) -> str:
        """The name of a model's registered version; it is registered again where that name is taken.

        A registry that was set up anew counts from 1, and artefacts of the one before it may be in service.
        """
        import mlflow

        name = f"v{logged.registered_model_version}"
        while taken(name):
            name = f"v{mlflow.register_model(logged.model_uri, self.model_name).version}"
        return name

    def tag(self, version: str, key: str, value: str) -> None:
        self.client.set_model_version_tag(self.model_name, version.removeprefix("v"), key, value)

    def champion(self) -> str | None:
        """The version that the alias names."""
        from mlflow.exceptions import MlflowException

        try:
            return f"v{self.client.get_model_version_by_alias(self.model_name, ALIAS).version}"
        except MlflowException:
            return None

    def crown(self, version: str) -> None:
        """Let the alias name this version."""
        self.client.set_registered_model_alias(self.model_name, ALIAS, version.removeprefix("v"))


def refuse_pickles() -> None:
    """Let MLflow load no model in this process that would have to be unpickled, whatever was set before."""
    os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = "false"


@contextmanager
def open_registry(settings: Settings, tenant: Tenant) -> Iterator[Registry]:
    """MLflow for one tenant; whatever goes wrong in talking to it becomes one clear error.

    Raises:
        ServiceUnavailableError: MLflow does not answer, or stops answering.
    """
    url = resolve(settings, "mlflow").rstrip("/")
    hint = "See `recolake status` and `recolake logs mlflow`."
    try:
        httpx.get(f"{url}/health", timeout=10.0, trust_env=False).raise_for_status()
    except httpx.HTTPError as error:
        raise ServiceUnavailableError(f"MLflow at {url} does not answer.", hint=hint) from error
    refuse_pickles()
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    import mlflow
    from mlflow.exceptions import MlflowException

    mlflow.set_tracking_uri(url)
    mlflow.set_registry_uri(url)
    try:
        yield Registry(mlflow.MlflowClient(url, url), tenant)
    except MlflowException as error:
        raise ServiceUnavailableError(f"MLflow at {url} failed: {error}", hint=hint) from error


def tags_of(entity: Any) -> dict[str, str]:
    """Tags of a run."""
    return dict(entity.data.tags)
