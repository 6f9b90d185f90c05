"""What a visitor would get now, from the live slot itself and through nginx."""

from __future__ import annotations

import json
from dataclasses import dataclass

from windlass import gates
from windlass.config.model import Config
from windlass.layout import SLOTS
from windlass.question import Answer, Question
from windlass.shell import cmd


@dataclass(frozen=True)
class Reply:
    """One answer: `status` 0 means that none came; `problem` is "" where all is as it should be."""

    status: int
    seconds: float
    problem: str


@dataclass(frozen=True)
class Visitors:
    """None where nothing is live; `problem` says why it could not be asked at all.

    `log`: why nginx's access log does not tell of what it answers, "" where it does.
    """

    direct: Reply | None = None
    nginx: Reply | None = None
    problem: str = ""
    log: str = ""


def question(config: Config) -> Question[Visitors]:
    """One request to the live slot's port, and one through nginx."""
    layout, timeout = config.layout, config.health.timeout
    arguments = {
        "paths": layout.paths(),
        "slots": {slot: gates.healthy(config, layout, slot, "", "", known=True).arguments for slot in SLOTS},
        "nginx": {slot: gates.through_nginx(config, slot).arguments for slot in SLOTS},
        "access_log": config.nginx.access_log,
    }
    by_hand = cmd("curl", "--include", f"http://127.0.0.1:{config.nginx.listen}{config.health.path}")
    return Question("visitors", by_hand, parse, "visitors", arguments, timeout=2 * timeout + 5)


def parse(answer: Answer) -> Visitors:
    """Never raises: a question that went wrong is a `problem`."""
    if answer.code:
        return Visitors(problem=answer.err.strip() or "no answer in time")
    known = json.loads(answer.out)
    direct, nginx = (Reply(**known[key]) if known[key] else None for key in ("direct", "nginx"))
    return Visitors(direct, nginx, log=known["log"])
