"""Going back, and starting again what is live."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from windlass.errors import UsageError, WindlassError, together
from windlass.facts.state import Release
from windlass.operations import staying as stays
from windlass.operations.crew import Crew, crew
from windlass.operations.deployment import deploy_to
from windlass.operations.looking import look
from windlass.operations.migrations_back import DatabaseToo, migrations_question
from windlass.operations.request import Request
from windlass.operations.running import carry_out
from windlass.operations.taking_over import as_if_taking_over, taking_over
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
    without: str | None = None,
) -> int:
    """Go back to the last good release on every host; the exit code.

    `commit`, a hash, tag or branch, goes to its kept release, else it is built; `stable` to the newest one marked.
    `with_database` then takes back the migrations that the release does not know, after a question that `yes`
    answers. `without`, hosts as `-H` takes them, are left as they are; where others cannot go back it asks. Who holds
    the lock is ended as if cancelled, but in a step that must not be cut short. Raises WindlassError where nothing
    was begun.
    """
    if commit and stable:
        raise UsageError(
            "--commit and --stable name two releases; nothing was touched", hint="give one of them"
        )
    if commit is not None:
        request.ref(commit)
    if with_database and without is not None:
        raise UsageError(
            "--with-database goes back on all hosts, since they share it; nothing was touched",
            hint="fab rollback --without first, and fab db.rollback once no host runs the newer release",
        )
    database = DatabaseToo(request, yes=yes) if with_database else None
    request, out = stays.leave_out(request, without)
    with _crew(request, named=bool(commit or stable)) as hosts:
        code = roll_back(hosts, commit, stable=stable, database=database, out=out)
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
    crew: Crew,
    commit: str | None = None,
    *,
    stable: bool = False,
    database: DatabaseToo | None = None,
    out: Mapping[str, str] | None = None,
) -> int:
    """Look, choose on every host, decide for all of them, run; the exit code. Why hosts are left `out`, by name."""
    if not crew.hosts:
        raise together(list(crew.missing.values()))
    seen = [Seen(name, look) for name, look in zip(crew.names, look(crew), strict=True)]
    nothing = decision.with_nothing_to_go_back_to(seen, commit, stable=stable)
    cannot: dict[str, WindlassError] = {**crew.missing, **nothing}
    staying = {host: error.message for host, error in cannot.items()}
    if staying:
        if database:
            raise together(list(cannot.values()))
        stays.agree(crew, staying, going=len(seen) - len(nothing))
        crew.leave_out(nothing)
    code = _go_back(crew, [one for one in seen if one.host not in nothing], commit, stable, database)
    return stays.conclude(crew, {**(out or {}), **staying}, code)


@contextmanager
def _crew(request: Request, *, named: bool) -> Iterator[Crew]:
    """A stop goes on, and so does another rollback, unless a release is `named`: two would go back twice."""
    spares = ("emergency-stop",) if named else ("emergency-stop", "rollback")
    if request.dry_run:
        with as_if_taking_over(request, "rollback --dry-run", spares=spares) as hosts:
            yield hosts
        return
    with taking_over(request, "rollback", spares=spares) as hosts:
        yield hosts


def _go_back(
    crew: Crew, seen: Sequence[Seen], commit: str | None, stable: bool, database: DatabaseToo | None
) -> int:
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
