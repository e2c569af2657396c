"""A log line is one line, whatever is logged, and quotes no exception's message."""

from __future__ import annotations

import json
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from recolake.telemetry import exception_places, render


@given(st.dictionaries(st.text(max_size=5), st.text()))
def test_any_event_is_one_line_of_json(event: dict[str, str]) -> None:
    try:
        line = render(None, "info", dict(event))
    except TypeError:
        # Text that is no Unicode cannot be written as JSON at all.
        assert any(not value.isprintable() for pair in event.items() for value in pair)
        return
    assert "\n" not in line
    assert "\r" not in line
    assert "\x1b" not in line
    assert json.loads(line) == event


def test_an_exception_is_logged_by_type_and_place_alone() -> None:
    try:
        raise ValueError("ada@example.org")
    except ValueError as error:
        event = exception_places(None, "error", {"event": "x", "exc_info": error})
    assert event["exception"] == "ValueError"
    assert "test_an_exception_is_logged" in event["places"][-1]
    assert "ada" not in json.dumps(event)


STANDARD = """
import logging
from recolake.telemetry import configure_logging
configure_logging("test")
logging.getLogger("somebody").warning("text %s", "a\\r\\nb")
try:
    raise KeyError("ada@example.org")
except KeyError:
    logging.getLogger("somebody").exception("failed")
"""


def test_the_standard_library_s_logs_obey_the_same_rules() -> None:
    done = subprocess.run([sys.executable, "-c", STANDARD], capture_output=True, text=True, check=True)
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert (first["event"], first["service"]) == ("text a\r\nb", "test")
    assert (second["event"], second["exception"]) == ("failed", "KeyError")
    assert "ada" not in done.stdout + done.stderr
