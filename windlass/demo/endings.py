"""However the demo is ended, it is ended in order: each signal is one exception, and cleaning up is left alone."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from windlass.errors import Interrupted

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ending_on_signals() -> Iterator[None]:
    """Raise Interrupted, once, on Ctrl-C, TERM, and when the terminal is closed; but not where it is ignored."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number in SIGNALS:
        if before[number] is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def undisturbed() -> None:
    """From here on signals are ignored: what follows is short, and must be finished."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _interrupt(number: int, frame: FrameType | None) -> None:
    undisturbed()
    by = "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name
    raise Interrupted(f"ended by {by}: nothing of the demo is left running")
