"""Bad luck at an exact moment: holding a program of the host at a certain call, and ending who runs there."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from tests.support.processes import Completed, Running, wait_until
from tests.vps.apps.tiny import ROOT, Deployed
from tests.vps.hosts.machine import Vps

HELD = "/run/held"

WRAPPER = """\
#!/bin/bash
# The first call that matches is held until the test lets go.
if [[ "$*" == *{pattern}* ]] && mkdir {held}/{program}.taken 2>/dev/null; then
    touch {held}/{program}
    while [ -e {held}/{program}.hold ]; do sleep 0.02; done
fi
exec {real} "$@"
"""


@dataclass
class Hold:
    """A program of the host that waits at a certain call, until `release`."""

    vps: Vps
    program: str

    def wait(self, command: Running, timeout: float = 60) -> None:
        """Return once the call is there; AssertionError if the command ends before."""

        def called() -> bool:
            assert command.alive, f"ended before {self.program} was called: {command.output}"
            return self.vps.exists(f"{HELD}/{self.program}")

        wait_until(called, timeout, lambda: f"{self.program} was not called: {command.output}")

    def release(self) -> None:
        """Let the call go on; nothing if the host was restarted meanwhile."""
        self.vps.path(f"{HELD}/{self.program}.hold").unlink(missing_ok=True)


@contextmanager
def held(vps: Vps, program: str, pattern: str) -> Iterator[Hold]:
    """Hold the first call of a program whose arguments contain `pattern` (as bash's `[[` has them)."""
    wrapper = f"/usr/local/bin/{program}"
    real = vps.run(f"readlink -f $(command -v {program})").stdout.strip()
    link = vps.run(f"readlink {wrapper} || true").stdout.strip()
    vps.run(
        f"rm -rf {HELD}/{program}*; install -d -m 777 {HELD}; touch {HELD}/{program}.hold; rm -f {wrapper}; umask 022\n"
        f"cat >{wrapper} <<'END'\n"
        + WRAPPER.format(pattern=pattern, held=HELD, program=program, real=real)
        + f"END\nchmod 755 {wrapper}"
    )
    hold = Hold(vps, program)
    try:
        yield hold
    finally:
        hold.release()
        put_back = f"; ln -s {link} {wrapper}" if link else ""
        vps.run(f"rm -rf {wrapper} {HELD}/{program}*{put_back}")


def run_while_a_disk_fills_up(
    vps: Vps, start: Callable[[], Running], *, at: tuple[str, str], disk: str, leave: int
) -> Completed:
    """Run a command whose small disk has `leave` bytes left from a call on (see `held`), and room after its end."""
    with held(vps, *at) as hold:
        command = start()
        hold.wait(command)
        vps.fill_disk(disk, leave=leave)
        hold.release()
        done = command.wait()
    vps.free_disk(disk)
    return done


@contextmanager
def connected(app: Deployed) -> Iterator[None]:
    """A visitor who keeps a connection to the live slot open and asks for nothing."""
    port = 3001 if app.vps.exists(f"{ROOT}/run/green") else 3000
    visitor = app.vps.popen(f"exec 3<>/dev/tcp/127.0.0.1/{port}; exec sleep 300")
    established = f"ss -Htn state established 'dport = {port}'"
    wait_until(lambda: app.vps.run(established).stdout != "", 10, "nobody is connected")
    try:
        yield
    finally:
        visitor.kill()


def holder(app: Deployed) -> dict[str, Any]:
    """What the lock's file says of who holds it: pid and group as the host numbers them, step, who, what."""
    with suppress(ValueError, OSError):
        found: dict[str, Any] = json.loads(app.vps.read(f"{ROOT}/lock").rstrip("\0 \n") or "{}")
        return found
    return {}


def wait_for_step(app: Deployed, title: str, command: Running, timeout: float = 60) -> None:
    """Return once the step whose title begins so is running; AssertionError if the command ends before."""

    def there() -> bool:
        if str(holder(app).get("step", "")).startswith(title):
            return True
        assert command.alive, f"ended before {title}: {command.output}"
        return False

    wait_until(there, timeout, lambda: f"no step {title}: {command.output}", 0.005)


def wait_until_free(app: Deployed, timeout: float = 60) -> None:
    """Return once nobody holds the lock."""
    free = f"flock --nonblock {ROOT}/lock true"
    wait_until(
        lambda: app.vps.run(free, check=False).exit_code == 0, timeout, lambda: f"locked: {holder(app)}", 0.1
    )


def kill_agent(app: Deployed, number: signal.Signals = signal.SIGKILL) -> None:
    """Signal the agent that holds the lock."""
    app.vps.run(f"kill -{int(number)} {holder(app)['pid']}")


def kill_step(app: Deployed) -> None:
    """SIGKILL to everything of the running step, the shell that keeps the lock for it included."""
    app.vps.run(f"kill -9 -- -{holder(app)['group']}", check=False)


def kill_both(app: Deployed) -> None:
    """The agent first: it shall not see its step end."""
    found = holder(app)
    app.vps.run(f"kill -9 {found['pid']}; kill -9 -- -{found['group']} || true")


def cut_line(app: Deployed) -> None:
    """End the operator's connection from the host's side; the agent lives on."""
    parent = app.vps.run(f"ps -o ppid= -p {holder(app)['pid']}").stdout.strip()
    app.vps.run(f"kill -9 {parent}")


def other_commit(app: Deployed) -> str:
    """A good commit that is not live."""
    return "third" if app.live() == "change" else "change"


def disagreements(app: Deployed) -> list[str]:
    """What on the host contradicts that one release is live and nothing is under way; empty if all agrees."""
    vps = app.vps
    slot = "green" if vps.exists(f"{ROOT}/run/green") else "blue"
    release = vps.path(f"{ROOT}/run/slot-{slot}").name
    ends = [record for record in app.ledger() if record["event"] == "end"]
    begun = {record["run"] for record in app.ledger() if record["event"] == "start"}
    facts = {
        "visitors' commit": (app.health()["commit"], vps.read(f"{ROOT}/releases/{release}/REVISION").strip()),
        "current": (app.current(), release),
        "pm2": (
            {name: status for name, status in app.pm2().items() if name.startswith("tiny")},
            {f"tiny-{slot}": "online"},
        ),
        "pm2's dump": ([name for name in app.saved() if name.startswith("tiny")], [f"tiny-{slot}"]),
        "the idle slot's link": (len(list(vps.path(f"{ROOT}/run").glob("slot-*"))), 1),
        "the ledger's last word": (ends[-1]["live"]["release"], release),
        "runs without an end": (begun - {record["run"] for record in ends}, set()),
        "half a release": ([name for name in app.releases() if name.startswith(".")], []),
        "the lock": (holder(app), {}),
        "processes": (app.processes(), ""),
    }
    return [
        f"{name}: {found!r}, not {wanted!r}" for name, (found, wanted) in facts.items() if found != wanted
    ]
