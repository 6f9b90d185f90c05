"""What a visitor would get now, from the live slot's own processes and through nginx."""

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
    """One answer: `status` 0 means that none came; `problem` is "" where all is as it should be.

    `port` is that of the process that was asked, 0 for nginx.
    """

    status: int
    seconds: float
    problem: str
    port: int = 0


@dataclass(frozen=True)
class Visitors:
    """None and nobody where nothing is live; `problem` says why it could not be asked at all.

    `log`: why nginx's access log does not tell of what it answers, "" where it does.
    """

    direct: tuple[Reply, ...] = ()
    nginx: Reply | None = None
    problem: str = ""
    log: str = ""

    @property
    def unwell(self) -> str:
        """What is wrong with the answers of the slot's own processes, "" where nothing is."""
        bad = [reply for reply in self.direct if reply.problem]
        if len(self.direct) < 2:
            return "".join(reply.problem for reply in bad)
        return "; ".join(f"port {reply.port}: {reply.problem}" for reply in bad)


def question(config: Config) -> Question[Visitors]:
    """One request to each port of the live slot, as its manifest has them, and one through nginx."""
    layout, timeout = config.layout, config.health.timeout
    config = config.counted(1)  # what the manifest does not say was started before there was more than one
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
    direct = tuple(Reply(**reply) for reply in known["direct"])
    nginx = Reply(**known["nginx"]) if known["nginx"] else None
    return Visitors(direct, nginx, log=known["log"])
