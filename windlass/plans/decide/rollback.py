"""To which release the hosts go back, and whether they can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from windlass.config.model import Config
from windlass.errors import Refused, together
from windlass.facts.state import Release
from windlass.manifest import as_it_was, as_started
from windlass.plan import Plan
from windlass.plans import rollback
from windlass.plans.cutover import cutover_to
from windlass.plans.decide.decision import AsItIs, Decision, Said, for_each
from windlass.plans.decide.needs import check_has_what_it_needs
from windlass.plans.look import Look, check_ready, startable


@dataclass(frozen=True)
class Seen:
    """One host. `files` are the migrations that the release gone back to has, where some were ever taken back."""

    host: str
    look: Look
    files: frozenset[str] = frozenset()


def with_nothing_to_go_back_to(
    seen: Sequence[Seen], commit: str | None, *, stable: bool
) -> dict[str, Refused]:
    """Why a host has no release to go back to, by name. Raises WindlassError where none of them has."""
    found: dict[str, Refused] = {}
    for one in seen:
        try:
            _choose(one, commit, stable=stable)
        except Refused as refused:
            found[one.host] = refused
    if len(found) == len(seen):
        raise together(list(found.values()))
    return found


def choose(seen: Sequence[Seen], commit: str | None, *, stable: bool) -> list[Release] | None:
    """The kept release that each host goes back to; None where a named commit has to be built on some of them.

    By default the last good one. Raises Refused where there is none, or the hosts differ in it.
    """
    found = for_each(seen, lambda one: _choose(one, commit, stable=stable))
    releases = [release for release in found if release is not None]
    if len(releases) < len(found):
        return None
    if len({release.revision for release in releases}) > 1:
        listed = ", ".join(f"{one.host}: {release.id}" for one, release in zip(seen, releases, strict=True))
        raise Refused(
            f"the hosts would go back to different revisions ({listed}); nothing was changed",
            hint="name one: fab rollback --commit",
        )
    return releases


def decide(
    config: Config,
    seen: Sequence[Seen],
    releases: Sequence[Release],
    *,
    with_database: bool = False,
    folders: Sequence[Path] = (),
) -> Decision:
    """The plans of a rollback to these releases, or that they are live. `with_database`: migrations follow.

    Raises NotReady, and Refused where the database no longer has what a release needs.
    """
    pairs = list(zip(seen, releases, strict=True))
    if all(one.look.state.live == release.id for one, release in pairs):
        return Decision(as_it_is=tuple(AsItIs(one.host, one.look.state.live) for one in seen))

    def plan(pair: tuple[Seen, Release]) -> Plan:
        one, release = pair
        own = one.look.own(config)
        started = startable(as_started(own, release.manifest), one.look, release.manifest)
        check_ready(started, one.host, one.look, building=False, exact=False)
        check_has_what_it_needs(one.host, one.look, release, one.files)
        state = one.look.state
        to = cutover_to(started, one.look, release.id, release.revision, folders=folders, known=True)
        make = rollback.choose if state.stopped is not None else rollback.rollback
        made = make(started, state, to, migrations=with_database)
        return replace(made, notes=(*made.notes, *_as_it_was(own, started, release)))

    plans = for_each(pairs, plan)
    said = [Said(one.host, note) for one, made in zip(seen, plans, strict=True) for note in made.notes]
    return Decision(tuple(plans), tuple(said))


def _as_it_was(config: Config, started: Config, release: Release) -> list[str]:
    """What differs between the configuration and what the release is started with again."""
    kept = started.web.supervisor != config.web.supervisor
    changed = [*(["[web] supervisor"] if kept else []), *as_it_was(config, release.manifest)]
    if not changed:
        return []
    return [
        f"{release.id} is started as it was when it was live, not by the present configuration "
        f"({'; '.join(changed)}); fab restart goes by that"
    ]


def _choose(seen: Seen, commit: str | None, *, stable: bool) -> Release | None:
    state = seen.look.state
    if stable:
        return rollback.newest_stable(state)
    if commit is None:
        return rollback.previous(state)
    return state.release(commit) or rollback.kept_for(state, commit.lower())
