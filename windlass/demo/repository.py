"""Git repositories made from a folder and a list of edits: the same input gives the same hashes."""

import os
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

Files = dict[str, bytes]
Edit = Callable[[Files], Files]

# What a person who tries the app by hand leaves in its folder.
_LEFTOVERS = frozenset({"node_modules", "dist", ".next", ".env", "REVISION"})
_AUTHOR = "Ada Windlass <ada@example.org>"
_FIRST_COMMIT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Commit:
    """One commit: its parent's files, or where it has none the app's folder, with edits made to them."""

    name: str
    subject: str
    parent: str | None = None
    edits: tuple[Edit, ...] = ()


def replace(path: str, old: str, new: str) -> Edit:
    """Change text that occurs exactly once in a file."""

    def edit(files: Files) -> Files:
        text = files[path].decode()
        if text.count(old) != 1:
            raise ValueError(f"{path}: {old!r} occurs {text.count(old)} times, not once")
        return files | {path: text.replace(old, new).encode()}

    return edit


def write(path: str, text: str) -> Edit:
    """Add a file, or write over one."""
    return lambda files: files | {path: text.encode()}


def remove(path: str) -> Edit:
    """Delete a file."""
    return lambda files: {name: content for name, content in files.items() if name != path}


def read_folder(folder: Path) -> Files:
    """The files of an app, by their path below `folder`, without what builds and trials left there."""
    found = (path for path in folder.rglob("*") if path.is_file())
    inside = ((path, path.relative_to(folder)) for path in found)
    return {name.as_posix(): path.read_bytes() for path, name in inside if not _LEFTOVERS & set(name.parts)}


def build_repository(
    destination: Path, folder: Path, commits: Iterable[Commit], main: str, subfolder: str = ""
) -> dict[str, str]:
    """Make a bare repository and return the full hash of each commit by its name.

    `main` names the commit that the branch main points at. Each commit also has a branch of its own name, so
    that a fetch brings all of them. The app lies in `subfolder` of the repository.
    """
    _git(destination, "init", "--quiet", "--bare", "--initial-branch=main", "--template=", str(destination))
    _git(destination, "fast-import", "--quiet", stdin=_stream(read_folder(folder), commits, main, subfolder))
    listing = _git(destination, "for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads")
    hashes = dict(line.split() for line in listing.splitlines())
    del hashes["main"]
    return hashes


def move_branch(repository: Path, commit: str, branch: str = "main") -> None:
    """Point a branch at a commit, as a (forced) push would."""
    _git(repository, "update-ref", f"refs/heads/{branch}", commit)


def _stream(base: Files, commits: Iterable[Commit], main: str, subfolder: str) -> bytes:
    """What `git fast-import` reads."""
    trees: dict[str, Files] = {}
    parts: list[bytes] = []
    for number, commit in enumerate(commits):
        files = trees[commit.parent] if commit.parent else base
        for edit in commit.edits:
            files = edit(files)
        trees[commit.name] = files
        parts += _commit(commit, _FIRST_COMMIT + timedelta(hours=number), files, subfolder)
    parts.append(f"reset refs/heads/main\nfrom refs/heads/{main}\n\ndone\n".encode())
    return b"".join(parts)


def _commit(commit: Commit, when: datetime, files: Files, subfolder: str) -> Iterable[bytes]:
    yield f"commit refs/heads/{commit.name}\n".encode()
    yield f"committer {_AUTHOR} {int(when.timestamp())} +0000\n".encode()
    yield _data(commit.subject.encode() + b"\n")
    if commit.parent:
        yield f"from refs/heads/{commit.parent}\n".encode()
    yield b"deleteall\n"
    for path, content in sorted(files.items()):
        yield f"M 100644 inline {f'{subfolder}/{path}' if subfolder else path}\n".encode() + _data(content)


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


def _git(repository: Path, *arguments: str, stdin: bytes = b"") -> str:
    """Run git untouched by the settings of whoever runs this."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment = inherited | {
        "GIT_DIR": str(repository),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    done = subprocess.run(["git", *arguments], input=stdin, env=environment, check=True, capture_output=True)
    return done.stdout.decode()
