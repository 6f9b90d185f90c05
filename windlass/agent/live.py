"""What visitors get by the flag."""

from __future__ import annotations

import json
import os
import re
from typing import Any, Dict, List, Optional, Set

LONGEST = 65536
"""Bytes of a manifest that are read."""

NOTHING_LIVE = {"slot": "blue", "release": "", "revision": ""}

_RELEASE = re.compile(r"\d{4,}-[0-9a-f]{7,40}")


def live(paths: Dict[str, Any]) -> Dict[str, str]:
    """What visitors get by the flag, read from the server's own links."""
    slot = "green" if os.path.exists(paths["flag"]) else "blue"
    try:
        target = os.readlink(paths["slots"][slot])
    except OSError:
        return {"slot": slot, "release": "", "revision": ""}
    release = os.path.basename(target)
    try:
        with open(os.path.join(paths["releases"], release, "REVISION"), encoding="ascii") as file:
            revision = file.read().strip()
    except (OSError, ValueError):
        revision = ""
    return {"slot": slot, "release": release, "revision": revision}


def supervisor(paths: Dict[str, Any], slot: str) -> str:
    """What started the processes of a slot, by its manifest; pm2 where there is none."""
    return str(_manifest(paths, slot).get("supervisor") or "pm2")


def web_ports(paths: Dict[str, Any], slot: str) -> List[int]:
    """The ports of a slot's web processes as its manifest has them; none where it does not say."""
    try:
        ports = [one["port"] for one in _manifest(paths, slot)["processes"] if "port" in one]
    except (KeyError, TypeError):
        return []
    return ports if all(type(port) is int for port in ports) else []


def _manifest(paths: Dict[str, Any], slot: str) -> Dict[str, Any]:
    """What the slot was started with; empty where there is none that can be read."""
    known = document(paths.get("manifests", {}).get(slot, ""))
    return known if isinstance(known, dict) else {}


def document(path: str) -> Any:
    """The JSON of a small file, such as a manifest; None where there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.loads(file.read(LONGEST))
    except (OSError, ValueError):
        return None


def kept(folder: str) -> List[str]:
    """The whole releases in the folder, oldest first."""
    try:
        names = [name for name in os.listdir(folder) if _RELEASE.fullmatch(name)]
    except OSError:
        return []
    return sorted(names, key=lambda name: (int(name.split("-")[0]), name))


def standing(paths: Dict[str, Any]) -> Set[str]:
    """The releases that are kept, or that a link names."""
    links = [*paths["slots"].values(), os.path.join(paths["root"], "current")]
    return {*kept(paths["releases"]), *map(named_by, links)} - {""}


def named_by(link: str) -> str:
    """The release that a link names, "" for none."""
    try:
        return os.path.basename(os.readlink(link))
    except OSError:
        return ""


def flag(path: str) -> Optional[str]:
    """What a flag's file says; None where it is not set."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(2000).strip()
    except OSError:
        return None
