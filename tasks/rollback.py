"""Going back, and starting again what is live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .chosen import checked_ref, chosen_config
from .options import RUN_HELP, task

if TYPE_CHECKING:
    from invoke.context import Context

    from windlass.facts.state import Release
    from windlass.plans.golive import Cutover
    from windlass.plans.look import Look

    from .rollback_database import Database
    from .visiting import Crew


@task(
    help={
        **RUN_HELP,
        "commit": "this hash, tag or branch: its kept release, else it is built (default: the last good release)",
        "stable": "the newest release that mark-stable marked",
        "with-database": "then also take back the migrations that this release does not know, as db.rollback does",
        "yes": "do not ask, with --with-database",
    }
)
def rollback(
    ctx: Context,
    commit: str | None = None,
    stable: bool = False,
    with_database: bool = False,
    yes: bool = False,
    dry_run: bool = False,
    app: str | None = None,
    target: str | None = None,
    json: bool = False,
    verbose: bool = False,
) -> None:
    """Go back to the last good release, or to the one named."""
    from invoke.exceptions import Exit

    from windlass.errors import UsageError

    from .chosen_database import database_config
    from .rollback_database import Database
    from .visiting import crew

    if commit and stable:
        raise UsageError(
            "--commit and --stable name two releases; nothing was touched", hint="give one of them"
        )
    if commit is not None:
        checked_ref(commit)
    config = database_config(ctx, app) if with_database else chosen_config(ctx, app)
    database = Database(yes=yes, dry_run=dry_run) if with_database else None
    what = "rollback --dry-run" if dry_run else "rollback"
    with crew(ctx, config, what, target=target, aside=dry_run, json=json, verbose=verbose) as hosts:
        code = roll_back(hosts, commit, stable=stable, dry_run=dry_run, json=json, database=database)
    if database and not (code or dry_run):
        with crew(
            ctx, config, "db.rollback", target=target, first_only=True, json=json, verbose=verbose
        ) as hosts:
            code = database.follow(hosts)
    if code:
        raise Exit(code=code)


@task(help=RUN_HELP)
def restart(
    ctx: Context,
    dry_run: bool = False,
    app: str | None = None,
    target: str | None = None,
    json: bool = False,
    verbose: bool = False,
) -> None:
    """Start the live release anew on the other slot, losing no request."""
    from invoke.exceptions import Exit

    from windlass.errors import Refused
    from windlass.plans import rollback as plans
    from windlass.remote.runner import each

    from .cutover import refuse_stopped
    from .looking import check_ready, look
    from .printing import run_or_print
    from .visiting import crew

    config = chosen_config(ctx, app)
    with crew(ctx, config, "restart", target=target, aside=dry_run, json=json, verbose=verbose) as hosts:
        looks: list[Look] = each(hosts.hosts, lambda host: look(config, host))
        refuse_stopped(hosts, looks)
        built = []
        for host, seen in zip(hosts.hosts, looks, strict=True):
            check_ready(config, host, seen, building=False)
            live = seen.state.release(seen.state.live)
            if live is None:
                raise Refused(
                    f"{host.name}: nothing is live; nothing was changed", hint=f"fab deploy -H {host.name}"
                )
            built.append(plans.restart(config, seen.state, _known(hosts, seen, live)))
        code = run_or_print(hosts, built, dry_run=dry_run)
    if code:
        raise Exit(code=code)


def roll_back(
    crew: Crew,
    commit: str | None,
    *,
    stable: bool,
    dry_run: bool,
    json: bool,
    database: Database | None = None,
) -> int:
    """Choose on every host, refuse where they differ, then go back; the exit code."""
    from windlass.errors import Refused
    from windlass.events import Note
    from windlass.plans import rollback as plans
    from windlass.plans.deploy import Options
    from windlass.remote.runner import each

    from .deploy import deploy_to
    from .looking import check_ready, look
    from .printing import run_or_print
    from .rollback_database import without_standby
    from .undoing import check_has_what_it_needs

    looks: list[Look] = each(crew.hosts, lambda host: look(crew.config, host))
    chosen = [_choose(crew, seen, commit, stable=stable) for seen in looks]
    if commit and not all(chosen):
        return deploy_to(crew, commit, Options(going_back=True), dry_run=dry_run, json=json)
    releases = [release for release in chosen if release is not None]
    if len({release.revision for release in releases}) > 1:
        listed = ", ".join(
            f"{host.name}: {release.id}" for host, release in zip(crew.hosts, releases, strict=True)
        )
        raise Refused(
            f"the hosts would go back to different revisions ({listed}); nothing was changed",
            hint="name one: fab rollback --commit",
        )
    if database:
        database.foresee(crew, releases[0].id)
    if all(seen.state.live == release.id for seen, release in zip(looks, releases, strict=True)):
        return _live_already(crew, looks)
    config = without_standby(crew.config) if database else crew.config
    built = []
    for host, seen, release in zip(crew.hosts, looks, releases, strict=True):
        check_ready(config, host, seen, building=False)
        check_has_what_it_needs(config, host, seen, release)
        to = _known(crew, seen, release)
        make = plans.choose if seen.state.stopped is not None else plans.rollback
        built.append(make(config, seen.state, to, migrations=database is not None))
        for note in built[-1].notes:
            crew.report.emit(Note(host.name, note, "warning"))
    code = run_or_print(crew, built, dry_run=dry_run)
    if database:
        database.after(crew, code)
    return code


def _choose(crew: Crew, seen: Look, commit: str | None, *, stable: bool) -> Release | None:
    """The kept release to go back to; None where a named commit has to be built."""
    from windlass.plans import rollback as plans

    if stable:
        return plans.newest_stable(seen.state)
    if commit is None:
        return plans.previous(seen.state)
    return seen.state.release(commit) or plans.kept_for(seen.state, commit.lower())


def _known(crew: Crew, seen: Look, release: Release) -> Cutover:
    from .cutover import cutover_to

    return cutover_to(crew.config, seen, release.id, release.revision, known=True)


def _live_already(crew: Crew, looks: list[Look]) -> int:
    from windlass.events import Ended

    for host, seen in zip(crew.hosts, looks, strict=True):
        crew.report.emit(Ended(host.name, "nothing-to-do", seen.state.live, crew.seconds()))
    return 0
