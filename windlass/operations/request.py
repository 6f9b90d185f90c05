"""What an operation is asked for, as values: an app, its hosts, and how to tell what happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from windlass.address import HostSpec
from windlass.config.model import Config
from windlass.config.spelling import check_ref
from windlass.errors import UsageError
from windlass.events import Event
from windlass.remote.dialling import Dial, Dialling
from windlass.remote.hosts import resolve_hosts
from windlass.remote.ssh import Link


@dataclass(frozen=True)
class Request:
    """One app on some of its hosts.

    `target` is the one that the hosts belong to, where they belong to one. `folders` hold templates that win over
    those that come with Windlass. `dry_run` prints what would be run. `on_event` gets what happens, from any
    thread; without it the terminal does, in full where `verbose`, as JSON where `json`. `dialling` may have begun to
    connect to the hosts.
    """

    config: Config
    hosts: tuple[HostSpec, ...]
    target: str | None = None
    folders: tuple[Path, ...] = ()
    dry_run: bool = False
    json: bool = False
    verbose: bool = False
    on_event: Callable[[Event], None] | None = None
    dialling: Dialling | None = None

    @classmethod
    def to(
        cls,
        config: Config,
        hosts: str | None = None,
        target: str | None = None,
        *,
        folders: tuple[Path, ...] = (),
        dry_run: bool = False,
        json: bool = False,
        verbose: bool = False,
        on_event: Callable[[Event], None] | None = None,
        dialling: Dialling | None = None,
    ) -> Self:
        """For the hosts as `-H` writes them, `[user@]host[:port][,…]`; else for those of the target.

        Raises UsageError where neither names any.
        """
        written = {name: one.hosts for name, one in config.targets.items()}
        specs, known_as = resolve_hosts(config.app.name, written, hosts, target)
        return cls(config, tuple(specs), known_as, folders, dry_run, json, verbose, on_event, dialling)

    @property
    def branch(self) -> str:
        """What is deployed where nothing is named: the target's branch, else the app's."""
        own = self.config.targets[self.target].branch if self.target else None
        return own or self.config.app.branch

    def ref(self, named: str | None) -> str:
        """The branch, tag or commit as typed, else `branch`. Raises UsageError for what cannot be one."""
        if named is None:
            return self.branch
        try:
            return check_ref(named)
        except ValueError as error:
            hint = "name a branch, a tag, or a commit by at least seven of its hexadecimal digits"
            raise UsageError(f"{error}; nothing was touched", hint=hint) from None

    def connect(self, spec: HostSpec) -> Link:
        """A connection to one of the hosts. Raises what `ssh.connect` does."""
        ssh = self.config.ssh
        dial = Dial(spec, ssh.connect_timeout, ssh.forward_agent)
        return self.dialling.connect(dial) if self.dialling else dial.connect()

    def check_database(self) -> None:
        """Raise UsageError for an app that has no database."""
        if self.config.database.kind == "none":
            raise UsageError(
                f"{self.config.app.name} has no database that Windlass knows of; nothing was touched",
                hint='[database] kind = "prisma" in its configuration says that it has',
            )
