"""What `rollback --with-database` adds: the migrations that the release gone back to does not know.

The code goes back first. The old release runs against the new schema all the same, since migrations only add, and
so no request is lost; the new one would not run against the old schema. The SQL comes once no process of the new
release is left, as a run of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .consent import check_answerable
from .undoing import agree, planned

if TYPE_CHECKING:
    from windlass.config.model import Config
    from windlass.plan import Plan

    from .visiting import Crew


class Database:
    """The part of one rollback that is about the database; `shown` is the plan that the operator agreed to."""

    def __init__(self, *, yes: bool, dry_run: bool) -> None:
        check_answerable("rollback --with-database", yes=yes or dry_run)
        self._yes, self._dry_run = yes, dry_run
        self.shown: Plan | None = None

    def foresee(self, crew: Crew, to: str) -> None:
        """Show what will be taken back, and ask, before anything is changed. Raises what `planned` does, Refused."""
        host = crew.hosts[0]
        self.shown = planned(crew.config, host, to)
        if self.shown and not self._dry_run:
            agree(crew, host, self.shown, yes=self._yes)

    def after(self, crew: Crew, code: int) -> None:
        """Print what comes second in a dry run; say that it did not come where the first part failed."""
        from windlass.events import Note

        from .printing import print_plan

        host = crew.hosts[0]
        if self._dry_run and self.shown:
            print_plan(host.name, self.shown)
        elif code:
            text = (
                "the database was not touched; if the older release does not run against its present schema: "
                "fab maintenance.on, fab db.rollback, fab rollback, fab maintenance.off"
            )
            crew.report.emit(Note(host.name, text, "warning"))

    def follow(self, crew: Crew) -> int:
        """Take back what the live release does not know; the exit code. Raises Refused for what was not shown."""
        from windlass.errors import Refused

        from .undoing import conclude_without
        from .visiting import run

        (host,) = crew.hosts
        live = host.opened.live["release"]
        plan = planned(crew.config, host, live)
        if plan is None:
            return conclude_without(crew, host)
        if self.shown is None:
            agree(crew, host, plan, yes=self._yes)
        elif plan.record["undone"] != self.shown.record["undone"]:
            raise Refused(
                f"{host.name}: {live} is live, and the database has other migrations now than those that were shown; "
                "it stays as it is",
                hint=f"fab db.rollback -H {host.name} shows them",
            )
        return run(crew, [plan])


def without_standby(config: Config) -> Config:
    """The new release is not left running: the schema that it needs goes away."""
    return config.model_copy(update={"web": config.web.model_copy(update={"standby": "cold"})})
