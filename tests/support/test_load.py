"""The load generator tells the truth about a server that behaves badly on purpose."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from windlass.demo.account import LostRequests
from windlass.demo.load import Load
from windlass.demo.pages import assets_of

PAGE = '<script src="/a.js"></script><link rel="stylesheet" href="/b.css?x=1&amp;y=2">'


def ok(body: str, kind: str = "text/html") -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return (head + body).encode()


HEALTHY = {
    "/": ok(PAGE),
    "/api/health": ok('{"commit": "abc"}', "application/json"),
    "/a.js": ok("a"),
    "/b.css?x=1&y=2": ok(""),
}


@contextmanager
def served(answers: dict[str, bytes]) -> Iterator[str]:
    """A server of raw answers by path. A path without one is hung up on; so is an answer of 9999 bytes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def talk(client: socket.socket) -> None:
        with client, client.makefile("rb") as lines:
            while request := lines.readline():
                while lines.readline().strip():
                    pass
                answer = answers.get(request.split()[1].decode())
                if answer is None:
                    return
                client.sendall(answer)
                if b"9999" in answer:
                    return

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(client,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    with listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


def test_a_good_server_loses_nothing_at_the_rate_asked_for() -> None:
    with served(HEALTHY) as url, Load(url, rate=200) as load:
        load.wait_for_release("abc")
        load.keep_on(3)
    report = load.report.check()
    assert 0.85 < report.requests / report.seconds / 200 < 1.1
    assert report.assets == 2 * report.visits
    assert report.reconnects == 0
    assert report.latest_start < 0.5


@pytest.mark.parametrize(
    ("path", "answer", "reason"),
    [
        ("/", b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", "status 502"),
        (
            "/a.js",
            b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n",
            "status 404",
        ),
        ("/a.js", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\nhalf", "cut after 4 bytes"),
        ("/", None, "closed without an answer"),
    ],
)
def test_a_bad_answer_is_a_failure(path: str, answer: bytes | None, reason: str) -> None:
    answers = {key: value for key, value in {**HEALTHY, path: answer}.items() if value is not None}
    with served(answers) as url, Load(url) as load:
        pass
    assert {(failure.path, failure.reason) for failure in load.report.failures} == {(path, reason)}
    assert load.report.ok > 0
    with pytest.raises(LostRequests, match=reason):
        load.report.check()


def test_a_server_that_is_gone_refuses_and_one_that_hangs_times_out() -> None:
    with served(HEALTHY) as url:
        pass
    with Load(url) as load:
        pass
    assert {failure.reason for failure in load.report.failures} == {"refused"}

    silent = socket.create_server(("127.0.0.1", 0))
    with silent, Load(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.3) as load:
        pass
    assert {failure.reason for failure in load.report.failures} == {"no answer in 0.3 s"}


def test_a_load_ends_by_itself() -> None:
    with served(HEALTHY) as url, Load(url, seconds=0.5) as load:
        load._thread.join(10)
        assert not load._thread.is_alive()


def test_the_maintenance_page_is_told_from_other_failures() -> None:
    closed = b"HTTP/1.1 503 Closed\r\nRetry-After: 10\r\nContent-Length: 0\r\n\r\n"
    overloaded = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
    with served({"/": closed, "/api/health": overloaded}) as url, Load(url) as load:
        pass
    assert {(one.path, one.page) for one in load.report.failures} == {("/", True), ("/api/health", False)}


def test_patient_visitors_come_when_the_first_answer_is_good() -> None:
    answers = {**HEALTHY, "/": b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"}
    with served(answers) as url:
        load = Load(url, patient=True)
        load.start()
        load.keep_on(0.3)
        assert load.report.requests == 0
        answers["/"] = HEALTHY["/"]
        load.wait_for_release("abc")
        load.stop()
    load.report.check()


def test_a_report_can_be_turned_over_while_visitors_come() -> None:
    with served(HEALTHY) as url, Load(url) as load:
        load.wait_for_release("abc")
        first = load.next_report()
        load.wait_for_release("abc")
    assert first.check().seconds > 0
    assert load.report.check() is not first


def test_assets_are_those_of_the_same_origin() -> None:
    page = PAGE + (
        '<a href="/page"></a><script src="https://elsewhere.example/x.js"></script>'
        '<link rel="canonical" href="/"><link rel=icon href=/icon.ico>'
        "<img alt='' src='pic.png'><script>var inline</script><script src=\"/a.js\"></script>"
    )
    assert assets_of(page, "/sub/") == ["/a.js", "/b.css?x=1&y=2", "/icon.ico", "/sub/pic.png"]
