"""First what everything else rests on: packages, the user who deploys, the app's folder."""

from __future__ import annotations

from dataclasses import dataclass

from windlass.commands import apt, deploy_key, users
from windlass.config.model import Config
from windlass.errors import NotReady, Refused
from windlass.facts.apt import System, program
from windlass.facts.deploy_key import DeployKey, file, forge
from windlass.facts.users import Account, same_key
from windlass.plan import Plan, Stage, Step
from windlass.plans.setup.serial import serial
from windlass.plans.setup.wishes import Wishes
from windlass.shell import Command, all_of, cmd


@dataclass(frozen=True)
class Base:
    """What the first look at a host saw."""

    system: System
    account: Account
    key: DeployKey

    def home(self, config: Config) -> str:
        """That of the user who deploys."""
        return self.account.home or f"/home/{config.setup.user}"


def needs_key(config: Config) -> bool:
    """Whether the server fetches by SSH with a key of its own."""
    forwarded = config.ssh.forward_agent and config.git.key is None
    return forge(config.app.repository) is not None and not forwarded


def probes(config: Config, wishes: Wishes) -> dict[str, Command]:
    """Each Debian package that this app's server needs, with a condition that holds where it is there."""
    found = {
        "ca-certificates": cmd("test", "-s", "/etc/ssl/certs/ca-certificates.crt"),
        "curl": program("curl"),
        "git": program("git"),
        "iproute2": program("ss"),
        "logrotate": program("logrotate"),
        "nginx": program("nginx"),
        "openssh-client": program("ssh-keygen"),
        "python3-psutil": cmd("python3", "-c", "import psutil"),
        "rsync": program("rsync"),
    }
    if config.web.supervisor == "systemd":
        found["dbus"] = cmd("test", "-S", "/run/dbus/system_bus_socket")
        found["sudo"] = program("sudo")
    if config.database.kind != "none" or wishes.database:
        found["postgresql-client"] = Command("command -v psql && command -v pg_dump && command -v pg_restore")
    if wishes.database:
        found["postgresql"] = Command("ls /usr/lib/postgresql/*/bin/postgres")
    if wishes.firewall:
        found["ufw"] = program("ufw")
    if wishes.tls:
        found["certbot"] = program("certbot")
    return found


def check(config: Config, seen: Base, host: str) -> None:
    """Raise NotReady for a system that setup cannot work on, Refused for an app that is somebody else's."""
    system, owner = seen.system, seen.account.owner
    if not system.root:
        raise Refused(f"{host}: setup must be root; nothing was touched", hint="-H root@…")
    if not system.known or not system.systemd:
        why = "" if system.systemd else ", and systemd does not run it"
        raise NotReady(
            f"{host} is {system.name}{why}; nothing was touched",
            hint="setup is for Debian 12, Ubuntu 22.04 and later; the README lists what a server needs",
        )
    if owner not in ("", "root", config.setup.user):
        raise Refused(
            f"{host}: {config.app.root} belongs to {owner}, and [setup] user is {config.setup.user}; "
            "nothing was touched",
            hint=f'user = "{owner}" in [setup] keeps it with {owner}',
        )


def plan(config: Config, wishes: Wishes, seen: Base) -> Plan:
    """Packages, user, keys and folder; what is there is unchanged."""
    user, account = config.setup.user, seen.account
    missing, keys = seen.system.missing, _keys(config, wishes, account)
    grouped = account.there and users.LOGS_GROUP in account.groups
    steps: tuple[Step, ...] = (
        Step(
            f"install {', '.join(missing)}" if missing else "install packages",
            apt.install(missing or sorted(probes(config, wishes))),
            timeout=2 * apt.PATIENCE + 900,
            interruptible=False,
            unchanged="" if missing else "all are there",
            hint="apt-get says above what is wrong: does the server reach its package archive, and has it room?",
        ),
        Step(
            f"make the user {user}",
            users.make(user),
            unchanged=f"there, and in the group {users.LOGS_GROUP}" if grouped else "",
        ),
        Step(
            f"let keys in as {user}",
            users.let_in(user, keys),
            unchanged="" if keys else _no_keys(account),
        ),
        Step(
            f"make {config.app.root}",
            all_of(
                users.make_root(user, config.layout.root), users.make_folders(user, [config.layout.shared])
            ),
            unchanged=f"there, and {user}'s" if account.owner == user else "",
        ),
    )
    if needs_key(config):
        steps += _deploy_key(config, wishes, seen)
    return serial(Plan(f"Packages and user for {config.app.name}", (Stage("base", steps),)))


def _deploy_key(config: Config, wishes: Wishes, seen: Base) -> tuple[Step, ...]:
    """A key that the forge can be told of, and the forge's own as the operator knows it."""
    user, home = config.setup.user, seen.home(config)
    key, place = file(config, home), forge(config.app.repository)
    name = place.listed if place else ""
    make = deploy_key.make(user, key, f"{config.app.name} deploys")
    known = "" if wishes.forge_keys else f"you do not know {name} either: see below"
    return (
        Step("make a deploy key", make, unchanged=f"{key} is there" if seen.key.public else ""),
        Step(
            f"know {name}",
            deploy_key.know(user, wishes.forge_keys),
            unchanged=f"{user} knows it" if seen.key.known else known,
        ),
    )


def _keys(config: Config, wishes: Wishes, account: Account) -> list[str]:
    """The keys that are to be let in and are not: the named ones, else those of whoever came."""
    named = [*config.setup.keys, *wishes.keys]
    if not named and account.keys:
        return []
    wanted = named or list(account.login_keys)
    return [key for key in wanted if not any(same_key(key, there) for there in account.keys)]


def _no_keys(account: Account) -> str:
    return "all are in" if account.keys else f"none is named, and {account.login} has none to take over"
