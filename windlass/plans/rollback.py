"""Going back: to a release that is kept built, by the same cutover as a deploy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from windlass import acts
from windlass.commands import releases, slots
from windlass.config.model import Config
from windlass.errors import Refused, UsageError
from windlass.facts.state import Release, State
from windlass.plan import Plan, Stage, Step
from windlass.plans import golive
from windlass.plans.cutover import Cutover
from windlass.plans.history import env_differs, env_now
from windlass.shell import all_of, quote, write_file


def previous(state: State) -> Release:
    """The newest good release that was live before the live one was. Raises Refused where there is none.

    Twice in a row goes further back: what came after the live release's first time is never chosen.
    """
    lived, wrong = state.past.lived, state.past.bad
    before = lived[: lived.index(state.live)] if state.live in lived else lived
    for release in reversed(before):
        kept = state.release(release)
        if kept and release not in wrong and release != state.live:
            return kept
    raise Refused(
        f"there is no good release before {state.live or 'the first'} to go back to; nothing was changed",
        hint="fab releases lists what is kept; fab rollback --commit builds any commit",
    )


def newest_stable(state: State) -> Release:
    """The newest kept release marked stable. Raises Refused where there is none."""
    for release in reversed(state.past.stable):
        kept = state.release(release)
        if kept:
            return kept
    raise Refused(
        "no kept release is marked stable; nothing was changed", hint="fab mark-stable marks the live one"
    )


def kept_for(state: State, revision: str) -> Release | None:
    """The newest kept release of a revision (a full hash or a prefix of at least seven digits) that is not bad.

    A bad one is better than none: it was named. Raises UsageError where the digits begin several revisions.
    """
    if len(revision) < 7:
        return None
    of_revision = [kept for kept in state.releases if kept.revision.startswith(revision)]
    if len(several := {kept.revision for kept in of_revision}) > 1:
        raise UsageError(
            f"{revision} may mean {' or '.join(f'commit {one}' for one in sorted(several))}; nothing was changed",
            hint="give all digits of the commit's hash",
        )
    wrong = state.past.bad
    return next((kept for kept in reversed(of_revision) if kept.id not in wrong), None) or next(
        iter(reversed(of_revision)), None
    )


def rollback(config: Config, state: State, to: Cutover, *, migrations: bool = False) -> Plan:
    """Go live with a kept release; what was live is bad from then on. `migrations`: a later plan takes them back."""
    record = {**_record(state, to), "rolled_from": state.live}
    prune = None
    stages = standby(config, to) if is_standby(state, to) else golive.stages(config, to, prune)
    return Plan(
        f"Roll {config.app.name} back to {to.release}",
        stages,
        recovery=golive.recover(config),
        prologue=golive.prologue(to),
        record=record,
        notes=tuple(differences(state, to.release, migrations=migrations)),
    )


def restart(config: Config, state: State, to: Cutover) -> Plan:
    """Start the live release anew on the other slot and move there."""
    return Plan(
        f"Restart {config.app.name} ({to.release})",
        golive.stages(config, to, None),
        recovery=golive.recover(config),
        prologue=golive.prologue(to),
        record=_record(state, to),
    )


def choose(config: Config, state: State, to: Cutover, *, migrations: bool = False) -> Plan:
    """While the app is stopped: make the release the one that a resume starts, and start nothing.

    Beside hosts that run it is chosen when they are cut over, and is settled with them.
    """
    layout = config.layout
    there = state.slots.get(to.slot)
    link = slots.assign(layout, to.slot, there) if there else slots.clear(layout, to.slot)
    undo = Step("choose what was chosen before", all_of(slots.switch(layout, state.slot), link))
    text = all_of(
        slots.lay_flag(layout),
        slots.assign(layout, to.slot, to.release),
        write_file(layout.slot_config(to.slot), to.ecosystem),
        slots.switch(layout, to.slot),
        releases.publish(layout, to.release),
    )
    return Plan(
        f"Choose {to.release} for {config.app.name}, which stays stopped",
        (
            Stage("cutover", (Step("choose the release", text),), undo=(undo,), on_cancel="finish"),
            Stage("finish", (), settles=True),
        ),
        recovery=golive.recover(config),
        prologue=golive.prologue(to),
        record={**_record(state, to), "rolled_from": state.live},
        notes=tuple(differences(state, to.release, migrations=migrations)),
    )


def is_standby(state: State, to: Cutover) -> bool:
    """Whether the release runs on the idle slot already, with the present `.env` and as many web processes."""
    there = state.standby is not None and state.slots.get(to.slot) == to.release
    return there and not env_differs(state, to.release) and _instances(state, to) in (None, to.instances)


def _instances(state: State, to: Cutover) -> int | None:
    """How many web processes the slot was started with, None where nobody knows."""
    manifest = state.manifests.get(to.slot)
    return manifest.instances if manifest else None


def standby(config: Config, to: Cutover) -> tuple[Stage, ...]:
    """The rename alone: the release still runs on the other slot; its health is asked once more."""
    awake = Step(f"see that {to.slot} runs", acts.present(config, to.slot, web=True), timeout=60)
    return (
        Stage("start", (awake, golive.healthy(config, to, standby=True), golive.within_reach(config, to))),
        *golive.switched(config, to),
        golive.soak(config, to),
        golive.finish(config, to, None),
    )


def differences(state: State, release: str, *, migrations: bool = False) -> Iterable[str]:
    """What going back to a release does not take back: the code, where it is the same; migrations since; `.env`.

    `migrations`: those are taken back too.
    """
    kept = state.release(release)
    if kept and kept.revision == state.live_revision and release != state.live:
        yield f"{release} is another build of the same commit: fab rollback again goes further back"
    number = int(release.partition("-")[0])
    later = {name: known for name, (since, known) in state.past.migrated.items() if since > number}
    if later and not migrations:
        has = "has" if all(later.values()) else "may have"
        yield (
            f"the database stays as it is: it {has} migrations that {release} does not know ({', '.join(later)}); "
            "fab db.rollback takes them back"
        )
    if env_differs(state, release):
        before = state.past.started_with[release]
        yield (
            f".env has changed since {release} went live with version {before}: it starts with the present one "
            f"({env_now(state)}); fab env.use {quote(before)} puts the other back"
        )


def _record(state: State, to: Cutover) -> dict[str, Any]:
    return {
        "release": to.release,
        "revision": to.revision,
        "was": state.live,
        "migrations": [],
    }
