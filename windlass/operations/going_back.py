"""Going back, and starting again what is live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from windlass.errors import UsageError
from windlass.facts.state import Release
from windlass.operations.crew import Crew, crew
from windlass.operations.deployment import deploy_to
from windlass.operations.looking import look
from windlass.operations.migrations_back import DatabaseToo, migrations_question
from windlass.operations.request import Request
from windlass.operations.running import carry_out
from windlass.plans.decide import restart as restarting
from windlass.plans.decide import rollback as decision
from windlass.plans.decide.rollback import Seen
from windlass.plans.deploy import Options
from windlass.remote.runner import Host, each


def rollback(
    request: Request,
    commit: str | None = None,
    *,
    stable: bool = False,
    with_database: bool = False,
    yes: bool = False,
) -> int:
    """Go back to the last good release on every host; the exit code.

    `commit`, a hash, tag or branch, goes to its kept release, else it is built; `stable` to the newest one marked.
    `with_database` then takes back the migrations that the release does not know, after a question that `yes`
    answers. Raises WindlassError where nothing was begun.
    """
    if commit and stable:
        raise UsageError(
            "--commit and --stable name two releases; nothing was touched", hint="give one of them"
        )
    if commit is not None:
        request.ref(commit)
    database = DatabaseToo(request, yes=yes) if with_database else None
    what = "rollback --dry-run" if request.dry_run else "rollback"
    with crew(request, what, aside=request.dry_run) as hosts:
        code = roll_back(hosts, commit, stable=stable, database=database)
    if database and not (code or request.dry_run):
        with crew(request, "db.rollback", first_only=True) as hosts:
            code = database.follow(hosts)
    return code


def restart(request: Request) -> int:
    """Start the live release anew on the other slot of every host, losing no request; the exit code.

    Raises NotReady, and Refused where nothing runs.
    """
    with crew(request, "restart", aside=request.dry_run) as hosts:
        seen = dict(zip(hosts.names, look(hosts), strict=True))
        return carry_out(hosts, restarting.decide(request.config, seen, folders=request.folders))


def roll_back(
    crew: Crew, commit: str | None = None, *, stable: bool = False, database: DatabaseToo | None = None
) -> int:
    """Look, choose on every host, decide for all of them, run; the exit code."""
    seen = [Seen(name, look) for name, look in zip(crew.names, look(crew), strict=True)]
    chosen = decision.choose(seen, commit, stable=stable)
    if chosen is None:
        return deploy_to(crew, str(commit), Options(going_back=True))
    decided = decision.decide(
        crew.config,
        _look_closer(crew, seen, chosen),
        chosen,
        with_database=database is not None,
        folders=crew.request.folders,
    )
    if database:
        database.foresee(crew, chosen[0].id)
    code = carry_out(crew, decided)
    if database and decided.plans:
        database.after(crew, code)
    return code


def _look_closer(crew: Crew, seen: Sequence[Seen], chosen: Sequence[Release]) -> list[Seen]:
    """Which migrations the releases have, where that may be too many."""

    def closer(one: tuple[Host, Seen, Release]) -> Seen:
        host, known, release = one
        asked = migrations_question(crew.config, known.look, release)
        if asked is None:
            return known
        found: frozenset[str] = host.visit.ask(asked)["folders"].get(release.id, frozenset())
        return replace(known, files=found)

    return each(list(zip(crew.hosts, seen, chosen, strict=True)), closer)
