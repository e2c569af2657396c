"""Logs of a service: one JSON object a line, on standard output.

JSON escapes CR, LF and terminal escapes, so no value can forge a line. Of an exception the type and the
places are logged, never the message: messages quote what people sent.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_PLACES = 12


def configure_logging(service: str, level: int = logging.INFO) -> None:
    """Send structlog's and the standard library's logs through one JSON renderer."""

    def name_service(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        return {"service": service, **event}

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        name_service,
        exception_places,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.PositionalArgumentsFormatter()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    # Its lines hold whole paths, which hold what callers write; services log requests themselves.
    logging.getLogger("uvicorn.access").disabled = True
    # What they tell at this level is noise, or quotes whole addresses.
    for name in ("faiss", "feast", "httpx", "httpx2"):
        logging.getLogger(name).setLevel(logging.WARNING)


def exception_places(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace exception information by the exception's type and the places it went through."""
    given = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()[1]
    elif isinstance(given, tuple):
        given = given[1]
    if isinstance(given, BaseException):
        frames = traceback.extract_tb(given.__traceback__)[-_PLACES:]
        event["exception"] = type(given).__qualname__
        event["places"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return event


def render(_: WrappedLogger, __: str, event: MutableMapping[str, Any]) -> str:
    """One line of JSON; what JSON does not know is written as text."""
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
