"""Hosts that stay as they are while the others go back: left out, out of reach, or with nothing to go back to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from windlass.errors import ExitCode, UsageError
from windlass.events import Ended
from windlass.operations.consent import check_consent
from windlass.operations.crew import Crew
from windlass.operations.request import Request
from windlass.remote.hosts import parse_hosts


def leave_out(request: Request, without: str | None) -> tuple[Request, dict[str, str]]:
    """The request for its other hosts, and by name why these stay; `without` is a list as `-H` takes it.

    Raises UsageError for a host that the request is not for, and where none would be left.
    """
    if without is None:
        return request, {}
    named = {spec.place: spec.name for spec in parse_hosts(without, option="--without")}
    unknown = [name for place, name in named.items() if place not in {spec.place for spec in request.hosts}]
    listed = ", ".join(spec.name for spec in request.hosts)
    if unknown:
        raise UsageError(
            f"--without {','.join(unknown)} is none of the hosts ({listed}); nothing was touched",
            hint="--without takes hosts out of those of -H or of the target",
        )
    left = tuple(spec for spec in request.hosts if spec.place not in named)
    if not left:
        raise UsageError(f"--without leaves no host of {listed}; nothing was touched")
    out = {spec.name: "left out by --without" for spec in request.hosts if spec.place in named}
    return replace(request, hosts=left), out


def agree(crew: Crew, staying: Mapping[str, str], *, going: int) -> None:
    """Say which hosts would stay and why, and ask whether the others shall go back all the same.

    Raises Refused for a no, and where nobody can be asked.
    """
    for host, why in staying.items():
        crew.warn(host, f"cannot go back: {why}")
    if crew.request.dry_run:
        return
    others = "the other host" if going == 1 else f"the other {going} hosts"
    check_consent(
        f"{', '.join(staying)} would stay as it is. Go back on {others}?",
        yes=False,
        report=crew.report,
        hint=f"fab rollback --without {','.join(staying)} goes back on {others} without asking",
    )


def conclude(crew: Crew, staying: Mapping[str, str], code: int) -> int:
    """Tell which hosts stayed as they were; the exit code, which asks for a person where any did."""
    if crew.request.dry_run or not staying:
        return code
    for host, why in staying.items():
        hint = f"fab rollback -H {host} once it can; fab status shows how the hosts differ"
        text = f"it stays as it was, and the others do not: {why}"
        crew.report.emit(Ended(host, "needs-person", "", crew.seconds(), text, hint))
    return max(code, ExitCode.NEEDS_PERSON)
