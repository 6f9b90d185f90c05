"""What the demo shows, in order."""

from __future__ import annotations

from dataclasses import dataclass

from windlass.errors import ExitCode


@dataclass(frozen=True)
class Act:
    """One command, what to watch for in it, and how it must end.

    `push` is the version that somebody pushes before it. `closed`: visitors get the maintenance page.
    """

    title: str
    watch: str
    command: tuple[str, ...]
    push: str = ""
    ends: ExitCode = ExitCode.DONE
    closed: bool = False

    @property
    def typed(self) -> str:
        return " ".join(f'"{word}"' if " " in word else word for word in self.command)


ACTS = (
    Act(
        "First deploy",
        "The app is fetched, installed, built, started and checked; only then does nginx send visitors to it. "
        "From that moment they come: {rate} requests a second, pages with their assets.",
        ("deploy",),
        push="good",
    ),
    Act(
        "Better version",
        "Somebody pushes a better page. It starts on the other slot, beside the live one, which goes on serving. "
        "Watch for the line that says live: the switch is one rename, and no visitor waits for it.",
        ("deploy",),
        push="better",
    ),
    Act(
        "Broken version",
        "The next push builds, starts, and answers 500 to everything. Watch the health check refuse it: "
        "no visitor is sent there, and the exit code is 1.",
        ("deploy",),
        push="broken",
        ends=ExitCode.FAILED,
    ),
    Act(
        "Rollback",
        "Back to the first version. Its release is kept built, so nothing is installed and nothing is built.",
        ("rollback",),
    ),
    Act(
        "Emergency stop",
        "Visitors get the maintenance page (503) at once; then the app is stopped, and stays so after a reboot.",
        ("emergency-stop", "--reason", "smoke in the engine room"),
        closed=True,
    ),
    Act(
        "Resume",
        "The same release starts again behind the page, which goes once the health check has passed.",
        ("emergency-resume",),
        closed=True,
    ),
)
