"""Deploy a revision: built beside what is live, checked, and only then switched to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .chosen import branch_of, checked_ref, chosen_config
from .options import RUN_HELP, task

if TYPE_CHECKING:
    from invoke.context import Context

    from windlass.config.model import Config
    from windlass.facts.revision import Revision
    from windlass.plan import Plan
    from windlass.plans.deploy import Options
    from windlass.plans.look import Look
    from windlass.remote.runner import Host

    from .visiting import Crew


@task(
    help={
        **RUN_HELP,
        "revision": "branch, tag or commit (default: the target's branch, else the app's)",
        "dry-run": "fetch, then print every step's commands instead of running them",
        "force": "run also what need not run: install, generate, migrate; deploy what is live already",
        "maintenance": "the maintenance page is on from before the migrations until the new release has passed",
        "rehearse": "first try what is pending, and the way back, on a copy of the database; stop where that fails",
    }
)
def deploy(
    ctx: Context,
    revision: str | None = None,
    dry_run: bool = False,
    force: bool = False,
    maintenance: bool = False,
    rehearse: bool = False,
    app: str | None = None,
    target: str | None = None,
    json: bool = False,
    verbose: bool = False,
) -> None:
    """Put a revision live; visitors notice nothing."""
    from invoke.exceptions import Exit

    from windlass.plans.deploy import Options

    from .visiting import crew

    config = chosen_config(ctx, app)
    named = checked_ref(revision) if revision is not None else None
    what = "deploy --dry-run" if dry_run else "deploy"
    with crew(ctx, config, what, target=target, aside=dry_run, json=json, verbose=verbose) as hosts:
        ref = named or branch_of(config, hosts.target)
        code = deploy_to(
            hosts, ref, Options(force=force, page=maintenance, rehearse=rehearse), dry_run=dry_run, json=json
        )
    if code:
        raise Exit(code=code)


def deploy_to(crew: Crew, ref: str, options: Options, *, dry_run: bool, json: bool) -> int:
    """Look at every host, then deploy to those that need it; the exit code."""
    from windlass.remote.runner import each

    from .cutover import refuse_stopped
    from .linting import lint
    from .looking import look_and_fetch
    from .printing import run_or_print

    config = crew.config
    seen: list[tuple[Look, Revision]] = each(crew.hosts, lambda host: look_and_fetch(config, host, ref))
    looks = [look for look, _ in seen]
    revision = same_revision(crew, [found for _, found in seen], ref)
    refuse_stopped(crew, looks)
    live = (
        not options.force and all(is_live(look, revision) for look in looks) and has_all(looks[0], revision)
    )
    if live and all(each(crew.hosts, lambda host: answers(crew, host))):
        return nothing_to_do(crew, looks, revision)
    if options.rehearse:
        check_rehearsal(crew, looks[0], revision)
    lint(crew, looks[0], revision)
    plans = [
        plan_for(config, look, revision, options, first=index == 0, host=crew.hosts[index].name)
        for index, look in enumerate(looks)
    ]
    return run_or_print(crew, plans, dry_run=dry_run)


def check_rehearsal(crew: Crew, look: Look, revision: Revision) -> None:
    """Raise NotReady where no copy of the database can be made; a note says where there is nothing to rehearse."""
    from windlass.events import Note

    from .db_rehearse import check_copy

    if look.applied and look.applied.pending(revision.migrations):
        check_copy(crew.config, crew.hosts[0])
    else:
        crew.report.emit(Note(crew.hosts[0].name, "no migration is pending: there is nothing to rehearse"))


def plan_for(
    config: Config, look: Look, revision: Revision, options: Options, *, first: bool, host: str
) -> Plan:
    """The plan of one host; the first of several migrates."""
    from dataclasses import replace

    from windlass.plans import deploy as plans
    from windlass.plans import migrate

    from .cutover import cutover_to

    if first:
        migrate.check(config, look, host)
    page = has_page(look, options)
    to = cutover_to(config, look, plans.release_id(look, revision), revision.hash, page=page)
    return plans.deploy(config, look, revision, to, replace(options, migrates=first))


def has_page(look: Look, options: Options) -> bool:
    """Whether this deploy puts the maintenance page up, or takes over one that an earlier deploy or restore left up."""
    there = look.state.maintenance
    return options.page if there is None else there.startswith(("deploy ", "restore "))


def same_revision(crew: Crew, revisions: list[Revision], ref: str) -> Revision:
    """The one revision that every host resolved; raises Refused where a push came in between."""
    from windlass.errors import Refused

    if len({revision.hash for revision in revisions}) > 1:
        raise Refused(
            f"the hosts see different commits as {ref}; nothing was changed", hint="the same command again"
        )
    return revisions[0]


def is_live(look: Look, revision: Revision) -> bool:
    return look.state.live_revision == revision.hash


def has_all(look: Look, revision: Revision) -> bool:
    """Whether the database has the revision's migrations: one of the live release may have been taken back."""
    applied = look.applied
    return applied is None or bool(applied.problem) or not applied.pending(revision.migrations)


def answers(crew: Crew, host: Host) -> bool:
    """Whether the live slot itself answers well; a warning says where it does not."""
    from windlass.events import Note
    from windlass.facts import visitors

    asked = visitors.question(crew.config)
    seen: visitors.Visitors = host.visit.ask(asked)[asked.name]
    if seen.direct is None or not seen.direct.problem:
        return True
    text = f"the live release is not well, so it is deployed anew: {seen.direct.problem}"
    crew.report.emit(Note(host.name, text, "warning"))
    return False


def nothing_to_do(crew: Crew, looks: list[Look], revision: Revision) -> int:
    """Say that the revision is live on every host, and whether `.env` has changed since it went live."""
    from windlass.events import Ended
    from windlass.plans.history import env_differs

    for host, look in zip(crew.hosts, looks, strict=True):
        changed = env_differs(look.state, look.state.live)
        message = ".env has changed since: the app still runs with the old one" if changed else ""
        hint = f"fab restart -H {host.name}, or fab deploy --force where a build reads it" if changed else ""
        crew.report.emit(Ended(host.name, "nothing-to-do", look.state.live, crew.seconds(), message, hint))
    return 0
