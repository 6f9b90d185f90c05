"""What a revision holds, read from the workspace's git objects without checking anything out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from windlass.config.model import Config
from windlass.errors import UsageError
from windlass.question import Answer, Question
from windlass.shell import Command, cmd, quote

LOCK_FILES = {
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
    "pnpm-lock.yaml": "pnpm",
    "yarn.lock": "yarn",
}
_HASH = re.compile(r"[0-9a-f]{7,64}")
_WHOLE = (40, 64)
"""Digits of a whole hash, of SHA-1 and of SHA-256: who may push a branch of that name does not choose what it means."""
_MARK = "--windlass--"


@dataclass(frozen=True)
class Revision:
    """A commit: `blobs` maps the files that steer installs to their hashes, `places` to the folders they are in.

    `migrations` are names in order, `schema` is the hash of the schema file.
    """

    hash: str
    subject: str
    committed: int
    blobs: Mapping[str, str] = field(default_factory=dict)
    migrations: tuple[str, ...] = ()
    schema: str = ""
    places: Mapping[str, str] = field(default_factory=dict)
    package: Mapping[str, Any] = field(default_factory=dict)

    @property
    def short(self) -> str:
        return self.hash[:7]

    @property
    def package_manager(self) -> str:
        """npm, pnpm or yarn: by `packageManager`, else by the lock file, else npm."""
        named = str(self.package.get("packageManager", "")).split("@")[0]
        if named in ("npm", "pnpm", "yarn"):
            return named
        return next((manager for file, manager in LOCK_FILES.items() if file in self.blobs), "npm")

    @property
    def lock_file(self) -> str:
        """The lock file of the package manager, "" where the revision has none."""
        return next(
            (
                file
                for file, manager in LOCK_FILES.items()
                if manager == self.package_manager and file in self.blobs
            ),
            "",
        )

    @property
    def install_folder(self) -> str:
        """Where the install runs: beside the lock file, which a workspace keeps at the repository's top."""
        return self.places.get(self.lock_file or "package.json", ".")

    def engine(self, name: str) -> str:
        """What `engines` asks for, "" for anything."""
        engines = self.package.get("engines", {})
        return str(engines.get(name, "")) if isinstance(engines, dict) else ""


def question(config: Config, ref: str) -> Question[Revision | None]:
    """Resolve a branch of origin, a tag or a hash to what it holds; None where there is no such commit.

    A whole hash is the object and nothing else. The answer of a short one that is also a branch or tag of another
    commit, or begins several commits, raises UsageError.
    """
    layout, folder = config.layout, PurePosixPath(config.app.directory)
    steering = [*LOCK_FILES, "package.json", ".npmrc", ".yarnrc.yml", "pnpm-workspace.yaml"]
    files = [folder / name for name in steering] + [PurePosixPath(name) for name in steering]
    migrations = folder / config.database.migrations
    schema = folder / config.database.schema_file
    blob = cmd("git", "cat-file", "blob")
    text = f"""\
cd {quote(layout.workspace)}
revision= candidate=
for candidate in {" ".join(quote(candidate) for candidate in candidates(ref))}; do
    if revision=$(git rev-parse --verify --quiet --end-of-options "$candidate^{{commit}}"); then break; fi
done
{_by_hash(ref.lower()) if _HASH.fullmatch(ref.lower()) else ""}if [ -z "$revision" ]; then exit 44; fi
git log -1 --no-show-signature --format='%H%n%ct%n%s' "$revision" --
echo {_MARK}
git ls-tree "$revision" -- {" ".join(quote(path) for path in files)}
echo {_MARK}
git -c core.quotePath=false ls-tree --name-only -d "$revision" -- {quote(str(migrations) + "/")}
echo {_MARK}
git ls-tree "$revision" -- {quote(schema)}
echo {_MARK}
{blob} "$revision":{quote(folder / "package.json")} 2>/dev/null || true
echo {_MARK}
{blob} "$revision":package.json 2>/dev/null || true
"""
    return Question("revision", Command(text), lambda answer: parse(answer, ref), timeout=60)


def _by_hash(digits: str) -> str:
    """Objects are asked for by what their names begin with: git's own reading of a hash would try refs first."""
    return f"""\
found=$(git rev-parse --disambiguate={digits} | git cat-file --batch-check='%(objecttype) %(objectname)' |
    sed -n 's/^commit //p; s/^tag //p' |
    while read -r object; do git rev-parse --verify --quiet "$object^{{commit}}" 2>/dev/null; done | sort -u)
for object in $found; do
    if [ "$object" != "${{revision:-$object}}" ] || [ "$object" != "$found" ]; then
        if [ -n "$revision" ]; then echo "$candidate ($revision)"; fi
        printf 'commit %s\n' $found
        exit 45
    fi
done
revision=${{revision:-$found}}
"""


def candidates(ref: str) -> list[str]:
    """The refs that a name may stand for, most likely first: whole ones, never an option. None for a whole hash."""
    if _HASH.fullmatch(ref.lower()) and len(ref) in _WHOLE:
        return []
    names = [f"refs/remotes/origin/{ref}", f"refs/tags/{ref}"]
    if ref.startswith("origin/"):
        names.append(f"refs/remotes/{ref}")
    if ref.startswith("refs/"):  # the workspace's own branches are as old as its clone
        names.append(ref.replace("refs/heads/", "refs/remotes/origin/", 1))
    return names


def parse(answer: Answer, ref: str = "") -> Revision | None:
    """None for a name that is no commit. Raises UsageError for one of several, ValueError for what else failed."""
    if answer.code == 44:
        return None
    if answer.code == 45:
        raise UsageError(
            f"{ref} may mean {' or '.join(answer.out.splitlines())}; nothing was changed",
            hint="give all digits of the commit's hash, or refs/heads/NAME or refs/tags/NAME for a branch or tag",
        )
    if answer.code:
        raise ValueError(answer.err.strip() or f"git ended with exit code {answer.code}")
    head, blobs, migrations, schema, package, top = answer.out.split(f"{_MARK}\n")
    revision, committed, subject = head.split("\n")[:3]
    return Revision(
        hash=revision,
        subject=subject,
        committed=int(committed),
        blobs={PurePosixPath(path).name: blob for path, blob in _outermost_first(_blobs(blobs))},
        places={
            PurePosixPath(path).name: str(PurePosixPath(path).parent)
            for path, _ in _outermost_first(_blobs(blobs))
        },
        migrations=tuple(sorted(PurePosixPath(name).name for name in migrations.splitlines())),
        schema=next(iter(_blobs(schema).values()), ""),
        package={**_of_all(_package(top)), **_package(package)},
    )


def _of_all(top: dict[str, Any]) -> dict[str, Any]:
    """What the package.json at the repository's top says for an app in a subfolder too."""
    return {key: top[key] for key in ("packageManager",) if key in top}


def _blobs(text: str) -> dict[str, str]:
    found = {}
    for line in text.splitlines():
        about, _, path = line.partition("\t")
        found[path] = about.split()[2]
    return found


def _outermost_first(blobs: dict[str, str]) -> list[tuple[str, str]]:
    """So that by file name the app's own wins over the repository's."""
    return sorted(blobs.items(), key=lambda item: item[0].count("/"))


def _package(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
