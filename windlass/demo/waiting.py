"""Waiting for something to be so, never for time to pass."""

from __future__ import annotations

import time
from collections.abc import Callable

from windlass.errors import WindlassError


class WaitedInVain(WindlassError):
    """What was waited for did not come in time."""


def wait_until(
    condition: Callable[[], bool], seconds: float, message: Callable[[], str], interval: float = 0.02
) -> None:
    """Poll until the condition is true; raises WaitedInVain with the message after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise WaitedInVain(f"after {seconds:g} s: {message()}")
        time.sleep(interval)
