"""Logs of a service: one JSON object a line, on standard output.

JSON escapes CR, LF and terminal escapes, and what terminals and viewers take for such beside them is escaped,
too, so no value can forge a line. Of an exception the type and the places are logged, never the message:
messages quote what people sent.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_PLACES = 12
# DEL, the C1 controls (U+009B begins a terminal's command as ESC [ does, U+0085 ends a line), the separators
# of lines and paragraphs, and what turns the direction of a text around. JSON leaves all of them as they are.
_FORGING = re.compile("[\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")


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
    """One line of JSON, without what a terminal obeys; what JSON does not know is written as text."""
    try:
        line = orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:
        # Half a surrogate pair, or a number beyond 64 bits: a line that is not written would be told, with
        # all that it holds, on the standard error.
        line = json.dumps(event, default=str)
    return _FORGING.sub(lambda found: f"\\u{ord(found[0]):04x}", line)
