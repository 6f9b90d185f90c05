"""What a plan that goes live must know of the server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from windlass.config.model import Config
from windlass.config.sections import Web
from windlass.errors import NotReady
from windlass.facts.applied import Applied
from windlass.facts.backups import Backup
from windlass.facts.nginx import NginxFacts
from windlass.facts.state import State
from windlass.facts.tools import PACKAGES, Tools
from windlass.facts.units import Units
from windlass.manifest import Manifest
from windlass.plans import units
from windlass.plans.nginx import astray, install_on, miscounted

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Look:
    """The facts of one host; `applied` is None where the app has no database, `units` where systemd does not run it.

    `backups`: the newest first.
    """

    state: State
    tools: Tools
    nginx: NginxFacts
    applied: Applied | None = None
    backups: tuple[Backup, ...] = ()
    units: Units | None = None

    def own(self, config: Config) -> Config:
        """The configuration as it is on this host."""
        return config.counted(self.nginx.cpus)


def missing(config: Config, look: Look, host: str, *, building: bool, exact: bool = True) -> list[str]:
    """Everything that must be there and is not, each with what brings it; empty where the server is ready.

    `exact`: what setup installs for the supervisor is what the configuration gives, and not only there to be used.
    """
    problems = [
        *_programs(config, look, host, building=building, exact=exact),
        *_env(config, look),
        *_places(config, look),
    ]
    if building:
        problems += _room(config, look)
    if problems and not _is_debian(look.state.system):
        problems.append("this is no Debian or Ubuntu: the packages may have other names here")
    return problems


def check_ready(config: Config, host: str, look: Look, *, building: bool, exact: bool = True) -> None:
    """Raise NotReady with everything that the server lacks, as `missing` has it."""
    refuse(host, missing(config, look, host, building=building, exact=exact))


def startable(config: Config, look: Look, manifest: Manifest | None) -> Config:
    """The configuration with the supervisor that can start what a manifest tells of: its own, where the server was
    not set up for the one that is configured. To go back must not have to wait for that."""
    before = manifest.supervisor if manifest else config.web.supervisor
    if before == config.web.supervisor or not _supervisor(config, look, "", exact=False):
        return config
    web = Web.model_validate({**config.web.model_dump(), "supervisor": before})
    return config.model_copy(update={"web": web})


def refuse(host: str, problems: Sequence[str]) -> None:
    """Raise NotReady with the problems, where there are any."""
    if problems:
        listed = "\n".join(f"  {problem}" for problem in problems)
        raise NotReady(
            f"{host} is not ready; visitors saw nothing, nothing was started:\n{listed}",
            hint=f"put these right, then the same command again; fab status -H {host} looks without changing",
        )


def _programs(config: Config, look: Look, host: str, *, building: bool, exact: bool) -> list[str]:
    wanted = ["git", "rsync"] if building else []
    if building and config.database.kind != "none":
        wanted += ["psql", "pg_dump", "pg_restore"]
    absent = [program for program in wanted if not look.tools.has(program)]
    by_package: dict[str, list[str]] = {}
    for program in absent:
        by_package.setdefault(PACKAGES[program], []).append(program)
    problems = [
        f"{', '.join(programs)}: apt-get install {package}" for package, programs in by_package.items()
    ]
    if not look.tools.node:
        problems.append(_no_node(config))
    problems += _supervisor(config, look, host, exact=exact)
    if not look.nginx.version:
        problems.append("nginx: apt-get install nginx")
    elif not look.nginx.loaded:
        problems.append(f"nginx has no site of {config.app.name}: {install_on(host)}")
    found = miscounted(config, look.nginx, host) if building else []
    return [*problems, *astray(config, look.nginx, host), *found]


def _supervisor(config: Config, look: Look, host: str, *, exact: bool) -> list[str]:
    """What the one that starts the next release lacks."""
    setup = f"fab setup -H root@{host.rpartition('@')[2]}"
    if config.web.supervisor == "pm2":
        return [] if look.tools.pm2 else ["pm2: npm install -g pm2"]
    problems = (
        [f"systemd: {lack}" for lack in units.lacks(look.own(config), look.units, exact=exact)]
        if look.units
        else []
    )
    if problems:
        problems.append(f"  {setup} installs the units and the rights to use them")
    if look.tools.node.startswith(("/home/", "/root/")):
        problems.append(
            f"node is in {look.tools.node}, which {config.app_user} may not enter: {setup} brings one"
        )
    return problems


def _no_node(config: Config) -> str:
    if config.node.path is not None:
        return f"node: there is none in {config.node.path}, which [node] path names"
    return "node: install it, or name its folder in [node] path (nvm, fnm, volta and the PATH were searched)"


def _env(config: Config, look: Look) -> list[str]:
    if ".env" in config.shared.files and look.state.env_version is None:
        return [f"{config.layout.env_file}: not there; fab env.push FILE puts the app's variables there"]
    absent = [name for name in config.shared.required if name not in look.state.env_keys]
    return [f"{', '.join(absent)}: add to {config.layout.env_file}"] if absent else []


def _places(config: Config, look: Look) -> list[str]:
    if look.state.unenterable:
        return [
            f"{look.state.unenterable} may not be entered by others, so nginx could not see the app's files: "
            f"chmod o+x {look.state.unenterable}, or another [app] root"
        ]
    return []


def _room(config: Config, look: Look) -> list[str]:
    problems = []
    disk, memory = look.state.disk_free // MEGABYTE, look.state.memory_available // MEGABYTE
    if disk < config.limits.disk_free_mb:
        problems.append(
            f"{disk} MiB of disk are free, [limits] disk_free_mb asks for {config.limits.disk_free_mb}"
        )
    if memory < config.limits.memory_free_mb:
        problems.append(
            f"{memory} MiB of memory are free, [limits] memory_free_mb asks for {config.limits.memory_free_mb}"
        )
    return problems


def _is_debian(os_release: str) -> bool:
    fields = dict(line.split("=", 1) for line in os_release.splitlines() if "=" in line)
    return bool(
        {"debian", "ubuntu"}
        & {fields.get("ID", "").strip('"'), *fields.get("ID_LIKE", "").strip('"').split()}
    )
