"""Deploy a revision: built beside what is live, checked, and only then switched to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from windlass.commands import migrations
from windlass.facts import databases, papers, visitors
from windlass.operations.crew import Crew, crew
from windlass.operations.failed_migrations import tell_of_failed_migrations
from windlass.operations.looking import look_and_fetch
from windlass.operations.request import Request
from windlass.operations.running import carry_out
from windlass.plans.decide import deploy as decision
from windlass.plans.decide.deploy import Seen, is_live, pending
from windlass.plans.deploy import Options
from windlass.plans.lint import complaints
from windlass.question import Question
from windlass.remote.runner import Host, each
from windlass.sql.squawk import findings


def deploy(
    request: Request,
    revision: str | None = None,
    *,
    force: bool = False,
    page: bool = False,
    rehearse: bool = False,
) -> int:
    """Put a revision live on every host, by default the request's branch; the exit code.

    `force` runs also what need not run, `page` shows visitors the maintenance page around the migrations,
    `rehearse` first tries what is pending on a copy of the database. Raises WindlassError where nothing was begun.
    """
    ref = request.ref(revision)
    what = "deploy --dry-run" if request.dry_run else "deploy"
    with crew(request, what, aside=request.dry_run) as hosts:
        return deploy_to(hosts, ref, Options(force=force, page=page, rehearse=rehearse))


def deploy_to(crew: Crew, ref: str, options: Options) -> int:
    """Look at every host, decide for all of them, run; the exit code."""
    seen = look(crew, ref, options)
    decided = decision.decide(crew.config, ref, seen, options, folders=crew.request.folders)
    return carry_out(crew, decided, then=tell_of_failed_migrations)


def look(crew: Crew, ref: str, options: Options) -> list[Seen]:
    """All that a deploy of a ref has to know: what the hosts have, then what that makes worth asking."""
    first = [
        Seen(host.name, look, revision)
        for host, (look, revision) in zip(crew.hosts, look_and_fetch(crew, ref), strict=True)
    ]
    pairs = list(zip(crew.hosts, first, strict=True))
    return each(pairs, lambda pair: _look_closer(crew, *pair, options))


def _look_closer(crew: Crew, host: Host, seen: Seen, options: Options) -> Seen:
    """Ask what depends on the revision, where anything does."""
    asked: list[Question[Any]] = [visitors.question(crew.config)] if is_live(seen) else []
    if host is crew.hosts[0]:
        asked += [databases.question()] if options.rehearse and pending(seen) else []
        asked += _texts(crew, seen)
    if not asked:
        return seen
    found = host.visit.ask(*asked)
    texts: Mapping[str, str] = found["papers"].up if "papers" in found else {}
    return replace(
        seen,
        visitors=found.get("visitors"),
        databases=found.get("databases"),
        complaints=_complaints(texts),
    )


def _texts(crew: Crew, seen: Seen) -> list[Question[Any]]:
    """The SQL that would run beside the live release."""
    tool = migrations.tool(crew.config)
    if tool is None or seen.revision is None or not (pending(seen) and seen.look.state.live):
        return []
    return [papers.texts(crew.config, dict.fromkeys(pending(seen), seen.revision.hash), (), tool.FILES)]


def _complaints(texts: Mapping[str, str]) -> dict[str, Sequence[str] | None]:
    """What squawk says of each migration, which runs here; None where it is not there."""
    found: dict[str, Sequence[str] | None] = {}
    for name, sql in texts.items():
        said = findings(sql)
        found[name] = None if said is None else complaints(name, sql, said)
        if said is None:
            break
    return found
