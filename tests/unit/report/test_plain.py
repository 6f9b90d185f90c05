"""Plain lines and JSON lines: what a log and a script get."""

import io
import json
import os
import threading
from datetime import UTC, datetime

from windlass.events import (
    Connected,
    Ended,
    Event,
    Live,
    Note,
    Output,
    PlanStarted,
    Recovering,
    StepEnded,
    StepStarted,
)
from windlass.report import make_report, say_error
from windlass.report.jsonl import JsonReport
from windlass.report.sink import Sink

H = "deploy@203.0.113.5"
LOG = "/srv/app/logs/r/02-build.sh.log"
FAILING: list[Event] = [
    Connected(H, "r", 0.8),
    PlanStarted(H, "Deploy abc1234", (("prepare", "Install"), ("prepare", "Build"))),
    StepEnded(H, 1, "prepare", "Install", "unchanged", reason="same lock file"),
    StepStarted(H, 2, "prepare", "Build"),
    Output(H, "\x1b[31mcompiling\x1b[0m"),
    StepEnded(
        H, 2, "prepare", "Build", "failed", 3.25, "exit 1", ("compiling", "\x1b]0;owned\x07no module"), LOG
    ),
    Recovering(H, "the build failed"),
    Note(H, "nothing had changed", "warning"),
    Ended(H, "failed", "0041-def5678", 5.0, "the build failed", "fab logs -H " + H, was="0041-def5678"),
]


def shown(events: list[Event], *, verbose: bool = False) -> tuple[str, str]:
    stream, errors = io.StringIO(), io.StringIO()
    with make_report(verbose=verbose, stream=stream, errors=errors) as report:
        for event in events:
            report.emit(event)
    return stream.getvalue(), errors.getvalue()


def test_a_failed_run_reads_as_host_step_state_seconds() -> None:
    out, errors = shown(FAILING)
    assert out.splitlines() == [
        f"{H}  connecting  done  0.8 s",
        f"{H}  Deploy abc1234  planned  2 steps",
        f"{H}  Install  unchanged  0.0 s  same lock file",
        f"{H}  Build  started",
        f"{H}  Build  failed  3.2 s  exit 1",
        f"{H}  | compiling",
        f"{H}  | no module",
        f"{H}  log  {LOG}",
        f"{H}  recovery  started  the build failed",
        f"{H}  warning  nothing had changed",
        f"{H}  failed; live: 0041-def5678 as before  in 5.0 s",
    ]
    assert errors.splitlines() == ["the build failed", f"→ fab logs -H {H}"]


def test_a_good_run_ends_with_what_is_live_and_what_was() -> None:
    out, errors = shown(
        [Live(H, "0042-abc1234", "abc1234", 12.0), Ended(H, "done", "0042-abc1234", 12.3, was="0041-def5678")]
    )
    assert out.splitlines() == [
        f"{H}  0042-abc1234  live  12.0 s",
        f"{H}  live: 0042-abc1234 (was 0041-def5678)  in 12.3 s",
    ]
    assert errors == ""


def test_verbose_shows_output_as_it_comes_and_not_twice() -> None:
    out, _ = shown(FAILING, verbose=True)
    assert out.count("| compiling") == 1
    assert "\x1b" not in out


def test_no_more_than_twenty_lines_of_a_failed_step_are_shown() -> None:
    out, _ = shown([StepEnded(H, 1, "prepare", "Build", "failed", 1.0, tail=tuple(map(str, range(50))))])
    assert out.splitlines()[1:] == [f"{H}  | {number}" for number in range(30, 50)]


def test_nothing_is_said_of_what_is_live_where_that_is_unknown() -> None:
    out, errors = shown([Ended(H, "failed", "", 5.0, "connection refused", "is the server up?")])
    assert out == f"{H}  failed  in 5.0 s\n"
    assert errors == "connection refused\n→ is the server up?\n"


def test_each_json_line_is_the_event_with_its_time_and_cannot_drive_a_terminal() -> None:
    stream = io.StringIO()
    with JsonReport(Sink(stream), lambda: datetime(2026, 11, 21, 23, 42, 10, 125000, UTC)) as report:
        for event in FAILING:
            report.emit(event)
    text = stream.getvalue()
    assert text.isascii()
    assert "\x1b" not in text
    known = [json.loads(line) for line in text.splitlines()]
    assert [one["event"] for one in known] == [type(event).__name__.lower() for event in FAILING]
    assert {one["time"] for one in known} == {"2026-11-21T23:42:10.125Z"}
    assert known[5]["tail"] == ["compiling", "\x1b]0;owned\x07no module"]


def test_json_errors_go_where_the_other_objects_go() -> None:
    stream, errors = io.StringIO(), io.StringIO()
    say_error("no host", "fab deploy -H host", json=True, stream=stream, errors=errors)
    assert (
        json.loads(stream.getvalue()).items()
        >= {
            "event": "error",
            "message": "no host",
            "hint": "fab deploy -H host",
        }.items()
    )
    assert errors.getvalue() == ""


def test_an_error_for_a_person_is_a_line_and_a_hint_on_standard_error() -> None:
    stream, errors = io.StringIO(), io.StringIO()
    say_error("no host", "fab deploy -H host", stream=stream, errors=errors)
    assert (stream.getvalue(), errors.getvalue()) == ("", "no host\n→ fab deploy -H host\n")


def test_lines_of_hosts_that_speak_at_once_stay_whole() -> None:
    read, write = os.pipe()
    hosts = [f"host-{number}" for number in range(4)]
    found: list[str] = []
    with os.fdopen(read, encoding="utf-8") as reader, os.fdopen(write, "w", encoding="utf-8") as writer:
        reading = threading.Thread(target=lambda: found.extend(reader))
        reading.start()
        with make_report(json=True, stream=writer) as report:

            def speak(host: str) -> None:
                for number in range(300):
                    report.emit(Output(host, f"{number} " + "x" * 200))

            speakers = [threading.Thread(target=speak, args=(host,)) for host in hosts]
            for speaker in speakers:
                speaker.start()
            for speaker in speakers:
                speaker.join()
        writer.close()
        reading.join(10)
    known = [json.loads(line) for line in found]
    for host in hosts:
        mine = [int(one["text"].split()[0]) for one in known if one["host"] == host]
        assert mine == list(range(300))


def test_a_reader_that_went_away_does_not_end_the_run() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w", encoding="utf-8") as writer, make_report(stream=writer) as report:
        for event in FAILING[:-1]:
            report.emit(event)


def test_a_stream_that_knows_only_ascii_loses_characters_not_the_run() -> None:
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding="ascii")
    with make_report(stream=stream, errors=stream) as report:
        report.emit(Ended(H, "failed", "", 1.0, "Привет", "a hint"))
    assert written.getvalue().decode() == f"{H}  failed  in 1.0 s\n??????\n? a hint\n"
