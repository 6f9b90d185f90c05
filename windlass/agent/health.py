"""The app's own health answer: how it is asked for on its port, and what is wrong with what it says."""

from __future__ import annotations

import json
from typing import Any

from . import probe


def ask(arguments: dict[str, Any]) -> str:
    """Ask once, as a gate's arguments say; what is wrong with the answer, "" where nothing is."""
    return judge(arguments, request(arguments))


def request(arguments: dict[str, Any]) -> probe.Reply:
    """Ask once, as a gate's arguments say."""
    headers = {
        # As nginx would: some apps refuse unknown hosts, or redirect plain HTTP.
        "Host": str(arguments.get("host") or "localhost"),
        "X-Forwarded-Proto": "https" if arguments.get("tls") else "http",
    }
    timeout = float(arguments.get("request_timeout") or 5)
    return probe.get(int(arguments["port"]), arguments["path"], headers, timeout)


def judge(arguments: dict[str, Any], reply: probe.Reply) -> str:
    """What is wrong with an answer, "" where nothing is."""
    path = arguments["path"]
    if reply.status != int(arguments.get("status") or 200):
        where = f" (to {reply.headers.get('location')})" if 300 <= reply.status < 400 else ""
        return f"{path} gives {reply}{where}"
    key, revision = arguments.get("revision_key"), str(arguments.get("revision") or "")
    if not key or not revision:
        return ""
    reported = _reported(reply.body, str(key))
    if len(reported) >= 7 and revision.startswith(reported.lower()):
        return ""
    return f"{path} reports revision {reported or '(none)'} under {key!r}, not {revision[:12]}: {reply}"


def _reported(body: str, key: str) -> str:
    """The value under the dotted key of a JSON body, "" where there is none."""
    try:
        value = json.loads(body)
    except ValueError:
        return ""
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return str(value) if isinstance(value, (str, int)) else ""
