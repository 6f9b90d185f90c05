"""What a visitor would get now: from the port that the live slot was started with, whatever is configured since."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit import made
from windlass.agent.visitors import visitors
from windlass.facts.visitors import question
from windlass.manifest import as_text, manifest_of

RELEASE = "0001-aaaaaaa"


class Well(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    """Where an app answers."""
    server = http.server.HTTPServer(("127.0.0.1", 0), Well)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    (tmp_path / "run/slot-blue").symlink_to(f"../releases/{RELEASE}")
    return tmp_path


def ask(root: Path, port: int) -> dict[str, Any]:
    """The agent's answer where the slot is configured on this port, and nginx listens nowhere."""
    chosen = made.config(root, web={"ports": [port, port + 1]}, nginx={"listen": 9})
    direct: list[dict[str, Any]] = visitors(question(chosen).arguments)["direct"]
    return direct[0]


def test_the_port_that_the_slot_was_started_with_is_asked(root: Path, port: int) -> None:
    started = manifest_of(made.config(root, web={"ports": [port, 9]}), "blue", RELEASE, "a" * 40, "/usr/bin")
    (root / "run/blue.json").write_text(as_text(started))
    assert ask(root, 9)["status"] == 200


@pytest.mark.parametrize("noted", [None, "no JSON", "[]", json.dumps({"processes": [{"port": "9"}]})])
def test_the_configured_one_is_asked_where_none_is_noted(root: Path, port: int, noted: str | None) -> None:
    if noted is not None:
        (root / "run/blue.json").write_text(noted)
    assert ask(root, port)["status"] == 200
    assert ask(root, 9)["status"] == 0
