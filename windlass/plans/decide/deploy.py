"""Whether a revision can go live on the hosts, and how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from windlass.config.model import Config
from windlass.errors import Refused
from windlass.facts.databases import Databases
from windlass.facts.revision import Revision
from windlass.facts.visitors import Visitors
from windlass.manifest import differences
from windlass.plan import Plan
from windlass.plans import deploy, lint, migrate
from windlass.plans.cutover import check_not_stopped, cutover_to, has_page
from windlass.plans.decide.decision import AsItIs, Decision, Said, for_each
from windlass.plans.decide.known import check_known
from windlass.plans.deploy import Options
from windlass.plans.history import env_differs
from windlass.plans.look import Look, check_ready
from windlass.plans.restorable import check_copy


@dataclass(frozen=True)
class Seen:
    """One host, and the revision as it knows it; None where its repository has no such thing.

    `visitors` is asked where the revision is live. Of the first host alone: `databases` where a rehearsal was asked
    for, and `complaints`, what a linter says of each pending migration (None: it is not there).
    """

    host: str
    look: Look
    revision: Revision | None
    visitors: Visitors | None = None
    databases: Databases | None = None
    complaints: Mapping[str, Sequence[str] | None] = field(default_factory=dict)


def is_live(seen: Seen) -> bool:
    """Whether the revision is what the host has live."""
    return seen.revision is not None and seen.look.state.live_revision == seen.revision.hash


def pending(seen: Seen) -> tuple[str, ...]:
    """The revision's migrations that the database lacks."""
    applied = seen.look.applied
    return applied.pending(seen.revision.migrations) if applied and seen.revision else ()


def decide(
    config: Config, ref: str, seen: Sequence[Seen], options: Options, *, folders: Sequence[Path] = ()
) -> Decision:
    """The plans of a deploy, or that the revision is live already.

    Raises NotReady, Refused and UsageError.
    """
    for_each(seen, lambda one: check_ready(config, one.host, one.look, building=True))
    revisions = for_each(seen, lambda one: check_known(config, one.host, one.look, one.revision, ref))
    if len({revision.hash for revision in revisions}) > 1:
        raise Refused(
            f"the hosts see different commits as {ref}; nothing was changed", hint="the same command again"
        )
    for_each(seen, lambda one: check_not_stopped(one.host, one.look.state))
    said: list[Said] = []
    if not options.force and all(map(is_live, seen)) and _has_all(seen[0]):
        said += [Said(one.host, why) for one in seen for why in _due(config, one)]
        if not said:
            return Decision(as_it_is=tuple(map(_as_it_is, seen)))
    if options.rehearse:
        said += _check_rehearsal(config, seen[0])
    said += _linted(config, seen[0])
    migrate.check(config, seen[0].look, seen[0].host)
    plans = [
        _plan(config, one, replace(options, migrates=index == 0), folders) for index, one in enumerate(seen)
    ]
    return Decision(tuple(plans), tuple(said))


def _has_all(seen: Seen) -> bool:
    """Whether the database has the revision's migrations: one of the live release may have been taken back."""
    applied = seen.look.applied
    return applied is None or bool(applied.problem) or not pending(seen)


def _due(config: Config, seen: Seen) -> Iterator[str]:
    """Why what is live is deployed all the same: it does not answer well itself, or was started otherwise."""
    if seen.visitors and seen.visitors.unwell:
        yield f"the live release is not well, so it is deployed anew: {seen.visitors.unwell}"
    state = seen.look.state
    changed = differences(seen.look.own(config), state.manifests.get(state.slot))
    if changed:
        yield f"the configuration has changed since the live release was started: {'; '.join(changed)}"


def _as_it_is(seen: Seen) -> AsItIs:
    state = seen.look.state
    if not env_differs(state, state.live):
        return AsItIs(seen.host, state.live)
    return AsItIs(
        seen.host,
        state.live,
        ".env has changed since: the app still runs with the old one",
        f"fab restart -H {seen.host}, or fab deploy --force where a build reads it",
    )


def _check_rehearsal(config: Config, seen: Seen) -> list[Said]:
    """Raise NotReady where no copy of the database can be made."""
    if seen.databases is not None and pending(seen):
        check_copy(config, seen.host, seen.databases)
        return []
    return [Said(seen.host, "no migration is pending: there is nothing to rehearse", warning=False)]


def _linted(config: Config, seen: Seen) -> list[Said]:
    """Raise NotReady for what breaks the live release or locks a large table, where the config is strict."""
    found: list[str] = []
    for name, complaints in seen.complaints.items():
        if complaints is None:
            found.append(f"{name} was not looked through: squawk is not there (pip install squawk-cli)")
            break
        found += complaints
    lint.check(found, seen.host, strict=config.database.strict)
    return [Said(seen.host, text) for text in found]


def _plan(config: Config, seen: Seen, options: Options, folders: Sequence[Path]) -> Plan:
    assert seen.revision is not None
    config = seen.look.own(config)
    release = deploy.release_id(seen.look, seen.revision)
    page = has_page(seen.look.state, wanted=options.page)
    to = cutover_to(config, seen.look, release, seen.revision.hash, folders=folders, page=page)
    return deploy.deploy(config, seen.look, seen.revision, to, options)
