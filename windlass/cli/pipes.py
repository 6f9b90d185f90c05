"""A reader of standard output that has seen enough, such as `head`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from invoke.exceptions import Exit

from windlass.errors import ExitCode


@contextmanager
def reader_may_leave() -> Iterator[None]:
    """End quietly, with exit code 1, where nobody reads what the body prints."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Python's last flush must not fail as well.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise Exit(code=ExitCode.FAILED) from None
