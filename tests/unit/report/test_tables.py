"""Status, releases and history: as a person reads them at 80 columns, and as machines do."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from windlass.report.rows import Deed, Health, HostStatus, KeptRelease, Lock, Port, Process, Space
from windlass.report.tables import show_history, show_releases, show_status

H = "deploy@203.0.113.5"
GIB = 2**30
AT = datetime(2026, 11, 21, 23, 42, tzinfo=UTC)
WELL = HostStatus(
    H,
    "prompthub",
    "0042-abc1234",
    "abc1234" * 5,
    "Add the search page",
    commit_age=439_000,
    live_for=273_655,
    slot="green",
    health=(Health("http://127.0.0.1:3001/api/health", True, 200, 0.034),),
    nginx="active",
    site="as the template",
    processes=(Process("prompthub-green", "online", "green", 123, 273_600, 0, 2.1, 150_000_000),),
    ports=(Port(3000, "blue, idle"), Port(3001, "green, live", "node, pid 123, deploy")),
    load=(0.31, 0.4, 0.42),
    cpus=2,
    cpu=12.2,
    memory=Space("memory", 4 * GIB, 3 * GIB),
    disks=(Space("/srv", 40 * GIB, 3 * GIB),),
    pending=(),
)


def status(*hosts: HostStatus, json: bool = False, width: int = 80) -> list[str]:
    stream = io.StringIO()
    show_status(hosts, json=json, stream=stream, width=width)
    return stream.getvalue().splitlines()


def test_a_healthy_host_reads_at_a_glance() -> None:
    assert status(WELL) == [
        "deploy@203.0.113.5  prompthub",
        "  live        0042-abc1234  green  for 3 d 4 h",
        "  commit      abc1234abc, 5 d 1 h old  Add the search page",
        "  health      200 in 34 ms  http://127.0.0.1:3001/api/health",
        "  nginx       active, site as the template",
        "  migrations  none pending",
        "  port        3000  blue, idle  nobody listens",
        "  port        3001  green, live  node, pid 123, deploy",
        "  load        0.31 0.40 0.42 on 2 CPUs, CPU 12 %",
        "  memory      3.0 GiB free of 4.0 GiB (25 % used)",
        "  disk        3.0 GiB free of 40 GiB (92 % used)  /srv",
        "  lock        free",
        "  process          status   uptime  restarts    CPU   memory",
        "  prompthub-green  online  3 d 4 h         0  2.1 %  143 MiB",
        "",
    ]


def test_a_stopped_host_says_so_before_anything_else() -> None:
    lines = status(replace(WELL, stopped=True, maintenance=True, flag_reason="the database burns"))
    assert lines[1] == "  STOPPED, visitors get the maintenance page: the database burns"


def test_what_is_wrong_is_told_in_words_and_not_by_colour_alone() -> None:
    ill = replace(
        WELL,
        health=(Health("http://127.0.0.1:3001/", False, 0, None, "connection refused"),),
        pending=("20261120_add_index",),
        lock=Lock("ana@laptop", "deploy", 130.0, "Build"),
        warnings=("the site differs",),
    )
    text = "\n".join(status(ill))
    assert "no answer  http://127.0.0.1:3001/  connection refused" in text
    assert "1 pending: 20261120_add_index" in text
    assert "held for 2 min 10 s by ana@laptop: deploy, step: Build" in text
    assert "! the site differs" in text


def test_what_is_unknown_is_called_unknown_and_not_zero() -> None:
    text = "\n".join(status(HostStatus(H, release="0001-abc")))
    for label in ("commit", "migrations", "load", "memory", "nginx"):
        assert f"  {label.ljust(10)}  unknown" in text


def test_an_app_without_a_database_has_no_migrations_to_wait_for() -> None:
    assert "  migrations  no database" in status(replace(WELL, database=False))


def test_a_host_that_cannot_be_reached_shows_why_and_the_others_are_shown_all_the_same() -> None:
    lines = status(HostStatus("lost", error="connection refused", hint="is it up?"), WELL)
    assert lines[:3] == ["lost", "  connection refused", "  → is it up?"]
    assert "deploy@203.0.113.5  prompthub" in lines


def test_machines_get_bytes_and_seconds_one_host_a_line() -> None:
    first, second = (json.loads(line) for line in status(WELL, HostStatus("lost", error="gone"), json=True))
    assert first["processes"][0]["memory"] == 150_000_000
    assert first["commit_age"] == 439_000
    assert first["disks"] == [{"name": "/srv", "total": 40 * GIB, "free": 3 * GIB}]
    assert (second["host"], second["error"], second["pending"]) == ("lost", "gone", None)


@given(st.text(), st.integers(60, 80))
def test_no_table_is_wider_than_the_terminal_or_drives_it(text: str, width: int) -> None:
    odd = replace(
        WELL, app=text, subject=text * 9, site=text, flag_reason=text * 9, stopped=True, warnings=(text * 9,)
    )
    stream = io.StringIO()
    show_status([odd, HostStatus(text, error=text)], stream=stream, width=width)
    show_releases([KeptRelease(H, "0001", text, text * 9)], stream=stream, width=width)
    show_history([Deed(text, AT, text, text * 9, "done", text, reason=text)], stream=stream, width=width)
    for line in stream.getvalue().split("\n"):
        assert cell_len(line) <= width
        assert line.isprintable()


def test_releases_show_state_age_and_size() -> None:
    stream = io.StringIO()
    rows = [
        KeptRelease(
            H, "0042-abc1234", "abc1234" * 5, "Search", AT, True, "green", "good", False, 361_000_000, 3
        ),
        KeptRelease(H, "0041-def5678", "def5678" * 5, "", None, False, "", "bad", True, None),
    ]
    show_releases(rows, stream=stream, width=80, zone=UTC)
    assert stream.getvalue().splitlines() == [
        H,
        "  release       state               went live         size     .env  commit",
        "  0042-abc1234  live (green), good  2026-11-21 23:42  344 MiB  3     abc1234abc",
        "      Search",
        "  0041-def5678  bad, stable         never                            def5678def",
        "",
    ]


DEEDS = [
    Deed(H, AT, "ana@laptop", "deploy", "done", "0041-def5678", "0040-fff0000", 73.2),
    Deed(H, AT, "ben@pc", "deploy", "failed", "0042-abc1234", "", 12.2, "the build failed"),
]


def test_history_is_newest_first_with_who_what_and_how_it_ended() -> None:
    stream = io.StringIO()
    show_history(DEEDS, stream=stream, width=80, zone=UTC)
    assert stream.getvalue().splitlines() == [
        H,
        "  when              outcome  release       took        what",
        "  2026-11-21 23:42  failed   0042-abc1234  12.2 s      deploy by ben@pc",
        "      the build failed",
        "  2026-11-21 23:42  done     0041-def5678  1 min 13 s  deploy by ana@laptop",
        "      was 0040-fff0000",
        "",
    ]


def test_history_for_machines_has_moments_in_utc() -> None:
    stream = io.StringIO()
    show_history(DEEDS, json=True, stream=stream)
    known = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [one["who"] for one in known] == ["ben@pc", "ana@laptop"]
    assert (known[0]["at"], known[0]["seconds"]) == ("2026-11-21T23:42:00.000Z", 12.2)


@pytest.mark.parametrize("show", [show_status, show_releases, show_history])
def test_no_rows_print_nothing(show: object) -> None:
    stream = io.StringIO()
    assert callable(show)
    show([], stream=stream)
    assert stream.getvalue() == ""
