"""Our side: the same app deployed and rolled back by `fab`, timed from the process's start to "live"."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from typing import Any

from tests.bench.figures import Sample
from tests.bench.visitors import Visitors
from tests.support.load import Load
from tests.support.operator import Operator
from tests.support.processes import Running, wait_until
from tests.vps.hosts.machine import Vps


@dataclass
class Windlass:
    """An app that Windlass looks after: `config` is its file's text, `site` nginx's port for its visitors."""

    vps: Vps
    operator: Operator
    name: str
    config: str
    site: int
    rate: float
    last: list[dict[str, Any]] = field(default_factory=list)
    """The events of the last run."""

    def configure(self, standby: str = "cold") -> None:
        """Write the config, with what is done with the old slot after a deploy."""
        self.operator.config(self.name, self.config.replace("[web]\n", f'[web]\nstandby = "{standby}"\n'))

    def set_up(self, env: str, commit: str) -> None:
        """Put `.env` and nginx's site there and deploy for the first time."""
        self.configure()
        self.vps.run(f"install -d -o deploy -g deploy /srv/{self.name} /srv/{self.name}/shared")
        self.vps.write(f"/srv/{self.name}/shared/.env", env, owner="deploy", mode=0o600)
        self.operator.fab("nginx.install", "-H", f"root@{self.vps.address}", "--app", self.name).check()
        self.run("deploy", "--revision", commit)

    def live(self, *words: str) -> Sample:
        """Run a command under load to its end; the seconds after which it says that its release is live."""
        with Load(f"http://{self.vps.address}:{self.site}", rate=self.rate, timeout=30) as load:
            running = self._start(self._host, *words)
            began = time.monotonic()
            wait_until(lambda: '"event": "live"' in running.stdout or not running.alive, 300, "no end", 0.01)
            entered = time.monotonic() - began
            self._finish(running)
        seconds = next(event["seconds"] for event in self.last if event["event"] == "live")
        return Sample(seconds, load.report.requests, len(load.report.failures), entered)

    def run(self, *words: str, host: str = "") -> Sample:
        """Run a command to its end; all of its seconds."""
        running = self._start(host or self._host, *words)
        return Sample(self._finish(running))

    def until(self, step: str, visitors: Visitors, *words: str) -> Sample:
        """Run a command to its end; what 99 of a hundred visitors waited at most until that step was done."""
        with visitors:
            running = self._start(self._host, *words)
            ended = re.compile(rf'"stepended".*"title": "{step}"')
            wait_until(lambda: bool(ended.search(running.stdout)) or not running.alive, 300, "no end", 0.01)
        self._finish(running)
        return Sample(visitors.percentile(99), visitors.count)

    @property
    def live_revision(self) -> str:
        """The commit that visitors get."""
        return self.vps.read(f"/srv/{self.name}/current/REVISION").strip()

    @property
    def steps(self) -> float:
        """Seconds that the steps of the last run took, all together."""
        return sum(float(event["seconds"]) for event in self.last if event["event"] == "stepended")

    def step(self, title: str) -> float:
        """Seconds that one step of the last run took."""
        ended = (event for event in self.last if event["event"] == "stepended")
        return next(float(event["seconds"]) for event in ended if event["title"] == title)

    @property
    def _host(self) -> str:
        return f"deploy@{self.vps.address}"

    def _start(self, host: str, *words: str) -> Running:
        return self.operator.start(*words, "-H", host, "--app", self.name, "--json")

    def _finish(self, running: Running) -> float:
        done = running.wait(300).check()
        self.last = [json.loads(line) for line in done.stdout.splitlines()]
        return done.seconds
