"""Every error an operator can see: a message, a hint with what to type next, an exit code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any


class ExitCode(IntEnum):
    """What `fab` exits with; scripts rely on these numbers."""

    DONE = 0
    FAILED = 1  # visitors saw nothing
    USAGE = 2  # nothing was touched
    WENT_BACK = 3  # cut over, then back by itself
    NEEDS_PERSON = 4
    LOCKED = 75
    INTERRUPTED = 130  # by Ctrl-C: nothing was changed, or the server was left to put itself right


class WindlassError(Exception):
    """A foreseeable failure: one line for what happened, one for what to do."""

    exit_code = ExitCode.FAILED

    def __init__(self, message: str, *, hint: str = "", exit_code: ExitCode | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if exit_code is not None:
            self.exit_code = exit_code


class UsageError(WindlassError):
    """A wrong option, host or revision name; nothing was touched."""

    exit_code = ExitCode.USAGE


class ConfigError(WindlassError):
    """A configuration that cannot be used; `problems` holds one `path: reason` per mistake."""

    exit_code = ExitCode.USAGE

    def __init__(self, message: str, *, problems: Sequence[str] = (), hint: str = "") -> None:
        super().__init__("\n".join([message, *(f"  {problem}" for problem in problems)]), hint=hint)
        self.problems = tuple(problems)


class ConnectionFailed(WindlassError):
    """The server could not be reached, or the connection ended before its work did."""


class HostKeyRefused(WindlassError):
    """The server's host key is unknown, or is another one than known_hosts holds."""


class AuthenticationFailed(WindlassError):
    """The server refused every key that was offered."""


class NotReady(WindlassError):
    """Something that the server must have is missing; nothing was touched."""


class Refused(WindlassError):
    """The server's state forbids the command: stopped, owned by somebody else, nothing to go back to."""


class StepFailed(WindlassError):
    """A step failed; the old release is live."""


class LockHeld(WindlassError):
    """Another run holds the lock; `holder` is what it says of itself in the lock's file."""

    exit_code = ExitCode.LOCKED

    def __init__(self, message: str, *, hint: str = "", holder: Mapping[str, Any] | None = None) -> None:
        super().__init__(message, hint=hint)
        self.holder = holder or {}


class Interrupted(WindlassError):
    """The operator left by Ctrl-C."""

    exit_code = ExitCode.INTERRUPTED


class Told(WindlassError):
    """All of it was said where it happened; what is left is the exit code."""


def together(errors: Sequence[WindlassError]) -> WindlassError:
    """Several hosts' errors as one: every message, every hint once, the worst exit code."""
    if len(errors) == 1:
        return errors[0]
    messages = dict.fromkeys(error.message for error in errors)
    hints = dict.fromkeys(error.hint for error in errors if error.hint)
    worst = max(error.exit_code for error in errors)
    return WindlassError("\n".join(messages), hint="\n".join(hints), exit_code=worst)
