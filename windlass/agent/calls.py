"""The functions that a question may name."""

from __future__ import annotations

import importlib
from typing import Any, Dict

MODULES = {
    "env": "versions",
    "history": "history",
    "lock": "holder",
    "pm2": "system",
    "state": "state",
    "system": "system",
    "units": "system",
    "visitors": "visitors",
    "whose": "owner",
}
"""Where each is: a question waits for one module alone."""

OF_THE_APP = ("env", "history", "lock", "state")
"""Those that look into the app's own folders: root has them done by whom the app belongs to."""


def call(name: str, arguments: Dict[str, Any]) -> Any:
    """What the function answers. Raises KeyError for one that there is not."""
    return importlib.import_module(f".{MODULES[name]}", __package__).CALLS[name](arguments)
