"""What a visitor would get now: one request to the live slot itself, and one through nginx."""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, Optional

from . import gates_nginx, health, sight
from .live import live


def visitors(arguments: Dict[str, Any]) -> Dict[str, Any]:
    """The answers `direct` and `nginx`, None where nothing is live; `log`: why the access log does not tell of it.

    `paths` are the session's, `slots` the gate's arguments for each slot, `nginx` those of the gate through
    nginx for each slot. The port is the one that the slot was started with, where it is noted.
    """
    now = live(arguments["paths"])
    if not now["release"]:
        return {"direct": None, "nginx": None, "log": ""}
    asked = {**arguments["slots"][now["slot"]], "revision": now["revision"]}
    through = arguments["nginx"][now["slot"]]
    port = _port(arguments["paths"].get("manifests", {}).get(now["slot"], ""))
    if port is not None:
        asked = {**asked, "port": port}
        through = {**through, "expected_upstream": f"127.0.0.1:{port}"}
    reply = health.request(asked)
    direct = {"status": reply.status, "seconds": reply.seconds, "problem": health.judge(asked, reply)}
    reply, log = sight.look(arguments["access_log"], through, float(asked.get("request_timeout") or 5))
    problem = gates_nginx.problem(through, reply)
    return {
        "direct": direct,
        "nginx": {"status": reply.status, "seconds": reply.seconds, "problem": problem},
        "log": log,
    }


def _port(manifest: str) -> Optional[int]:
    """Where the slot's web process was told to listen; None where there is no note of it."""
    try:
        with open(manifest, encoding="utf-8") as file:
            port = json.loads(file.read(65536)).get("port")
    except (OSError, ValueError, AttributeError):
        return None
    return port if type(port) is int else None


CALLS: Dict[str, Callable[[Dict[str, Any]], Any]] = {"visitors": visitors}
