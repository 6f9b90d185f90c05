"""A file of this machine, sent to a host over the channel that its agent listens on."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from pathlib import Path, PurePosixPath

from windlass.events import Output, PlanStarted, StepEnded, StepStarted
from windlass.remote.runner import Emit, Host

CHUNK = 48 * 1024
AHEAD = 64
"""Chunks that may be under way: three MiB keep a fast line with a long way busy."""


def send_file(host: Host, file: Path, to: PurePosixPath, emit: Emit) -> str:
    """Send it, with a line for every twentieth that has arrived; its SHA-256, which the host has compared.

    Raises OSError for a file that cannot be read, ConnectionFailed, and StepFailed where the host cannot keep it.
    """
    title, began = f"send {file.name}", host.seconds
    with file.open("rb") as source:
        size = source.seek(0, 2)
        source.seek(0)
        emit(PlanStarted(host.name, f"Send {file.name}", (("send", title),)))
        emit(StepStarted(host.name, 1, "send", title))
        host.visit.send("file", path=str(to), size=size)
        digest, under_way, arrived, told = hashlib.sha256(), 0, 0, 0
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            host.visit.send("chunk", data=b64encode(chunk).decode())
            under_way += 1
            if under_way >= AHEAD:
                arrived += host.visit.expect("took")["bytes"]
                under_way -= 1
            if arrived * 20 // size > told:
                told = arrived * 20 // size
                emit(Output(host.name, f"{arrived >> 20} of {size >> 20} MiB"))
        host.visit.send("whole", sha256=digest.hexdigest())
        while host.visit.expect("took", "kept")["ev"] == "took":
            pass
    emit(StepEnded(host.name, 1, "send", title, "done", round(host.seconds - began, 3)))
    return digest.hexdigest()
