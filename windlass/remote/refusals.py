"""What an agent would not do, as errors that say why."""

from __future__ import annotations

import shlex
from typing import Any

from windlass.agent.lock import STRANGER
from windlass.errors import LockHeld, NotReady, Refused, StepFailed, WindlassError
from windlass.remote.opening import Opening


def locked_error(holder: dict[str, Any], host: str) -> LockHeld:
    """The error that names who holds the lock, since when and at which step."""
    who, what = holder.get("who", "somebody"), holder.get("what", "another run")
    step = f" (step: {holder['step']})" if holder.get("step") else ""
    if holder.get("uninterruptible"):
        step += ", and that step must not be cut short"
    ends = "it frees itself when that run ends"
    if what == STRANGER:
        ends = "end that process as root: since this command nobody else can open the lock any more"
    since = f" since {holder['since']}" if holder.get("since") else ""
    return LockHeld(
        f"{host}: {what} by {who} holds the lock{since}{step}",
        hint=f"fab lock.show -H {host}; {ends}",
        holder=holder,
    )


def refused_error(message: dict[str, Any], host: str, opening: Opening) -> WindlassError:
    """The error for an agent that will not work under these conditions."""
    root, user = opening.layout.root, message.get("user", "")
    if message["why"] == "owner":
        owner = message["owner"]
        return Refused(
            f"{host}: {root} belongs to {owner}, and you are {user}: two owners would mix files and pm2 daemons",
            hint=f"connect as {owner}: -H {shlex.quote(owner)}@{host.rpartition('@')[2]}",
        )
    if message["why"] == "nothing":
        return Refused(
            f"{host}: {opening.app} was never deployed there; nothing was changed",
            hint=f"fab deploy -H {host}",
        )
    if message["why"] == "ended":
        return Refused(f"{host}: {opening.what} was ended ({message['detail']}); nothing is left half done")
    if message["why"] == "folders":
        return NotReady(
            f"{host}: the app's folders cannot be made ({message['detail']}); nothing was touched",
            hint=f"on the server, as root: install -d -o {shlex.quote(user)} {shlex.quote(str(root))}",
        )
    unkept = {
        "env": ("the new .env", "the present one is as it was"),
        "file": ("the file", "nothing was changed"),
    }
    if message["why"] in unkept:
        what, state = unkept[message["why"]]
        return StepFailed(
            f"{host}: {what} could not be kept ({message['detail']}); {state}",
            hint=f"is there room on the disk? fab status -H {host}",
        )
    return Refused(f"{host}: {root} cannot be used ({message.get('detail', message['why'])})")
