"""What takes long to build is built once per machine, under a name that holds a hash of its source."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path


def cache_home() -> Path:
    """The folder of everything that outlives a test run; made if missing."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    home = Path(base) / "windlass-tests"
    home.mkdir(parents=True, exist_ok=True)
    return home


def digest(*parts: str | bytes) -> str:
    """A short hash of all the parts, in order."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()[:16]


def digest_of_folders(root: Path, *names: str) -> str:
    """A short hash of the paths and contents of all files below folders of `root`, bytecode left out."""
    found = (path for name in names for path in sorted((root / name).rglob("*")))
    sources = (path for path in found if path.is_file() and path.suffix != ".pyc")
    return digest(*(part for path in sources for part in (str(path.relative_to(root)), path.read_bytes())))


def built(
    name: str, key: str, build: Callable[[Path], None], *, unused: timedelta = timedelta(days=2)
) -> Path:
    """The folder `name-key`, made by `build(folder)` if it is not there yet.

    Other processes that want the same wait for the first; a build that fails or is killed leaves nothing
    that looks finished. Folders of the same name with another key that nobody asked for in `unused` are removed.
    """
    home = cache_home()
    finished = home / f"{name}-{key}"
    with locked(home / f"{name}.lock"):
        if not finished.exists():
            unfinished = home / f"{name}-{key}.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            build(unfinished)
            unfinished.rename(finished)
        os.utime(finished)
        _remove_old(home, name, finished, unused)
    return finished


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file, waiting for it without limit."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _remove_old(home: Path, name: str, keep: Path, unused: timedelta) -> None:
    asked_for = keep.stat().st_mtime - unused.total_seconds()
    for other in home.glob(f"{name}-" + "[0-9a-f]" * 16 + "*"):
        if other != keep and other.stat().st_mtime < asked_for:
            shutil.rmtree(other, ignore_errors=True)
