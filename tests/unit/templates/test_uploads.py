"""Uploads whose header came before a cutover and whose body ends after it, in a real nginx."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.nginx import Answer, Nginx
from tests.unit.templates.conftest import PROBE, Hosted

BODY = b"x" * 300_000
"""More than nginx holds in memory: it waits in a file."""


@pytest.mark.parametrize("method", ["POST", "PUT", "GET"])
def test_an_upload_that_outlives_its_slot_goes_to_the_next(app: Hosted, method: str) -> None:
    with Upload(app, method) as upload:
        app.flip()
        app.blue.stop()
        answer = upload.finish()
    assert (answer.status, answer.text) == (200, '{"commit": "green"}')
    assert app.green.bodies == [BODY]
    assert answer.headers["x-windlass-upstream"] == f"127.0.0.1:{app.blue.port} : 127.0.0.1:{app.green.port}"


def test_an_upload_is_answered_by_its_slot_while_that_runs(app: Hosted) -> None:
    with Upload(app) as upload:
        app.flip()
        assert upload.finish().text == '{"commit": "blue"}'
    assert app.green.seen == []


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_what_was_sent_once_is_never_sent_again(
    host: Callable[..., Hosted], nginx: Nginx, method: str
) -> None:
    app = host()
    with hangs_up() as port:
        site = Path(app.config.nginx.site)
        site.write_text(site.read_text().replace(f":{app.blue.port};", f":{port};"))
        nginx.start()
        with Upload(app, method) as upload:
            app.flip()
            answer = upload.finish()
    assert (answer.status, "Back in a moment" in answer.text) == (502, True)
    assert app.green.seen == []


@pytest.mark.parametrize("flag", ["maintenance", "stopped"])
def test_an_upload_that_outlives_its_slot_gets_the_page_while_that_is_up(app: Hosted, flag: str) -> None:
    with Upload(app) as upload:
        app.flip()
        app.blue.stop()
        (app.root / "run" / flag).touch()
        answer = upload.finish()
    assert (answer.status, answer.headers["retry-after"]) == (503, "120")
    assert "Back in a moment" in answer.text
    assert app.green.seen == []


def test_where_the_next_slot_is_down_too_it_is_a_502_with_the_page(app: Hosted) -> None:
    with Upload(app) as upload:
        app.flip()
        app.blue.stop()
        app.green.stop()
        answer = upload.finish()
    assert (answer.status, answer.headers["retry-after"]) == (502, "120")
    assert "Back in a moment" in answer.text


def test_a_probe_is_shown_the_slot_that_it_asks_for(app: Hosted) -> None:
    for slot, wanted in (("blue", app.blue), ("green", app.green)):
        answer = app.ask(headers={**PROBE, "X-Windlass-Slot": slot})
        assert (answer.text, answer.headers["x-windlass-slot"]) == (f'{{"commit": "{slot}"}}', slot)
        assert answer.headers["x-windlass-upstream"] == f"127.0.0.1:{wanted.port}"


def test_a_probe_is_told_of_a_slot_where_nobody_listens(app: Hosted) -> None:
    app.green.stop()
    answer = app.ask(headers={**PROBE, "X-Windlass-Slot": "green"})
    assert (answer.status, answer.headers["x-windlass-slot"]) == (502, "green")
    assert answer.headers["x-windlass-upstream"] == f"127.0.0.1:{app.green.port}"


def test_nobody_else_chooses_a_slot(app: Hosted) -> None:
    for headers in ({}, {"X-Windlass-Probe": "11"}, {**PROBE, "X-Forwarded-For": "127.0.0.1"}):
        answer = app.ask(headers={**headers, "X-Windlass-Slot": "green"})
        assert (answer.text, "x-windlass-slot" in answer.headers) == ('{"commit": "blue"}', False)
    assert "x-windlass-slot" not in app.ask(headers=PROBE).headers


class Upload:
    """A request of which nginx has the header and half of the body."""

    def __init__(self, app: Hosted, method: str = "POST") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", app.port, timeout=10)
        self._connection.putrequest(method, "/api/upload")
        self._connection.putheader("Content-Length", str(len(BODY)))
        self._connection.endheaders(BODY[: len(BODY) // 2])
        # nginx answers on one worker, in turn: after this it has read that header.
        app.ask("/.windlass/site")

    def __enter__(self) -> Upload:
        return self

    def __exit__(self, *exc: object) -> None:
        self._connection.close()

    def finish(self) -> Answer:
        self._connection.send(BODY[len(BODY) // 2 :])
        return Answer(self._connection.getresponse())


@contextmanager
def hangs_up(port: int = 0) -> Iterator[int]:
    """The port of an app that takes a request and closes the connection without an answer."""

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.recv(1 << 20)

    with socket.create_server(("127.0.0.1", port)) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)
