"""How a command comes in to a host, and what it finds at the door."""

from __future__ import annotations

import getpass
import socket
from dataclasses import dataclass, field
from typing import Any, Literal

from windlass.layout import Layout
from windlass.plan import Step
from windlass.remote.protocol import AGENT_PATIENCE, BEAT, step_fields


@dataclass(frozen=True)
class Entry:
    """How a command comes in.

    "locked" takes the lock or is refused, "unlocked" only looks, "stop" closes the app to visitors and ends
    whoever holds the lock, "break" does the latter alone, and only to the runs that `holders` names. "take-over"
    ends whoever holds the lock, but not the commands that it `spares`, nor a step that must not be cut short.
    A holder has `wait` seconds to end and recover before it is killed. A step that must not be cut short is waited
    for as long as there is `patience`, in seconds; then the lock is refused, as it is at once where nothing ends its
    holder. `as_owner`: root looks as the user whom the app belongs to; `as_root`: whoever logs in, the agent is root
    by sudo.
    """

    mode: Literal["locked", "unlocked", "stop", "break", "take-over"] = "locked"
    as_owner: bool = False
    reason: str = ""
    holders: tuple[str, ...] | None = None
    spares: tuple[str, ...] = ()
    wait: float = 60
    patience: float = 0
    as_root: bool = False


@dataclass(frozen=True)
class Opening:
    """What a visit is for: the command typed, its app, how it comes in, and what puts the server right first.

    `about` is what the agent's acts must know of the app: see `windlass.acts`.
    """

    what: str
    app: str
    layout: Layout
    database_url: str = "DATABASE_URL"
    lock_timeout: float = 5.0
    entry: Entry = Entry()
    recovery: tuple[Step, ...] = ()
    about: dict[str, Any] = field(default_factory=dict)

    def fields(self) -> dict[str, Any]:
        """The agent's `open` message."""
        entry = self.entry
        return {
            "mode": entry.mode,
            "reason": entry.reason,
            "as_owner": entry.as_owner,
            "holders": entry.holders,
            "spares": entry.spares,
            "wait": entry.wait,
            "lock_patience": entry.patience,
            "what": self.what,
            "who": f"{getpass.getuser()}@{socket.gethostname()}",
            "url": self.database_url,
            "lock_timeout": self.lock_timeout,
            "beat": BEAT,
            "patience": AGENT_PATIENCE,
            "recovery": [step_fields(step) for step in self.recovery],
            "paths": self.layout.paths(),
            "app": self.about,
        }


@dataclass
class Opened:
    """What the agent said when it opened: the run's name, the user, what is live, whether the workspace is there."""

    run: str
    user: str
    cloned: bool
    live: dict[str, str] = field(default_factory=dict)
