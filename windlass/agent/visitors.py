"""What a visitor would get now: one request to the live slot itself, and one through nginx."""

from __future__ import annotations

from typing import Any, Callable, Dict

from . import gates_nginx, health, sight
from .live import live


def visitors(arguments: Dict[str, Any]) -> Dict[str, Any]:
    """The answers `direct` and `nginx`, None where nothing is live; `log`: why the access log does not tell of it.

    `paths` are the session's, `slots` the gate's arguments for each slot, `nginx` those of the gate through
    nginx for each slot.
    """
    now = live(arguments["paths"])
    if not now["release"]:
        return {"direct": None, "nginx": None, "log": ""}
    asked = {**arguments["slots"][now["slot"]], "revision": now["revision"]}
    through = arguments["nginx"][now["slot"]]
    reply = health.request(asked)
    direct = {"status": reply.status, "seconds": reply.seconds, "problem": health.judge(asked, reply)}
    reply, log = sight.look(arguments["access_log"], through, float(asked.get("request_timeout") or 5))
    problem = gates_nginx.problem(through, reply)
    return {
        "direct": direct,
        "nginx": {"status": reply.status, "seconds": reply.seconds, "problem": problem},
        "log": log,
    }


CALLS: Dict[str, Callable[[Dict[str, Any]], Any]] = {"visitors": visitors}
