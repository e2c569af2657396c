"""The one way to the lakehouse engine: a Spark Connect session on the environment's warm server."""

from __future__ import annotations

import atexit
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from recolake.endpoints import resolve
from recolake.errors import ServiceUnavailableError
from recolake.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from pyspark.sql.connect.session import SparkSession as RemoteSession

_PROBE = "SELECT 1"
_USUAL_PORT = 15002
# What an engine that was started again says of a session of its predecessor's; the client, which closes such
# a session while it reads the answer, may then say the last instead.
_GONE = (
    "INVALID_HANDLE.SESSION_NOT_FOUND",
    "INVALID_HANDLE.SESSION_CHANGED",
    "INVALID_HANDLE.SESSION_CLOSED",
    "NO_ACTIVE_SESSION",
)
_lock = threading.Lock()
_sessions: dict[str, SparkSession] = {}


def connect(settings: Settings) -> SparkSession:
    """A session on the engine; callers of one process share it.

    Libraries that take the process's session, as dbt, Feast and MLflow do, get the one given last. An engine
    that was started again knows nothing of earlier sessions: then the caller gets a new one.

    Raises:
        ServiceUnavailableError: the engine does not answer.
    """
    from pyspark.errors import PySparkException

    # PySpark writes every failed query to standard error, plan and stack trace included, beside raising it.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    url = resolve(settings, "spark")
    with _lock:
        kept = _sessions.get(url)
        if kept is not None:
            if _answers(kept):
                return _adopt(kept)
            del _sessions[url]
            _forget(kept)
        try:
            _knock(url)
            session = _open(url)
        except (PySparkException, OSError) as error:
            raise ServiceUnavailableError(
                f"The Spark engine at {url} does not answer.",
                hint="See `recolake status` and `recolake logs spark`.",
            ) from error
        _sessions[url] = session
        return _adopt(session)


def disconnect(settings: Settings | None = None) -> None:
    """Close this process's session on an engine while it still runs, or those on all engines.

    The next `connect` opens a new one. What an open session holds on an engine that has ended is asked back
    for when Python lets go of it, one vain wait after another.
    """
    with _lock:
        for url in [resolve(settings, "spark")] if settings is not None else list(_sessions):
            if session := _sessions.pop(url, None):
                session.stop()


@contextmanager
def engine_errors(work: str, again: str) -> Iterator[None]:
    """An engine that falls silent in the middle is the operator's concern, not a crash.

    Args:
        work: what was going on ("features were written"), for the message.
        again: the command that completes it.

    Raises:
        ServiceUnavailableError: in place of the client's error about a connection or a session that is gone.
            What the engine itself says of a query passes through.
    """
    from pyspark.errors.exceptions.connect import SparkConnectException, SparkConnectGrpcException

    try:
        yield
    except SparkConnectException as error:
        gone = type(error) is SparkConnectGrpcException or (error.getCondition() or "") in _GONE
        if not gone:
            raise
        _forget_lost()
        raise ServiceUnavailableError(
            f"Spark stopped answering while {work}.",
            hint=f"Nothing is lost: see `recolake status`, then run `{again}` again.",
        ) from error


def _forget_lost() -> None:
    """Close our end of sessions whose engine is gone: else everything that they hold there is asked back for,
    one vain wait after another."""
    with _lock:
        for url, session in list(_sessions.items()):
            try:
                _knock(url)
                alive = _answers(session)
            except OSError:
                alive = False
            if not alive:
                del _sessions[url]
                _forget(session)


def _answers(session: SparkSession) -> bool:
    from pyspark.errors import PySparkException

    try:
        session.sql(_PROBE).collect()
    except (PySparkException, OSError):
        return False
    return True


def _knock(url: str) -> None:
    """Raise OSError at once where nothing listens: the client would knock again and again."""
    address = urlsplit(url)
    socket.create_connection((address.hostname or "", address.port or _USUAL_PORT), timeout=5).close()


def _open(url: str) -> SparkSession:
    """A new session: `getOrCreate` would hand out another engine's, whatever address it is given."""
    from pyspark.sql import SparkSession
    from pyspark.sql.connect.client.retries import DefaultPolicy

    # This builder also tells `pyspark.sql.functions` that the engine is a remote one.
    session = cast("RemoteSession", SparkSession.builder.remote(url).create())
    # The client's own policy goes on for ten minutes. An engine that was started again does not know our
    # session, so waiting for longer than a hiccup takes (some 5 s in all) cannot help.
    policy = DefaultPolicy(max_retries=5, initial_backoff=100, backoff_multiplier=3.0, max_backoff=3_000)
    session.client.set_retry_policies([policy])
    # We keep no Spark ML models there; asking a stopped engine to drop them holds up the end of the process.
    atexit.unregister(session.client._cleanup_ml_cache)
    try:
        session.sql(_PROBE).collect()
    except BaseException:
        _forget(session)
        raise
    return cast("SparkSession", session)


def _adopt(session: SparkSession) -> SparkSession:
    """Make it what `getOrCreate` and `getActiveSession` give: by itself the client keeps the first one."""
    from pyspark.sql.connect.session import SparkSession as RemoteSession

    RemoteSession._default_session = RemoteSession._active_session.session = cast("RemoteSession", session)
    return session


def _forget(session: SparkSession | RemoteSession) -> None:
    """Close our end of a session whose engine is gone, without asking it."""
    session.release_session_on_close = False  # type: ignore[union-attr]
    session.stop()
