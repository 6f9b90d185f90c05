"""The agent as a command sent it, left in the app's folder for the next boot, with what it was told of the app."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .session import Session

NAME = "agent.pyz"
OPENING = "opening.json"
_MAIN = "from windlass_agent.at_boot import main\nmain()\n"
_TOLD = ("paths", "app", "recovery", "url", "lock_timeout")
"""What of a command's opening a boot must know too."""


def leave(session: Session) -> None:
    """Have the next boot find this agent, and what it was told; written only where that has changed.

    A disk without room is no reason to refuse a command.
    """
    sources = getattr(sys.modules["__main__"], "sources", None)
    if not sources or not session.opening.get("recovery"):
        return
    import hashlib  # only where a command changes something: the agent starts without it

    opening = json.dumps({name: session.opening[name] for name in _TOLD}, sort_keys=True)
    digest = hashlib.sha256(json.dumps([sources, opening], sort_keys=True).encode()).hexdigest().encode()
    path = os.path.join(session.paths["run"], NAME)
    if _ends_with(path, digest):
        return
    import zipfile

    incoming = f"{path}.next"
    with contextlib.suppress(OSError):
        with open(incoming, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, text in sources.items():
                    folder = "windlass_agent/__init__" if "." not in name else name.replace(".", "/")
                    archive.writestr(f"{folder}.py", text)
                archive.writestr("__main__.py", _MAIN)
                archive.writestr(OPENING, opening)
                archive.comment = digest
            file.flush()
            os.fsync(file.fileno())
        os.replace(incoming, path)


def _ends_with(path: str, digest: bytes) -> bool:
    try:
        with open(path, "rb") as file:
            file.seek(-len(digest), os.SEEK_END)
            return file.read() == digest
    except OSError:
        return False
