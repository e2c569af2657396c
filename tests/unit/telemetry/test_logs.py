"""A log line is one line, whatever is logged, and quotes no exception's message."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recolake.telemetry import exception_places, render

# Controls, and separators of lines and paragraphs.
_COMMANDS = {"Cc", "Zl", "Zp", "Cs"}


@pytest.mark.control(19)
@given(st.dictionaries(st.text(max_size=5), st.text()))
def test_any_event_is_one_line_of_json(event: dict[str, str]) -> None:
    line = render(None, "info", dict(event))
    assert line.splitlines() == [line]
    assert not [character for character in line if unicodedata.category(character) in _COMMANDS]
    assert json.loads(line) == event


@pytest.mark.control(19)
@pytest.mark.parametrize(
    "text",
    [
        "a\r\nb",
        "\x1b[31mred",
        "\x9b31mred",
        "\x7f",
        "a\x85b",
        "a\u2028b",
        "\u202egnp.exe",
        "\ud800",
        "\x00",
        2**70,
    ],
)
def test_what_a_terminal_would_obey_is_written_as_an_escape(text: object) -> None:
    """Also what JSON itself lets pass: DEL, C1, separators of lines, and marks that turn a text around."""
    line = render(None, "info", {"event": text})
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line) == {"event": text}


@pytest.mark.control(18)
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


@pytest.mark.control(18)
@pytest.mark.control(19)
def test_the_standard_library_s_logs_obey_the_same_rules() -> None:
    done = subprocess.run([sys.executable, "-c", STANDARD], capture_output=True, text=True, check=True)
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert (first["event"], first["service"]) == ("text a\r\nb", "test")
    assert (second["event"], second["exception"]) == ("failed", "KeyError")
    assert "ada" not in done.stdout + done.stderr
