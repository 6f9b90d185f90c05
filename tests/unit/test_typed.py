"""What a message says to type begins with the program that was typed."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from windlass.events import Ended, Note, Output, StepEnded
from windlass.report import make_report, say_error
from windlass.typed import as_typed


@pytest.fixture
def windlass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/home/ana/.local/bin/windlass", "deploy"])


@pytest.mark.usefixtures("windlass")
@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("fab status -H host; fab deploy", "windlass status -H host; windlass deploy"),
        ("name one: fab rollback --commit", "name one: windlass rollback --commit"),
        ("fab --list shows the tasks", "windlass --list shows the tasks"),
        ("fab … -H [user@]host", "windlass … -H [user@]host"),
        ("a prefab house, a fab, Fab deploy", "a prefab house, a fab, Fab deploy"),
    ],
)
def test_who_typed_windlass_reads_windlass(text: str, read: str) -> None:
    assert as_typed(text) == read


def test_who_typed_fab_reads_fab(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", [str(Path("/usr/bin/fab"))])
    assert as_typed("fab status") == "fab status"


@pytest.mark.usefixtures("windlass")
@pytest.mark.parametrize("json", [False, True])
def test_a_report_names_it_but_leaves_what_a_server_printed(json: bool) -> None:
    stream = io.StringIO()
    with make_report(json=json, verbose=True, stream=stream, errors=stream) as report:
        report.emit(Output("web", "fab printed"))
        report.emit(StepEnded("web", 1, "prepare", "Build", "failed", 1.0, "fab reason"))
        report.emit(Note("web", "fab note"))
        report.emit(Ended("web", "failed", "", 1.0, "fab message", "fab hint"))
    say_error("fab message", "fab hint", stream=stream, errors=stream, json=json)
    told = stream.getvalue()
    assert told.count("windlass") == 6
    assert "fab printed" in told
