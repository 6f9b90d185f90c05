"""Where the files come from: a folder of this machine, or a repository that is cloned for a moment.

A repository may be a stranger's: nothing of it is run, no link leads out of it, its address is never an option.
"""

from __future__ import annotations

import os
import re
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from windlass.config.secrets import secrets_in
from windlass.errors import UsageError, WindlassError
from windlass.init.answers import Origin
from windlass.init.tree import Tree

_URL = re.compile(r"(?:https?|ssh|git|file)://\S+")
_SCP = re.compile(r"(?:[\w.-]+@)?[\w.-]+:(?!:|//)\S+", re.ASCII)
_PRUNED = {"node_modules", "dist", "build", "out", "coverage", "vendor", "target", "__pycache__"}
_MOST_FILES = 100_000
_LARGEST = 256 * 1024
_PATIENCE = 300
"""Seconds that a clone may take."""
_STRICT = tuple(
    word
    for setting in (
        "core.fsmonitor=false",
        "core.hooksPath=/dev/null",
        "core.symlinks=false",
        "protocol.ext.allow=never",
        "safe.directory=*",  # a checkout of another user's is only read
    )
    for word in ("-c", setting)
)
_NEWS_TO_NOBODY = ("Please make sure you have the correct access rights", "and the repository exists.")


@dataclass(frozen=True)
class Source:
    """A repository's files while it is open. `folder` is what the operator pointed at in it, "" for all of it."""

    top: Tree
    origin: Origin
    where: str
    folder: str = ""


@contextmanager
def opened(place: str, branch: str, *, on_fetch: Callable[[], None]) -> Iterator[Source]:
    """The repository at a path or git URL. A clone is removed at the end; `on_fetch` is called before one.

    Raises UsageError for what is neither, or an address with a password, WindlassError where git cannot read it.
    """
    path = _folder(place)
    if path and not _is_bare(path):
        yield _local(path)
        return
    address = f"file://{path}" if path else _address(place)
    on_fetch()
    with tempfile.TemporaryDirectory(prefix="windlass-init-") as folder:
        clone = Path(folder) / "clone"
        _clone(address, clone, branch)
        named = str(path) if path else place
        head = _git(clone, "symbolic-ref", "--quiet", "--short", "HEAD")
        yield Source(_tree(clone), Origin(named, branch or head, "The address that was given"), named)


def _folder(place: str) -> Path | None:
    """The whole path of a folder; None for what is none, or cannot be entered."""
    try:
        path = Path(place).expanduser().resolve()
        return path if path.is_dir() else None
    except (OSError, RuntimeError):
        return None


def _address(place: str) -> str:
    if place.startswith("-") or not (_URL.fullmatch(place) or _SCP.fullmatch(place)):
        raise UsageError(
            f"{place!r} is neither a folder nor a git URL; nothing was written",
            hint="fab init --from ../my-app, or --from git@github.com:owner/name.git",
        )
    if list(secrets_in(place, ("app", "repository"))):
        raise UsageError(
            "the address holds a password or token, which anybody here could read; nothing was written",
            hint="use git@host:owner/name.git with a key, or leave it to git's credential helper",
        )
    return place


def _is_bare(path: Path) -> bool:
    return (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()


def _local(path: Path) -> Source:
    top = Path(_git(path, "rev-parse", "--show-toplevel") or path).resolve()
    in_git = (top / ".git").exists()
    folder = path.relative_to(top).as_posix() if path.is_relative_to(top) else "."
    origin = _origin(top) if in_git else Origin(folder=top.name)
    return Source(_tree(top), origin, str(path), "" if folder == "." else folder)


def _origin(top: Path) -> Origin:
    address = _git(top, "config", "--get", "remote.origin.url")
    if address.startswith(("./", "../", "~")):
        address = ""  # says nothing to a server
    head = _git(top, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD").removeprefix("origin/")
    known = _git(top, "for-each-ref", "--format=%(refname:lstrip=3)", "refs/remotes/origin").split()
    usual = next((name for name in ("main", "master") if name in known), "")
    current = _git(top, "symbolic-ref", "--quiet", "--short", "HEAD")
    return Origin(address, head or usual or current, folder=top.name)


def _clone(address: str, clone: Path, branch: str) -> None:
    words = ["--quiet", "--depth=1", "--single-branch", "--no-tags", "--no-recurse-submodules", "--template="]
    if branch:
        words.append(f"--branch={branch}")
    try:
        done = _run([*_STRICT, "clone", *words, "--", address, str(clone)], timeout=_PATIENCE)
    except FileNotFoundError:
        raise WindlassError(
            "git is not installed here; nothing was written", hint="apt install git"
        ) from None
    except subprocess.TimeoutExpired:
        raise WindlassError(f"{address} did not come within {_PATIENCE} s; nothing was written") from None
    if done.returncode:
        said = [
            line.strip() for line in done.stderr.splitlines() if line.strip() and line not in _NEWS_TO_NOBODY
        ]
        raise WindlassError(
            f"{address} cannot be read; nothing was written. git says: {'; '.join(said[-3:])}",
            hint="look at the address and --branch; or clone it yourself: fab init --from FOLDER",
        )


def _tree(top: Path) -> Tree:
    """What git knows of, and what it would add: what is ignored is built, or is nobody's business."""
    listed = _git(top, "ls-files", "-z", "--cached", "--others", "--exclude-standard", strip=False)
    paths = listed.split("\0")[:_MOST_FILES] if listed else _walk(top)
    return Tree(frozenset(paths) - {""}, _reader(top))


def _walk(top: Path) -> Iterator[str]:
    count = 0
    for folder, folders, files in os.walk(top):
        folders[:] = [name for name in folders if name not in _PRUNED and not name.startswith(".")]
        for name in files:
            yield (Path(folder) / name).relative_to(top).as_posix()
            count += 1
        if count > _MOST_FILES:
            return


def _reader(top: Path) -> Callable[[str], str]:
    def read(path: str) -> str:
        file = top / path
        try:
            known = file.resolve().stat()
            if not file.resolve().is_relative_to(top) or not stat.S_ISREG(known.st_mode):
                return ""
            return file.read_text("utf-8", errors="replace") if known.st_size <= _LARGEST else ""
        except (OSError, RuntimeError, ValueError):
            return ""

    return read


def _git(folder: Path, *words: str, strip: bool = True) -> str:
    """What git prints in a folder; "" where it fails, or is not there."""
    try:
        done = _run([*_STRICT, "-C", str(folder), *words], timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    if done.returncode:
        return ""
    return done.stdout.strip() if strip else done.stdout


def _run(words: list[str], timeout: float) -> subprocess.CompletedProcess[str]:
    foreign = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY")
    environment = {name: value for name, value in os.environ.items() if name not in foreign}
    environment |= {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_NO_LAZY_FETCH": "1",
    }
    environment.setdefault("GIT_SSH_COMMAND", "ssh -o BatchMode=yes")
    return subprocess.run(
        ["git", *words],
        env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False,
        encoding="utf-8", errors="replace",
    )  # fmt: skip
