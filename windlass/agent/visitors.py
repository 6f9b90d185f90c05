"""What a visitor would get now: one request to each of the live slot's processes, and one through nginx."""

from __future__ import annotations

import threading
from typing import Any, Callable, Dict, List

from . import gates_nginx, health, sight
from .live import live, web_ports


def visitors(arguments: Dict[str, Any]) -> Dict[str, Any]:
    """The answers `direct`, of each process, and `nginx`; none and None where nothing is live. `log`: why the access
    log does not tell of it.

    `paths` are the session's, `slots` the gate's arguments for each slot, `nginx` those of the gate through
    nginx for each slot; the ports are those of the slot's manifest, where it has any.
    """
    now = live(arguments["paths"])
    if not now["release"]:
        return {"direct": [], "nginx": None, "log": ""}
    asked = {**arguments["slots"][now["slot"]], "revision": now["revision"]}
    through = arguments["nginx"][now["slot"]]
    ports = web_ports(arguments["paths"], now["slot"])
    if ports:
        through = {**through, "expected_upstreams": [f"127.0.0.1:{port}" for port in ports]}
    direct = _ask_all(asked, ports or [asked["port"]])
    reply, log = sight.look(arguments["access_log"], through, float(asked.get("request_timeout") or 5))
    problem = gates_nginx.problem(through, reply)
    return {
        "direct": direct,
        "nginx": {"status": reply.status, "seconds": reply.seconds, "problem": problem},
        "log": log,
    }


def _ask_all(arguments: Dict[str, Any], ports: List[int]) -> List[Dict[str, Any]]:
    """Ask every port at the same time: one that hangs must not make the others wait."""
    found: Dict[int, Dict[str, Any]] = {}

    def ask(port: int) -> None:
        reply = health.request({**arguments, "port": port})
        problem = health.judge(arguments, reply)
        found[port] = {"status": reply.status, "seconds": reply.seconds, "problem": problem, "port": port}

    threads = [threading.Thread(target=ask, args=(port,)) for port in ports[1:]]
    for thread in threads:
        thread.start()
    ask(ports[0])
    for thread in threads:
        thread.join()
    return [found[port] for port in ports]


CALLS: Dict[str, Callable[[Dict[str, Any]], Any]] = {"visitors": visitors}
