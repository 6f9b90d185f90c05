"""Gate `answers_through_nginx`: nginx gives a slot's answer, to visitors or to a probe that asks for the slot."""

from __future__ import annotations

import time
from typing import Any

from . import probe
from .access_log import answered
from .failure import GateFailed

IN_A_ROW = 3
POLL = 0.02
UPSTREAM = "x-windlass-upstream"
SLOT = "x-windlass-slot"


def answers_through_nginx(arguments: dict[str, Any]) -> None:
    """Return once nginx gave the expected status from one of `expected_upstreams` three times in a row.

    With a `slot` that is asked for, where no visitor is sent yet, once is enough; a site that cannot show one is
    warned of. GateFailed after `timeout` seconds (10), with what was seen last.
    """
    deadline = time.monotonic() + float(arguments.get("timeout") or 10)
    good, last, wanted = 0, "", 1 if arguments.get("slot") else IN_A_ROW
    while True:
        reply = ask(arguments, max(0.1, deadline - time.monotonic()))
        if _cannot_show(arguments, reply):
            print(
                f"warning: whether nginx reaches {arguments['slot']} is not known before it is live: the site that "
                "it has loaded is of an earlier Windlass, `fab nginx.install` brings the present one",
                flush=True,
            )
            return
        found = problem(arguments, reply)
        good, last = (0, found) if found else (good + 1, last)
        if good == wanted:
            print(f"nginx answers {reply.status} from {answering(reply)}", flush=True)
            return
        if time.monotonic() >= deadline:
            raise GateFailed(last or f"nginx answered too slowly: {reply.seconds:.1f} s for the last request")
        time.sleep(POLL)


def ask(arguments: dict[str, Any], timeout: float) -> probe.Reply:
    """Ask nginx once as a probe, which gets past the maintenance page, and may ask for a slot."""
    name = str(arguments.get("server_name") or "127.0.0.1")
    slot = {"X-Windlass-Slot": str(arguments["slot"])} if arguments.get("slot") else {}
    return probe.get(
        int(arguments["port"]),
        arguments["path"],
        {"Host": name, "X-Windlass-Probe": "1", **slot},
        timeout,
        address=arguments.get("address") or "127.0.0.1",
        server_name=name if arguments.get("tls") else None,
    )


def answering(reply: probe.Reply) -> str:
    """The address that an answer came from."""
    return answered(reply.headers.get(UPSTREAM, ""))


def _cannot_show(arguments: dict[str, Any], reply: probe.Reply) -> bool:
    """Whether the site is one of Windlass that does not know of slots that are asked for."""
    return bool(arguments.get("slot")) and UPSTREAM in reply.headers and SLOT not in reply.headers


def problem(arguments: dict[str, Any], reply: probe.Reply) -> str:
    """What is wrong with the answer, "" where nothing is."""
    port, expected = arguments["port"], arguments["expected_upstreams"]
    if not reply.status:
        return f"nginx does not answer on port {port}: {reply.error}"
    upstream = answering(reply)
    if not upstream:
        name = arguments.get("server_name") or "any name"
        return (
            f"what answers for {name} on port {port} is not Windlass's site ({reply}): "
            "`fab nginx.install`, or look for another site that claims the name"
        )
    if upstream not in expected:
        return f"nginx answers from {upstream}, not from {' or '.join(expected)}: {reply}"
    if reply.status != int(arguments.get("status") or 200):
        return f"through nginx the new release gives {reply}"
    return ""
