"""How a gate says no."""

from __future__ import annotations


class GateFailed(Exception):
    """A gate does not hold; the text says in plain words why and what was seen."""
