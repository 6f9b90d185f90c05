"""Taking migrations back on a host: which they are, what they drop, and a yes."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any

from windlass.commands import migrations as tools
from windlass.commands.migrations import Tool
from windlass.config.model import Config
from windlass.errors import Refused
from windlass.facts import database, losses, migrations, papers, shipped, state
from windlass.facts.state import Release
from windlass.operations.consent import check_answerable, check_consent
from windlass.operations.crew import LOOKING, Crew, crew
from windlass.operations.printing import show_plan
from windlass.operations.request import Request
from windlass.operations.running import run, run_or_print
from windlass.plan import Plan
from windlass.plans import ways
from windlass.plans.decide import take_back as decision
from windlass.plans.decide.take_back import Seen
from windlass.plans.look import Look
from windlass.plans.ways import Way
from windlass.question import Question
from windlass.remote.runner import Host


def db_rollback(request: Request, to: str | None = None, *, yes: bool = False) -> int:
    """Take back, on the first host, the migrations that came after a release, backed up first; the exit code.

    `to` names the release by id or commit; by default the live one, where the database is ahead of it, else the one
    that a rollback would go to. `yes` does not ask. Raises Refused where no SQL does it or at a no, NotReady where
    the database does not answer or a migration is not finished, UsageError for a release that nobody knows.
    """
    request.check_database()
    dry_run = request.dry_run
    check_answerable("db.rollback", yes=yes or dry_run)
    entry = LOOKING if dry_run else None
    with crew(request, "db.rollback", entry=entry, aside=dry_run, first_only=True) as hosts:
        (host,) = hosts.hosts
        plan = _planned(request.config, host, to)
        if plan is None:
            return _nothing_to_take_back(hosts, host)
        if not dry_run:
            _agree(hosts, host, plan, yes=yes)
        return run_or_print(hosts, [plan])


class DatabaseToo:
    """What `rollback --with-database` adds: the migrations that the release gone back to does not know.

    The code goes back first. The old release runs against the new schema all the same, since migrations only add,
    and so no request is lost; the new one would not run against the old schema. The SQL comes once no process of
    the new release is left, as a run of its own. `shown` is the plan that the operator agreed to.
    """

    def __init__(self, request: Request, *, yes: bool) -> None:
        """Raises UsageError for an app without a database, or where nobody could be asked."""
        request.check_database()
        check_answerable("rollback --with-database", yes=yes or request.dry_run)
        self._yes = yes
        self.shown: Plan | None = None

    def foresee(self, crew: Crew, to: str) -> None:
        """Show what will be taken back, and ask, before anything is changed. Raises what `db_rollback` does."""
        host = crew.hosts[0]
        self.shown = _planned(crew.config, host, to)
        if self.shown and not crew.request.dry_run:
            _agree(crew, host, self.shown, yes=self._yes)

    def after(self, crew: Crew, code: int) -> None:
        """Print what comes second in a dry run; say that it did not come where the first part failed."""
        host = crew.hosts[0]
        if crew.request.dry_run and self.shown:
            show_plan(crew, host.name, self.shown)
        elif code:
            crew.warn(
                host.name,
                "the database was not touched; if the older release does not run against its present schema: "
                "fab maintenance.on, fab db.rollback, fab rollback, fab maintenance.off",
            )

    def follow(self, crew: Crew) -> int:
        """Take back what the live release does not know; the exit code. Raises Refused for what was not shown."""
        (host,) = crew.hosts
        live = host.opened.live["release"]
        plan = _planned(crew.config, host, live)
        if plan is None:
            return _nothing_to_take_back(crew, host)
        if self.shown is None:
            _agree(crew, host, plan, yes=self._yes)
        elif plan.record["undone"] != self.shown.record["undone"]:
            raise Refused(
                f"{host.name}: {live} is live, and the database has other migrations now than those that were shown; "
                "it stays as it is",
                hint=f"fab db.rollback -H {host.name} shows them",
            )
        return run(crew, [plan])


def migrations_question(
    config: Config, seen: Look, release: Release
) -> Question[Mapping[str, frozenset[str]]] | None:
    """Which migrations a kept release has, named "folders" and by its id; None where none was ever taken back."""
    if not (seen.applied and seen.state.past.undone):
        return None
    return papers.folders(config, {release.id: release.revision})


def _nothing_to_take_back(crew: Crew, host: Host) -> int:
    crew.nothing_to_do(host.name, host.opened.live["release"], "the database has no migration to take back")
    return 0


def _agree(crew: Crew, host: Host, plan: Plan, *, yes: bool) -> None:
    """Say what would be run and what goes with it, and ask. Raises Refused for a no."""
    for note in plan.notes:
        crew.warn(host.name, note)
    check_consent(f"{host.name}: take the migrations back, after a backup?", yes=yes, report=crew.report)


def _planned(config: Config, host: Host, to: str | None) -> Plan | None:
    """The plan that takes back what came after a release; None where there is nothing. Raises as `db_rollback`."""
    tool = tools.tool(config)
    assert tool is not None, "an app without a database comes no further than its configuration"
    seen = _look(config, host)
    release = decision.aim(config, seen, to)
    found = _ways(config, host, seen, tool, release)
    if not found:
        return None
    asked = losses.question(drop for way in found for drop in way.drops)
    return decision.decide(config, seen, tool, found, host.visit.ask(asked)["losses"], to=release)


def _look(config: Config, host: Host) -> Seen:
    asked: list[Any] = [
        state.question(config.layout, deploys=True),
        database.question(),
        shipped.question(config),
        *migrations.questions(config),
    ]
    found = host.visit.ask(*asked)
    return Seen(host.name, found["state"], found["applied"], found["shipped"], found["database"].problem)


def _ways(config: Config, host: Host, seen: Seen, tool: Tool, release: str) -> list[Way]:
    """How to take back all that the release does not know, in two round trips."""
    applied = seen.applied.names
    deploys = ways.brought_by(seen.state.past.deploys, applied)
    revisions = ways.revisions(seen.state, release, chain.from_iterable(deploys.values()))
    folders = host.visit.ask(papers.folders(config, revisions))["folders"]
    names = ways.later(applied, folders, release)
    brought = {name: deploys[name] for name in names if name in deploys}
    asked = papers.texts(
        config,
        {name: found[0].revision for name, found in brought.items()},
        dict.fromkeys(deploy.release for found in brought.values() for deploy in found),
        tool.FILES,
    )
    return ways.ways(names, brought, folders, host.visit.ask(asked)["papers"])
