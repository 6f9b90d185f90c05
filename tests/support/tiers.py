"""What a tier does where something that it needs is missing."""

from __future__ import annotations

import os

import pytest


def require(met: bool, reason: str) -> None:
    """Skip the test with a reason unless a need is met; under CI (`CI=true`) nothing is skipped: it fails."""
    if met:
        return
    if os.environ.get("CI"):
        pytest.fail(f"under CI nothing is skipped: {reason}", pytrace=False)
    pytest.skip(reason)
