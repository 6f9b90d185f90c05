"""emergency-stop: the page first, then whoever holds the lock, then the processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .session import Session


def serve(session: Session) -> int:
    """Put the page up at once, end the holder of the lock, then run the plan that stops the processes."""
    raise NotImplementedError
