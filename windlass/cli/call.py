"""One command as it was typed, and the way from there to its operation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Concatenate, ParamSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from windlass.config.model import Config
    from windlass.operations.request import Request
    from windlass.remote.dialling import Dial, Dialling

P = ParamSpec("P")


@dataclass(frozen=True)
class Call:
    """The options that every command has, as typed.

    `hosts` is -H, `default_app` what fabric.yaml names, `dialling` has begun to connect. Imports what it
    needs when it is used: listing the tasks waits for none of it.
    """

    hosts: str | None = None
    default_app: str | None = None
    app: str | None = None
    target: str | None = None
    dry_run: bool = False
    json: bool = False
    verbose: bool = False
    dialling: Dialling | None = None

    def run(
        self, operation: Callable[Concatenate[Request, P], int], *arguments: P.args, **options: P.kwargs
    ) -> None:
        """Call an operation for the app and the hosts that are meant, and end with its exit code."""
        self.end(operation(self.request(), *arguments, **options))

    def dialled(self) -> Call:
        """The same call, whose hosts are being connected to while it is looked at."""
        from windlass.remote.dialling import Dialling

        dialling = Dialling()
        dialling.begin(self._dials)
        return replace(self, dialling=dialling)

    def config(self) -> Config:
        """The configuration of the app that is meant. Raises UsageError and ConfigError."""
        from windlass.config.files import load
        from windlass.config.folders import folder_of_configs

        return load(folder_of_configs(), self.app or self.default_app)

    def request(self) -> Request:
        """What is asked for, as values. Raises UsageError and ConfigError."""
        from windlass.config.folders import folder_of_templates
        from windlass.operations.request import Request

        return Request.to(
            self.config(),
            hosts=self.hosts,
            target=self.target,
            folders=folder_of_templates(),
            dry_run=self.dry_run,
            json=self.json,
            verbose=self.verbose,
            dialling=self.dialling,
        )

    def _dials(self) -> list[Dial]:
        """Whom to connect to while the configuration is being checked; raises any error where that cannot be told."""
        from windlass.config.folders import folder_of_configs
        from windlass.config.glance import glance
        from windlass.remote.dialling import Dial
        from windlass.remote.hosts import resolve_hosts

        seen = glance(folder_of_configs(), self.app or self.default_app)
        specs, _ = resolve_hosts(seen.app, seen.targets, self.hosts, self.target)
        return [Dial(spec, seen.connect_timeout, seen.forward_agent) for spec in specs]

    def end(self, code: int) -> None:
        """End the command, where the code is not that of success."""
        from invoke.exceptions import Exit

        if code:
            raise Exit(code=code)
