"""What is live and how it does: the first thing to type when something is wrong."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from .chosen import chosen_config, templates
from .options import HELP, task

if TYPE_CHECKING:
    from invoke.context import Context

    from windlass.config.model import Config
    from windlass.errors import WindlassError
    from windlass.remote.runner import Host
    from windlass.report.rows import HostStatus


@task(help=HELP)
def status(ctx: Context, app: str | None = None, target: str | None = None, json: bool = False) -> None:
    """Show what is live on each host and how it does; changes nothing.

    Exit code 1 where a host was not reached or what is live there does not answer well, 4 where the hosts differ.
    """
    from invoke.exceptions import Exit

    from windlass.errors import WindlassError
    from windlass.remote.opening import Entry
    from windlass.remote.runner import each
    from windlass.report.tables import show_status

    from .status_rows import questions, row
    from .visiting import crew

    config = chosen_config(ctx, app)
    with crew(
        ctx,
        config,
        "status",
        target=target,
        entry=Entry("unlocked", as_owner=True),
        lenient=True,
        aside=True,
        json=json,
    ) as hosts:
        asked = questions(config)
        answers = each(hosts.hosts, lambda host: _ask(host, asked))
        clock = time.time()
        rows = [
            _unreachable(config, host.name, found)
            if isinstance(found, WindlassError)
            else row(config, host.name, found, clock, templates())
            for host, found in zip(hosts.hosts, answers, strict=True)
        ]
    rows += [_unreachable(config, name, error) for name, error in hosts.missing.items()]
    show_status(rows, json=json)
    code = _verdict(rows)
    if code:
        raise Exit(code=code)


def _ask(host: Host, asked: list[Any]) -> dict[str, Any] | WindlassError:
    from windlass.errors import WindlassError

    try:
        return host.visit.ask(*asked)
    except WindlassError as error:
        return error


def _unreachable(config: Config, name: str, error: WindlassError) -> HostStatus:
    from windlass.report.rows import HostStatus

    return HostStatus(name, config.app.name, error=error.message, hint=error.hint)


def _verdict(rows: list[HostStatus]) -> int:
    """4 where the hosts differ in what is live, which a person must decide on.

    1 where one was not reached, or what is live there does not answer well although nobody stopped it.
    """
    from windlass.errors import ExitCode
    from windlass.report import say_error

    reached = [row for row in rows if not row.error]
    unwell = [row for row in reached if not row.stopped and not all(answer.ok for answer in row.health)]
    for row in unwell:
        hint = f"fab logs -H {row.host} says more; fab restart and fab rollback start it anew"
        say_error(f"{row.host}: {_complaint(row)}", hint)
    if len({row.revision for row in reached}) > 1:
        listed = ", ".join(f"{row.host}: {row.revision[:7] or 'nothing'}" for row in reached)
        say_error(
            f"the hosts differ in what is live ({listed})",
            "fab deploy makes them agree; fab history says how it came",
        )
        return ExitCode.NEEDS_PERSON
    return ExitCode.FAILED if unwell or len(reached) < len(rows) else ExitCode.DONE


def _complaint(row: HostStatus) -> str:
    bad = next(answer for answer in row.health if not answer.ok)
    said = f"status {bad.status}" if bad.status else "no answer"
    return f"what is live does not answer well: {bad.url}: {said}{f', {bad.error}' if bad.error else ''}"
