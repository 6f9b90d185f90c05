"""The other side: an app in a checkout, deployed and rolled back by the runbook's own commands over SSH."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent

from tests.bench.figures import Sample
from tests.bench.visitors import Visitors
from tests.support.load import Load
from tests.support.operator import Operator
from tests.support.processes import Completed
from tests.vps.hosts.machine import Vps


@dataclass(frozen=True)
class App:
    """How an app is run by hand: its repository on the server, what pm2 starts, where it listens.

    `site` is nginx's port for its visitors. `generates`: it has a Prisma client to generate.
    """

    name: str
    repository: str
    script: str
    port: int
    site: int
    generates: bool = False
    built: str = "dist"

    @property
    def checkout(self) -> str:
        return f"/root/{self.name}"

    @property
    def ecosystem(self) -> str:
        """The name of the file that pm2 starts: `.cjs`, which also an app of ES modules may have."""
        return "ecosystem.config.cjs"


class ByHand:
    """A person who types the runbook's lines, without a pause, into one SSH session as root."""

    def __init__(self, vps: Vps, operator: Operator, app: App, env: str, rate: float) -> None:
        self._vps, self._operator, self._app, self._env, self._rate = vps, operator, app, env, rate
        self._to = f"root@{vps.address}"

    def set_up(self, commit: str) -> None:
        """Clone, install, build and start the app beside the other, with an nginx site of its own."""
        app, vps = self._app, self._vps
        vps.write(f"/etc/nginx/conf.d/{app.name}-by-hand.conf", _site(app))
        vps.run(f"git config --global --add safe.directory '*'; git clone -q {app.repository} {app.checkout}")
        vps.write(f"{app.checkout}/.env", self._env, mode=0o600)
        vps.write(f"{app.checkout}/{app.ecosystem}", _ecosystem(app))
        vps.run(
            "if [ -d /home/deploy/.npm ] && [ ! -d .npm ]; then cp -a /home/deploy/.npm . && chown -R root .npm; fi"
        )
        self._type(self._deploy(commit))

    def deploy(self, commit: str) -> Sample:
        """§ 4.2 to 4.6 without the migration, which a change of code alone has not, and § 5.1's health check."""
        return self._timed(self._deploy(commit))

    def roll_back(self, commit: str) -> Sample:
        """§ 6.2 and the health check."""
        app = self._app
        return self._timed(f"""\
            cd {app.checkout}
            pm2 stop {app.name}
            git reset --hard origin/{commit}
            npm install
            npm run build
            pm2 start {app.ecosystem}
            {self._healthy()}
            """)

    def build(self, visitors: Visitors) -> Sample:
        """A clean install and a build beside the live app; what 99 of a hundred of its visitors waited at most."""
        with visitors:
            self._type(f"cd {self._app.checkout}\nnpm ci\nnpm run build")
        return Sample(visitors.percentile(99), visitors.count)

    def _deploy(self, commit: str) -> str:
        app = self._app
        return f"""\
            cd {app.checkout}
            git fetch origin
            git reset --hard origin/{commit}
            npm install
            {"npx prisma generate" if app.generates else ""}
            npm run build
            ls -la {app.built}/
            pm2 stop {app.name} || true
            pm2 delete {app.name} || true
            pm2 start {app.ecosystem}
            pm2 save
            nginx -t
            systemctl restart nginx
            {self._healthy()}
            """

    def _healthy(self) -> str:
        """Ask as the runbook does, at once and again until there is an answer."""
        url = f"http://localhost:{self._app.port}/api/health"
        return f"until curl -fsS {url}; do sleep 0.05; done"

    def _timed(self, text: str) -> Sample:
        with Load(f"http://{self._vps.address}:{self._app.site}", rate=self._rate, timeout=30) as load:
            done = self._type(text)
        return Sample(done.seconds, load.report.requests, len(load.report.failures))

    def _type(self, text: str) -> Completed:
        return self._operator.ssh(self._to, f"set -e\n{dedent(text)}", timeout=300).check()


def _ecosystem(app: App) -> str:
    script, _, arguments = app.script.partition(" ")
    return f"""\
module.exports = {{
  apps: [{{
    name: "{app.name}",
    script: "{script}",
    args: "{arguments}",
    env: {{ NODE_ENV: "production", PORT: "{app.port}" }},
  }}],
}};
"""


def _site(app: App) -> str:
    return f"""\
server {{
    listen {app.site};
    location / {{
        proxy_pass http://127.0.0.1:{app.port};
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_set_header Host $host;
    }}
}}
"""
