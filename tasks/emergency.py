"""When it burns: stop the app, show visitors the page, start again."""

from __future__ import annotations

from windlass import operations
from windlass.cli.call import Call
from windlass.cli.command import LOOK, RUN, command


@command(
    LOOK,
    name="emergency-stop",
    reason="why; status and the ledger say it",
    wait="seconds that a running deploy has to end and put things right, before it is killed (default: 60)",
)
def emergency_stop(call: Call, reason: str = "", wait: int = 60) -> None:
    """Show visitors the page at once and stop the app, even while a deploy runs."""
    call.run(operations.emergency_stop, reason, wait=wait)


@command(RUN, name="emergency-resume")
def emergency_resume(call: Call) -> None:
    """Start what was live before the stop; the page goes once it is healthy."""
    call.run(operations.emergency_resume)


@command(LOOK, name="on", reason="why; status says it")
def maintenance_on(call: Call, reason: str = "") -> None:
    """Show visitors the maintenance page; the app goes on running."""
    call.run(operations.maintenance_on, reason)


@command(LOOK, name="off")
def maintenance_off(call: Call) -> None:
    """Take the maintenance page down."""
    call.run(operations.maintenance_off)
