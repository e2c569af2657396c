"""The one configuration object. Every field can be set by an environment variable `RECOLAKE_<FIELD>`."""

from __future__ import annotations

import hashlib
import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from recolake.errors import InvalidInputError
from recolake.loopback import is_secure_url

PROJECT_ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Where things live and how hard they may work.

    A `*_url` that is set replaces the embedded server of the local platform by a real one; where it is not
    set, `recolake.endpoints.resolve` reads the address that `recolake up` chose.
    """

    model_config = SettingsConfigDict(env_prefix="RECOLAKE_", extra="ignore", frozen=True)

    home: Path = Field(
        default=Path(".recolake"), description="Folder of all state: data, logs, pids, secrets"
    )
    lake_url: str | None = Field(default=None, description="Root URL of the lake; default: <home>/lake")
    landing_url: str | None = Field(
        default=None, description="Root URL of the landing zone; default: <home>/landing"
    )

    postgres_url: str | None = Field(
        default=None, description="postgresql://user:password@host:port (no database)"
    )
    redis_url: str | None = Field(default=None, description="redis://host:port/db")
    spark_url: str | None = Field(default=None, description="sc://host:port of the Spark Connect server")
    mlflow_url: str | None = Field(default=None, description="MLflow tracking server and registry")
    airflow_url: str | None = Field(default=None, description="Airflow API server")
    api_url: str | None = Field(default=None, description="Recommendation API (data plane)")
    control_url: str | None = Field(default=None, description="Control plane API")
    lab_url: str | None = Field(default=None, description="JupyterLab")
    kafka_url: str | None = Field(default=None, description="kafka://host:port[,host:port]")

    spark_driver_memory: str = "3g"
    spark_cores: int = Field(default=2, ge=1)
    spark_java_options: str = Field(
        default="-XX:+UseG1GC -XX:+UseStringDeduplication",
        description="How the engine's JVM collects garbage and compiles",
    )
    api_workers: int = Field(
        default=2,
        ge=1,
        description="Processes of the recommendation API: one alone queues at 100 requests a second",
    )
    environment_name: str = Field(
        default="live",
        pattern=r"^[a-z][a-z0-9-]{0,38}$",
        description="Which environment usage is metered as, such as live or staging",
    )
    acknowledge_by: Literal["spool", "kafka"] = Field(
        default="spool", description="What the API keeps records in before it acknowledges them"
    )
    feature_deadline_seconds: float = Field(
        default=0.1, gt=0, description="How long an answer waits for Redis before it does without"
    )
    postgres_deadline_seconds: float = Field(
        default=30, gt=0, description="How long one statement on the accounts database may take"
    )
    sweep_schedule: str = Field(
        default="7 * * * *",
        pattern=r"^\S+( \S+){4}$",
        description="When `ingest` looks for what a lost event left: minute, hour, day, month, weekday (UTC)",
    )
    pinned_models: int = Field(
        default=10, ge=1, description="Newest models of a tenant whose training data the lake keeps readable"
    )
    retention_days: int | None = Field(
        default=None, ge=1, description="Days after their last event when people are erased; unset: never"
    )
    webhook_loopback: bool = Field(
        default=False, description="Whether webhooks may go to this machine, by http, too: for trying out"
    )
    upload_max_bytes: int = Field(default=2 << 30, ge=1, description="Largest body of an upload over HTTP")

    secrets_from: Literal["files", "environment"] = Field(
        default="files",
        description="files: <home>/secrets; environment: RECOLAKE_SECRET_<NAME> where it is set, else files",
    )

    tls_certificate: Path | None = Field(
        default=None, description="Certificate chain (PEM): both APIs then speak TLS 1.3 and nothing else"
    )
    tls_key: Path | None = Field(default=None, description="Its private key (PEM), for its owner alone")
    tls_client_ca: Path | None = Field(
        default=None, description="Whoever comes without a certificate of this authority (PEM) is refused"
    )
    tls_client_certificate: Path | None = Field(
        default=None,
        validate_default=True,
        description="Certificate and key (one PEM) that probes and commands show then",
    )

    graphql_introspection: bool = Field(
        default=True, description="Whether POST /v1/graphql tells its schema to those who ask"
    )
    graphql_most_cost: int = Field(default=2_500, ge=1, description="Largest cost of a query")
    graphql_most_depth: int = Field(default=8, ge=1, description="Most fields within fields of a query")

    sign_up: Literal["open", "closed"] = Field(
        default="open", description="Whether whoever reaches the control plane may sign up, or is invited"
    )
    default_plan: str = Field(default="", description="Plan that new organisations get; unset: none")
    closing_grace_days: int = Field(
        default=30, ge=0, le=365, description="Days during which a closed organisation can be reopened"
    )
    dashboard_redirects: str = Field(
        default="", description="Redirect URIs of the dashboard's login, with spaces between them"
    )

    oidc_issuer: str | None = Field(
        default=None,
        description="Own OpenID Connect provider that people may log in with, as it calls itself",
    )
    oidc_client_id: str | None = Field(
        default=None,
        max_length=200,
        validate_default=True,
        description="What this platform is called there; its secret is the secret `oidc.client_secret`",
    )
    oidc_name: str = Field(
        default="single sign-on",
        min_length=1,
        max_length=40,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="What people call that provider: the button says `Continue with <name>`",
    )
    oidc_scopes: str = Field(
        default="openid email profile", max_length=500, description="Scopes that the platform asks it for"
    )
    oidc_deadline_seconds: float = Field(
        default=10, gt=0, le=60, description="How long all questions to it may take, at one step of a login"
    )
    password_login: bool = Field(
        default=True,
        validate_default=True,
        description="Whether people sign up and log in with a password; false takes RECOLAKE_OIDC_ISSUER",
    )

    @field_validator("lake_url", "landing_url")
    @classmethod
    def _on_a_disk(cls, value: str | None) -> str | None:
        """Another scheme, or a relative path, would quietly become a folder somewhere on this machine."""
        if value and not value.removeprefix("file://").startswith("/"):
            message = f"'{value}' is no absolute path and no file:///… URL; object stores are not supported"
            raise ValueError(message)
        return value or None

    @field_validator("home", "tls_certificate", "tls_key", "tls_client_ca", "tls_client_certificate")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        """A relative path is relative to the checkout, so that commands work from any folder."""
        return value if value is None or value.is_absolute() else PROJECT_ROOT / value

    @field_validator("tls_client_certificate")
    @classmethod
    def _complete(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        """Half of what TLS takes would quietly be none of it."""
        given = {name: info.data.get(name) for name in ("tls_certificate", "tls_key", "tls_client_ca")}
        if (given["tls_certificate"] is None) != (given["tls_key"] is None):
            message = "RECOLAKE_TLS_CERTIFICATE and RECOLAKE_TLS_KEY are set both or not at all"
            raise ValueError(message)
        if (given["tls_client_ca"] is None) != (value is None):
            message = "it is set together with RECOLAKE_TLS_CLIENT_CA: health probes need one, too"
            raise ValueError(message)
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def _an_issuer(cls, value: str | None) -> str | None:
        """Its answers decide who somebody is, so nobody on the way may write them."""
        if value is None or not value.strip():
            return None
        if not is_secure_url(value) or "?" in value:
            message = f"'{value}' is no https URL (http only for this machine) without user, query, fragment"
            raise ValueError(message)
        return value

    @field_validator("oidc_client_id")
    @classmethod
    def _both(cls, value: str | None, info: ValidationInfo) -> str | None:
        """Half of what a provider takes would quietly be none of it."""
        if "oidc_issuer" in info.data and (info.data["oidc_issuer"] is None) != (not value):
            message = "RECOLAKE_OIDC_ISSUER and RECOLAKE_OIDC_CLIENT_ID are set both or not at all"
            raise ValueError(message)
        return value or None

    @field_validator("oidc_scopes")
    @classmethod
    def _scopes(cls, value: str) -> str:
        """Without `openid` a provider answers with no word of who somebody is."""
        if "openid" not in value.split() or not re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e ]+", value):
            message = "it is a list of scopes with spaces between them, and openid is one of them"
            raise ValueError(message)
        return " ".join(value.split())

    @field_validator("password_login")
    @classmethod
    def _some_way_in(cls, value: bool, info: ValidationInfo) -> bool:
        """Otherwise nobody could log in any more."""
        if not value and info.data.get("oidc_issuer") is None:
            message = "without RECOLAKE_OIDC_ISSUER passwords are the only way to log in"
            raise ValueError(message)
        return value

    def environment(self) -> dict[str, str]:
        """Variables by which another process reads these very settings."""
        return {f"RECOLAKE_{name.upper()}": str(value) for name, value in self if value is not None}

    def fingerprint(self) -> str:
        """Short text that differs whenever any setting does."""
        text = json.dumps(self.environment(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def lake_root(self) -> str:
        return (self.lake_url or str(self.home / "lake")).rstrip("/")

    @property
    def landing_root(self) -> Path:
        return Path(self.landing_url.removeprefix("file://")) if self.landing_url else self.home / "landing"

    @property
    def index_root(self) -> Path:
        return self.home / "indexes"

    @property
    def secrets_root(self) -> Path:
        """Keys of tenants and passwords of local services; mode 0700, never inside the lake."""
        return self.home / "secrets"

    @property
    def snapshot_root(self) -> Path:
        """Files by which the data plane knows tenants, keys and features without the control plane."""
        return self.home / "snapshots"

    @property
    def journal_root(self) -> Path:
        """Usage records that the data plane wrote and nobody shipped to the lake yet."""
        return self.home / "journal"

    @property
    def outbox_root(self) -> Path:
        """Acts and notices that nobody shipped to PostgreSQL yet."""
        return self.home / "outbox"

    @property
    def audit_root(self) -> Path:
        """Signed checkpoints of audit logs, outside of the database that holds the logs."""
        return self.home / "audit"

    @property
    def spool_root(self) -> Path:
        """Events, items and users that the data plane acknowledged and nobody landed yet."""
        return self.home / "spool"

    @property
    def scenario_root(self) -> Path:
        """Scenarios of tenants: the control plane writes them, the data plane reads them."""
        return self.home / "scenarios"

    @property
    def trail_root(self) -> Path:
        """What the data plane acknowledged and profiles in Redis do not hold yet."""
        return self.home / "trail"

    @property
    def replay_root(self) -> Path:
        """Answers of requests with an `Idempotency-Key`, one database a tenant."""
        return self.home / "replays"

    @property
    def stream_root(self) -> Path:
        """How far streams into the lake have come: Spark's checkpoints, and what their batches landed."""
        return self.home / "streams"

    @property
    def temporary_root(self) -> Path:
        """What is being received; on the disk of the state folder, since /tmp may be memory."""
        return self.home / "tmp"

    @property
    def unfinished_root(self) -> Path:
        """Files that come in pieces, until an upload lands them."""
        return self.home / "unfinished"

    @property
    def run_root(self) -> Path:
        return self.home / "run"

    @property
    def log_root(self) -> Path:
        return self.home / "logs"

    @property
    def data_docs_index(self) -> Path:
        """Page of the Data Docs, where Great Expectations puts it."""
        return self.home / "gx" / "gx" / "uncommitted" / "data_docs" / "local_site" / "index.html"


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """Read the settings once a process.

    Raises:
        InvalidInputError: a variable has a value that cannot be used.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = f"RECOLAKE_{'_'.join(str(part) for part in first['loc'])}".upper()
        reason = first["msg"].removeprefix("Value error, ")
        raise InvalidInputError(f"{name}: {reason}.", hint=f"Set or unset the variable {name}.") from error
