"""The versions of the app's `.env`: every content that was ever in use or pushed, numbered and kept."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Dict, List, Optional

from . import env
from .digest import past
from .ledger import sync_folder
from .live import kept

if TYPE_CHECKING:
    from .session import Session

KEPT = 20
"""How many versions are kept, beside the present one and those that kept releases went live with."""


def present(paths: Dict[str, Any]) -> Optional[int]:
    """The version that `.env` is: None where there is no `.env`, 0 where its content is none of them.

    Raises OSError where it cannot be read.
    """
    content = _content(paths["env_file"])
    if content is None:
        return None
    known = (number for number in reversed(_numbers(paths)) if _content(_path(paths, number)) == content)
    return next(known, 0)


def adopt(paths: Dict[str, Any]) -> Optional[int]:
    """As `present`, but a `.env` that somebody edited becomes a version of its own. Raises OSError."""
    number = present(paths)
    if number == 0:
        number = _next(paths)
        _keep(paths, number, _content(paths["env_file"]) or b"")
        _prune(paths, number)
    return number


def all_kept(paths: Dict[str, Any]) -> List[Dict[str, str]]:
    """The variables of every kept version that this user may read."""
    found = []
    try:
        for number in _numbers(paths):
            content = _content(_path(paths, number)) or b""
            found.append(env.parse(content.decode("utf-8", "replace")))
    except OSError:
        pass  # another user's
    return found


def keep(session: Session, message: Dict[str, Any]) -> None:
    """Keep the `.env` that somebody edited as version `adopt`, and the content sent as version `number`.

    Either may be None. The content comes in base64 over the channel, and is written nowhere else; the present
    lines of the variables that `keeps` names are added to it.
    """
    now = _content(session.paths["env_file"]) or b""
    try:
        if message["adopt"]:
            _keep(session.paths, message["adopt"], now)
        if message["number"]:
            from base64 import b64decode

            content = with_lines_of(b64decode(message["content"]), now, message["keeps"])
            session.hide(env.parse(content.decode("utf-8", "replace")))
            _keep(session.paths, message["number"], content)
        _prune(session.paths, message["number"])
    except OSError as error:
        session.channel.send("refused", why="env", detail=str(error))
    else:
        session.channel.send("kept")


def with_lines_of(content: bytes, present: bytes, names: List[str]) -> bytes:
    """The content with the last line (or lines) of each of these variables in `present` behind its own."""
    text = present.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
    lines = {match[1]: match[0].strip() for match in env.LINE.finditer(text) if match[1] in names}
    if not lines:
        return content
    end = b"" if not content or content.endswith(b"\n") else b"\n"
    return content + end + "".join(f"{line}\n" for line in lines.values()).encode("utf-8", "surrogateescape")


def look(arguments: Dict[str, Any]) -> Dict[str, Any]:
    """`.env` and its versions, each value as a digest that only this command's `salt` can make again."""
    salt = arguments["salt"].encode()
    content = _content(arguments["env_file"])
    found = os.stat(arguments["env_file"]) if content is not None else None
    return {
        "version": present(arguments),
        "since": found.st_mtime if found else 0.0,
        "private": found is None or _is_private(found, arguments.get("readers", "")),
        "variables": variables(salt, content or b""),
        "empty": [name for name, value in _parsed(content or b"").items() if not value],
        "versions": [_version(arguments, salt, number) for number in _numbers(arguments)],
        "next": _next(arguments),
    }


def variables(salt: bytes, content: bytes) -> Dict[str, str]:
    """A digest of each variable's value, by its name."""
    return {name: digest(salt, value.encode()) for name, value in _parsed(content).items()}


def digest(salt: bytes, value: bytes) -> str:
    """Tells values apart; without the salt it tells nothing of them, however short they are."""
    import hmac  # only where it is needed: the agent starts without it

    return hmac.new(salt, value, "sha256").hexdigest()[:32]


def _is_private(found: os.stat_result, readers: str) -> bool:
    """Whether nobody but its owner may read a file, and a group of that name."""
    import grp

    if found.st_mode & 0o037:
        return False
    try:
        return not found.st_mode & 0o040 or grp.getgrgid(found.st_gid).gr_name == readers
    except KeyError:
        return False


def _parsed(content: bytes) -> Dict[str, str]:
    return env.parse(content.decode("utf-8", "replace"))


def _version(paths: Dict[str, Any], salt: bytes, number: int) -> Dict[str, Any]:
    content = _content(_path(paths, number)) or b""
    return {
        "number": number,
        "since": os.stat(_path(paths, number)).st_mtime,
        "variables": variables(salt, content),
    }


def _content(path: str) -> Optional[bytes]:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def _path(paths: Dict[str, Any], number: int) -> str:
    return os.path.join(paths["env_versions"], f"{number:04d}")


def _numbers(paths: Dict[str, Any]) -> List[int]:
    try:
        names = os.listdir(paths["env_versions"])
    except FileNotFoundError:
        return []
    return sorted(int(name) for name in names if name.isdigit())


def _next(paths: Dict[str, Any]) -> int:
    """Past every version that is kept and every one that the ledger knows."""
    known: int = past(paths["ledger"])["env"]
    return max([0, *_numbers(paths), known]) + 1


def _keep(paths: Dict[str, Any], number: int, content: bytes) -> None:
    """Whole and on the disk, or not there at all; readable by the owner alone."""
    folder, path = paths["env_versions"], _path(paths, number)
    incoming = f"{path}.next"
    descriptor = os.open(incoming, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
    except OSError:
        os.unlink(incoming)
        raise
    os.rename(incoming, path)
    sync_folder(folder)


def _prune(paths: Dict[str, Any], coming: Optional[int]) -> None:
    """Remove what is too old, and what an agent that was killed had begun to write."""
    for name in os.listdir(paths["env_versions"]):
        if name.endswith(".next"):
            os.unlink(os.path.join(paths["env_versions"], name))
    numbers = _numbers(paths)
    held = {coming, present(paths), *numbers[-KEPT:]}
    used = past(paths["ledger"])["envs"]
    for release in kept(paths["releases"]):
        held.update(used.get(release, []))
    for number in numbers:
        if number not in held:
            os.unlink(_path(paths, number))


CALLS = {"env": look}
