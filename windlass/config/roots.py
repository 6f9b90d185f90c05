"""Folders of a server that no app may take for its own."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

SYSTEM = re.compile(r"/(bin|boot|dev|etc|lib|lib32|lib64|proc|run|sbin|sys|usr(?!/local/))(/.*)?")
"""Neither these nor what is below them."""
CROWDED = re.compile(
    r"/(home|media|mnt|opt|srv|tmp|var|var/(backups|cache|lib|log|mail|opt|spool|tmp|www))?|/home/[^/]+"
)
"""These hold other things too; a folder below one may be an app's."""


def why_not_a_root(root: str) -> str:
    """Why the app must not live in this folder; "" where it may."""
    if PurePosixPath(root).is_relative_to("/root"):
        return f"{root} is in /root, which nginx cannot enter: name a folder such as /srv/NAME"
    if SYSTEM.fullmatch(root):
        return f"{root} belongs to the system: name a folder such as /srv/NAME"
    if CROWDED.fullmatch(root):
        return f"{root} holds other things than this app: name a folder of its own, such as /srv/NAME"
    return ""
