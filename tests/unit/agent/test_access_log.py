"""Following nginx's access log through its rotations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from windlass.agent.access_log import AccessLog, Request, Share, parse


def line(status: Any = "200", upstream: Any = "127.0.0.1:3001", **fields: Any) -> str:
    return json.dumps({"status": status, "upstream_addr": upstream, "uri": "/", **fields}) + "\n"


def seen(log: AccessLog) -> list[int]:
    return [request.status for request in log.new()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "access.log"
    found.touch()
    return found


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        (line("502"), Request("127.0.0.1:3001", 502, "/")),
        (line(200), Request("127.0.0.1:3001", 200, "/")),
        (line(upstream="127.0.0.1:3000, 127.0.0.1:3001"), Request("127.0.0.1:3001", 200, "/")),
        (line(upstream="127.0.0.1:3000 : 127.0.0.1:3001"), Request("127.0.0.1:3001", 200, "/")),
        (line(upstream="-"), None),
        (line(upstream=""), None),
        (line(probe=1), None),
        (line(probe=0), Request("127.0.0.1:3001", 200, "/")),
        ('{"status":"200","upstream', None),
        ("[]\n", None),
        ("127.0.0.1 - - [21/Nov/2026] GET / 200\n", None),
        ('{"status":"","upstream_addr":"127.0.0.1:3001"}\n', None),
    ],
)
def test_a_line_is_a_visitors_request_or_nothing(text: str, request_: Request | None) -> None:
    assert parse(text.encode()) == request_


def test_bytes_that_are_no_text_are_no_request() -> None:
    assert parse(b'\xff\xfe{"status"') is None


def test_only_what_was_logged_since_is_new(path: Path) -> None:
    path.write_text(line(200))
    log = AccessLog(str(path))
    assert [request.status for request in log.before(10_000)] == [200]
    assert seen(log) == []
    with path.open("a") as file:
        file.write(line(500))
    assert seen(log) == [500]


def test_looking_back_starts_at_a_whole_line(path: Path) -> None:
    path.write_text(line(200) + line(500))
    assert [request.status for request in AccessLog(str(path)).before(len(line(500)) + 5)] == [500]


def test_a_torn_line_is_read_once_it_is_whole(path: Path) -> None:
    log = AccessLog(str(path))
    with path.open("a") as file:
        file.write(line(500)[:20])
        file.flush()
        assert seen(log) == []
        file.write(line(500)[20:])
    assert seen(log) == [500]


def test_a_rotated_log_is_read_to_its_end_and_then_the_next(path: Path) -> None:
    log = AccessLog(str(path))
    assert seen(log) == []
    with path.open("a") as old:
        path.rename(path.with_suffix(".1"))
        old.write(line(501))
    assert seen(log) == [501], "nginx writes to the old file until it reopens"
    with path.with_suffix(".1").open("a") as old:
        old.write(line(502))
    path.write_text(line(503))
    assert seen(log) == [502, 503]


def test_a_truncated_log_is_read_from_its_start(path: Path) -> None:
    path.write_text(line(200) * 10)
    log = AccessLog(str(path))
    list(log.before(10_000))
    path.write_text(line(500))
    assert seen(log) == [500]


def test_a_share_names_the_path_with_most_errors() -> None:
    share = Share()
    for path, status in [("/a", 200), ("/b", 500), ("/b", 502), ("/c", 500)]:
        share.add(Request("x", status, path))
    assert (share.requests, share.errors, share.percent) == (4, 3, 75.0)
    assert share.worst() == "2 of them at /b"
