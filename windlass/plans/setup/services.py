"""What systemd and cron's heirs do for the app: nginx and pm2 after a boot, logs that do not grow for ever."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from windlass.commands.users import PATH
from windlass.config.model import Config
from windlass.facts.services import Services
from windlass.plan import Step
from windlass.render import render
from windlass.shell import Command, all_of, cmd, quote, when, write_file

UNITS = PurePosixPath("/etc/systemd/system")


def unit(config: Config) -> str:
    """The unit's name; `pm2 startup` would call it the same."""
    return f"pm2-{config.setup.user}"


def unit_file(config: Config) -> PurePosixPath:
    return UNITS / f"{unit(config)}.service"


def boot_file(config: Config) -> PurePosixPath:
    """The unit that runs after a boot."""
    return UNITS / f"windlass-{config.app.name}.service"


def rotation_files(config: Config) -> tuple[PurePosixPath, PurePosixPath]:
    """That of the app's logs, and that of pm2's own, which several apps of one user share."""
    folder = PurePosixPath("/etc/logrotate.d")
    return folder / f"windlass-{config.app.name}", folder / f"windlass-{unit(config)}"


def nginx(services: Services) -> Step:
    """nginx runs, and starts at a boot."""
    up = services.up("nginx")
    return Step(
        "start nginx", cmd("systemctl", "enable", "--now", "nginx"), unchanged="it runs" if up else ""
    )


def pm2(
    config: Config, services: Services, *, home: str, pm2: str, node: str, folders: Sequence[Path]
) -> Step:
    """pm2's unit; one that is enabled stays, whoever wrote it."""
    name, user = unit(config), config.setup.user
    text = render("pm2.service.j2", folders=folders, user=user, home=home, path=_path(node), pm2=pm2)
    running = Command(f'pgrep -u {quote(user)} -f "^PM2 v.*God Daemon" >/dev/null')
    start = when(
        running,
        cmd("echo", "pm2 runs already; the unit takes over at the next boot"),
        cmd("systemctl", "start", name),
    )
    install = all_of(
        Command("umask 022"),
        write_file(unit_file(config), text),
        cmd("systemctl", "daemon-reload"),
        cmd("systemctl", "enable", "--quiet", name),
        start,
    )
    kept = name in services.enabled
    return Step("pm2 after a boot", install, unchanged=f"{name} is enabled" if kept else "")


def recovery(config: Config, services: Services, *, node: str, folders: Sequence[Path]) -> Step:
    """The unit that has the app put itself right after a boot."""
    file = boot_file(config)
    text = render(
        "boot.service.j2",
        folders=folders,
        app=config.app.name,
        user=config.setup.user,
        path=_path(node),
        agent=config.layout.left_agent,
        after=f"{unit(config)}.service",
    )
    install = all_of(
        Command("umask 022"),
        write_file(file, text),
        cmd("systemctl", "daemon-reload"),
        cmd("systemctl", "enable", "--quiet", file.stem),
    )
    kept = file.stem in services.enabled and services.holds(file, text)
    return Step("recovery after a boot", install, unchanged=f"{file.stem} is enabled" if kept else "")


def _path(node: str) -> str:
    """The PATH of a unit that must find node."""
    return ":".join(dict.fromkeys([node, *PATH.split(":")]))


def rotation(config: Config, services: Services, *, home: str, folders: Sequence[Path]) -> tuple[Step, ...]:
    """Rotate the app's logs and pm2's own."""
    app, pm2 = rotation_files(config)
    return (
        _rotate(config, services, app, f"{config.layout.logs}/app/*.log", folders),
        _rotate(config, services, pm2, f"{home}/.pm2/pm2.log", folders),
    )


def _rotate(
    config: Config, services: Services, file: PurePosixPath, logs: str, folders: Sequence[Path]
) -> Step:
    whose = file.name.removeprefix("windlass-")
    text = render("logrotate.j2", folders=folders, whose=whose, user=config.setup.user, files=logs)
    install = all_of(Command("umask 022"), write_file(file, text))
    unchanged = f"{file} is up to date" if services.holds(file, text) else ""
    return Step(f"rotate the logs of {whose}", install, unchanged=unchanged)
