"""Taking migrations back on a host: which they are, what they drop, and a yes."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from .consent import check_consent

if TYPE_CHECKING:
    from windlass.config.model import Config
    from windlass.facts.state import Release, State
    from windlass.plan import Plan
    from windlass.plans.look import Look
    from windlass.plans.ways import Way
    from windlass.remote.runner import Host

    from .visiting import Crew


def take_back(crew: Crew, to: str | None, *, yes: bool, dry_run: bool) -> int:
    """Take back, on the first host, what came after a release; the exit code."""
    from .printing import run_or_print

    (host,) = crew.hosts
    plan = planned(crew.config, host, to)
    if plan is None:
        return conclude_without(crew, host)
    if not dry_run:
        agree(crew, host, plan, yes=yes)
    return run_or_print(crew, [plan], dry_run=dry_run)


def conclude_without(crew: Crew, host: Host) -> int:
    """Say that there is nothing to take back; the exit code."""
    from windlass.events import Ended

    live, text = host.opened.live["release"], "the database has no migration to take back"
    crew.report.emit(Ended(host.name, "nothing-to-do", live, crew.seconds(), text))
    return 0


def agree(crew: Crew, host: Host, plan: Plan, *, yes: bool) -> None:
    """Say what would be run and what goes with it, and ask. Raises Refused for a no."""
    from windlass.events import Note

    for note in plan.notes:
        crew.report.emit(Note(host.name, note, "warning"))
    check_consent(f"{host.name}: take the migrations back, after a backup?", yes=yes, report=crew.report)


def planned(config: Config, host: Host, to: str | None) -> Plan | None:
    """The plan that takes back what came after a release; None where there is nothing.

    Raises Refused where no SQL does it, NotReady where the database does not answer or a migration is not finished.
    """
    from windlass.commands import migrations
    from windlass.facts import losses
    from windlass.plans import undo

    tool = migrations.tool(config)
    assert tool is not None, "an app without a database comes no further than its configuration"
    found = _look(config, host)
    state: State = found["state"]
    release = undo.aim(state, found["applied"].names, found["shipped"], to)
    ways = _ways(config, host, found, release)
    if not ways:
        return None
    asked = losses.question(drop for way in ways for drop in way.drops)
    lost = undo.lost(host.visit.ask(asked)["losses"])
    plan = undo.take_back(config, state, tool, ways, to=release)
    return replace(plan, notes=(*plan.notes, *(f"this drops {line}" for line in lost)))


def _look(config: Config, host: Host) -> dict[str, Any]:
    from windlass.errors import NotReady
    from windlass.facts import database, migrations, shipped, state
    from windlass.plans.reachable import check_reachable

    from .releases import EVERYTHING

    found = host.visit.ask(
        state.question(config.layout, records=EVERYTHING),
        database.question(),
        shipped.question(config),
        *migrations.questions(config),
    )
    check_reachable(config, host.name, found["database"].problem)
    applied = found["applied"]
    if applied.failed or applied.running:
        names = ", ".join(applied.failed) or "a migration"
        raise NotReady(
            f"{host.name}: {names} was begun and is not finished; nothing was changed",
            hint=f"fab db.resolve -H {host.name} says what it left, and how to go on",
        )
    return found


def _ways(config: Config, host: Host, found: dict[str, Any], release: str) -> list[Way]:
    """How to take back all that the release does not know, in two round trips."""
    from windlass.commands import migrations
    from windlass.facts import papers
    from windlass.plans import ways

    tool = migrations.tool(config)
    assert tool is not None
    state, applied = found["state"], found["applied"].names
    deploys = ways.brought_by(state.records, applied)
    revisions = ways.revisions(state, release, chain.from_iterable(deploys.values()))
    folders = host.visit.ask(papers.folders(config, revisions))["folders"]
    names = ways.later(applied, folders, release)
    brought = {name: deploys[name] for name in names if name in deploys}
    asked = papers.texts(
        config,
        {name: str(records[0]["revision"]) for name, records in brought.items()},
        dict.fromkeys(str(record["release"]) for records in brought.values() for record in records),
        tool.FILES,
    )
    return ways.ways(names, brought, folders, host.visit.ask(asked)["papers"])


def check_has_what_it_needs(config: Config, host: Host, seen: Look, release: Release) -> None:
    """Raise Refused for a kept release some of whose migrations were taken back: nothing but a deploy applies them."""
    from windlass.errors import Refused
    from windlass.facts import papers

    if not (seen.applied and any(record.get("undone") for record in seen.state.records)):
        return
    asked = papers.folders(config, {release.id: release.revision})
    files = host.visit.ask(asked)["folders"].get(release.id, frozenset())
    lacking = sorted(files - seen.applied.names)
    if lacking:
        raise Refused(
            f"{host.name}: {release.id} needs migrations that were taken back ({', '.join(lacking)}); "
            "nothing was changed",
            hint=f"fab deploy --revision {release.revision[:10]} -H {host.name} applies them anew",
        )
