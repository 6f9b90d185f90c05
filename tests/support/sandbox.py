"""The demo's server with the tools that tests pin, and what tests ask of it."""

from __future__ import annotations

import os
import shutil

from tests.support import node
from tests.support.processes import Completed, Running
from windlass.demo.remains import processes_of
from windlass.demo.server import Server

__all__ = ["Sandbox", "missing_tools", "processes_of"]


class Sandbox(Server):
    """Started when made; `stop` ends all that it or its sessions started, and removes its folder."""

    def __init__(self) -> None:
        super().__init__(
            {
                **{name: node.node_home() / "bin" / name for name in ("node", "npm", "npx")},
                "pm2": node.pm2_home() / "bin/pm2",
            },
            {
                "npm_config_cache": str(node.npm_cache()),
                "NODE_EXTRA_CA_CERTS": os.environ.get("NODE_EXTRA_CA_CERTS", str(node.CA_BUNDLE)),
            },
            prefix="windlass-sandbox-",
        )
        self.start()

    def run(self, script: str, check: bool = True, timeout: float = 60) -> Completed:
        """Run a bash text (with `-e`) in its home, with the environment of its SSH sessions but without SSH.

        AssertionError on a failure if `check`, and past `timeout` seconds.
        """
        done = self.popen(script).wait(timeout)
        return done.check() if check else done

    def popen(self, script: str) -> Running:
        """Start a bash text as `run` does, without waiting for it."""
        return Running(["bash", "-ec", script], env=self.environment, cwd=self.home)

    def site(self, name: str, text: str) -> None:
        """Write one of nginx's site files and load it; AssertionError if nginx refuses it."""
        (self.sites / f"{name}.conf").write_text(text)
        self.run("nginx -t && nginx -s reload")


def missing_tools() -> list[str]:
    """What a sandbox needs and this machine lacks."""
    return [tool for tool in ("/usr/sbin/sshd", "/usr/sbin/nginx", "ssh-keygen") if not shutil.which(tool)]
