"""Ctrl-C where no task runs: before, it must not fall into Python's imports; after, the end was told already."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


def not_while_loading() -> None:
    """Until a task runs, Ctrl-C ends the process at once: in an import Python may lose it, and keep a lock for ever.

    Where whoever started the process has it ignored, that stays.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def heard() -> Iterator[None]:
    """While a task runs Ctrl-C is a KeyboardInterrupt; once the task has told its end it changes nothing any more."""
    ours = signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    if ours:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
