"""After a boot the server puts itself right: a unit runs the agent that the last command left in the app's folder.

It is the agent as that command sent it, with what it was told of the app: so it reads what its own kind wrote.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import zipfile
from typing import Any, Dict

from . import archive, door, takeover
from .channel import Channel
from .session import Session


def main() -> None:
    """Put the app right whose folder this archive lies in; the exit code says whether that succeeded."""
    os.umask(0o022)
    with zipfile.ZipFile(sys.argv[0]) as packed:
        told = json.loads(packed.read(archive.OPENING))
    opening = {**told, "mode": "locked", "what": takeover.AFTER_BOOT, "who": socket.gethostname()}
    session = Session(Journal(), opening)
    status = door.after_boot(session)
    session.give_back()
    sys.stdout.flush()
    os._exit(status)


class Journal(Channel):
    """No client: what would be sent is printed, for the journal."""

    def __init__(self) -> None:
        reader, self._held = os.pipe()
        super().__init__(reader, os.open(os.devnull, os.O_WRONLY), patience=float("inf"))

    def send(self, event: str, **fields: Any) -> None:
        """Print what a person would want to read later."""
        text = _line(event, fields)
        if text:
            print(text, flush=True)


def _line(event: str, fields: Dict[str, Any]) -> str:
    if event == "stepend":
        reason = f": {fields['reason']}" if fields["reason"] else ""
        return f"{fields['title']}: {fields['state']}{reason}"
    return {
        "recovering": str(fields.get("reason", "")),
        "note": str(fields.get("text", "")),
        "out": str(fields.get("text", "")),
    }.get(event, "")
