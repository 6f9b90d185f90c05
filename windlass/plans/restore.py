"""Another database in the place of the app's: made beside it, verified, and swapped in behind the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from windlass import acts
from windlass.commands import restore, scratch
from windlass.config.model import Config
from windlass.facts.applied import Applied
from windlass.facts.state import State
from windlass.plan import Plan, Stage, Step
from windlass.plans import alone, golive
from windlass.plans.cutover import Cutover
from windlass.plans.restorable import Source
from windlass.shell import NOTHING, Command, all_of, cmd, quote, when, write_file

SWAP = "put it in the database's place"


def plan(config: Config, host: str, state: State, source: Source, kept: str, to: Cutover | None) -> Plan:
    """Restore, swap, and start the live release anew through its gate; `to` is None where nothing is to run."""
    back = f"fab db.restore {quote(kept)} -H {host} swaps back"
    now = f"the database is now {source.about}, and the one before is kept as {kept}"
    resume = f"fab emergency-resume -H {host} starts the app; " if state.stopped is not None else ""
    lock = alone.stage("the database is as it was")
    stages = [lock, *_filled(config, source), _swapped(config, source, kept, to)]
    if to is not None:
        stages += golive.stages(config, to)
    if source.sent and source.dump:
        stages.append(_tidy(source.dump))
    release = {"release": to.release, "revision": to.revision, "was": state.live} if to else {}
    return Plan(
        f"Put {source.name} in the place of the database of {config.app.name}",
        tuple(stages),
        recovery=golive.recover(config),
        prologue=golive.prologue(to) if to else NOTHING,
        record={**release, "restored": source.name, "kept": kept},
        notes=(f"the present database is kept as {kept}",),
        outlook=(now, f"{resume}{back}; fab db.drop {quote(kept)} -H {host} removes it"),
        lasting=((SWAP, f"{now[0].upper()}{now[1:]}: {back}"),),
    )


def unsend(sent: PurePosixPath) -> Plan:
    """Remove what was sent and is not restored."""
    return Plan("Remove what was sent", (_tidy(sent),))


def differences(host: str, state: State, shipped: Sequence[str], applied: Applied) -> Iterator[str]:
    """In which migrations the database and the live release differ, each with what to type."""
    lacks = [name for name in shipped if name not in applied.names]
    if lacks:
        yield (
            f"the database lacks migrations of the live release ({', '.join(lacks)}): "
            f"fab deploy --force --revision {quote(state.live_revision[:10])} -H {host} applies them"
        )
    beyond = sorted(applied.names - set(shipped))
    if beyond:
        yield (
            f"the database has migrations that the live release does not know ({', '.join(beyond)}): deploy a release "
            f"that brings them, or take them back with fab db.rollback -H {host}"
        )


def drop(config: Config, name: str) -> Plan:
    """Remove a database that a restore kept."""
    step = Step("remove the database", restore.drop(name), 120, environment=("database",))
    return Plan(
        f"Remove {name}",
        (Stage("drop", (step,)),),
        record={"dropped": name},
        outlook=(f"{name} is removed", ""),
    )


def _filled(config: Config, source: Source) -> list[Stage]:
    """The dump as a database of its own, of which nobody knows; a recovery drops it."""
    if source.dump is None:
        return []
    sure, run = "the database is as it was", config.layout.run
    rows, restored = run / "dumped-rows.next", run / "restored-rows.next"
    compare = all_of(scratch.compare(rows, restored), cmd("rm", restored))
    return [
        Stage(
            "restore",
            (
                _step(config, "verify the dump", restore.verify(source.dump, source.sha256), hint=sure),
                _step(config, "make a scratch database", scratch.create(), hint=sure),
                _step(config, "restore into it", scratch.fill(source.dump, rows), hint=sure),
                _step(config, "compare the rows", compare, hint=sure, show=True),
                _step(config, "make the planner's statistics", scratch.analyze(), hint=sure),
                _step(config, "give it the database's settings", restore.inherit(), hint=sure),
            ),
        )
    ]


def _tidy(sent: PurePosixPath) -> Stage:
    step = Step("remove what was sent", cmd("rm", "-f", sent), 30, tolerated=True)
    return Stage("tidy", (step,), on_failure="warn", on_cancel="keep")


def _swapped(config: Config, source: Source, kept: str, to: Cutover | None) -> Stage:
    mark = config.layout.migrated if to and to.page_up else None
    hint = "the database is as it was; whoever is connected to it and is not the app has to go first"
    check = _step(
        config, "see that nobody else is connected", restore.undisturbed(source.database), hint=hint
    )
    swap = Step(
        SWAP,
        restore.swap(kept, incoming=source.database, mark=mark),
        timeout=60,
        interruptible=False,
        environment=("database",),
        hint=hint,
    )
    return Stage("swap", (check, *_closed(config, kept, to), swap))


def _closed(config: Config, kept: str, to: Cutover | None) -> list[Step]:
    """Visitors get the page, and nothing of the app writes any more."""
    if to is None:
        return []
    layout = config.layout
    stop = Step(
        "stop the processes",
        acts.stop(config),
        60 + config.web.kill_timeout,
    )
    if not to.page_up:
        return [stop]
    left = Command(f"! grep -Eqs '^(deploy|restore) ' {quote(layout.maintenance)}")
    up = all_of(
        when(left, cmd("rm", "-f", layout.migrated)),
        write_file(layout.maintenance_page, to.page),
        write_file(layout.maintenance, f"restore {kept}"),
    )
    return [Step("put the page up", up), stop]


def _step(config: Config, title: str, command: Command, *, hint: str = "", show: bool = False) -> Step:
    timeout = config.database.timeout
    return Step(title, command, timeout, environment=("database",), hint=hint, show=show)
