"""A file that the client sends over its channel, written whole or not left at all."""

from __future__ import annotations

import os
from base64 import b64decode
from typing import TYPE_CHECKING, Any, Dict

if TYPE_CHECKING:
    from .session import Session


def take(session: Session, message: Dict[str, Any]) -> None:
    """Write what comes in `chunk` messages to `path`, its owner's alone to read, until `whole` tells the SHA-256.

    Each chunk is answered with `took`, so that the client never sends far ahead.
    """
    path = message["path"]
    try:
        _check_room(os.path.dirname(path), message["size"])
        if _write(session, path):
            session.channel.send("kept")
            return
        detail = "it did not come whole"
    except OSError as error:
        detail = error.strerror or str(error)
    if os.path.exists(path):
        os.unlink(path)
    session.channel.send("refused", why="file", detail=detail)


def _check_room(folder: str, size: int) -> None:
    figures = os.statvfs(folder)
    free = figures.f_bavail * figures.f_frsize
    if free < size:
        raise OSError(f"{size >> 20} MiB, and {free >> 20} MiB of disk are free")


def _write(session: Session, path: str) -> bool:
    import hashlib  # the agent starts without it

    digest = hashlib.sha256()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:
        while True:
            message = session.channel.receive("chunk", "whole")
            if message is None:
                return False
            if message["op"] == "whole":
                file.flush()
                os.fsync(descriptor)
                return bool(message["sha256"] == digest.hexdigest())
            data = b64decode(message["data"])
            digest.update(data)
            file.write(data)
            session.channel.send("took", bytes=len(data))
