"""A configuration for an app, from its repository and a few questions."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from windlass.clean import one_line
from windlass.config.files import apps
from windlass.errors import Interrupted, UsageError
from windlass.init.answers import answers, summary
from windlass.init.apps import SeveralApps, chosen_app
from windlass.init.neighbours import beside_neighbours
from windlass.init.outcome import as_json, as_lines
from windlass.init.place import refuse_to_replace, write
from windlass.init.project import Project
from windlass.init.questions import QUESTIONS, complete
from windlass.init.setting import Entry, Setting, replaced, value_of
from windlass.init.settle import settled
from windlass.init.source import Source, opened
from windlass.init.text import text_of
from windlass.packaged import CHECKOUT
from windlass.report import fill_in
from windlass.tell import tell
from windlass.typed import as_typed


def init(
    configs: Path,
    place: str = ".",
    *,
    folder: str = "",
    name: str = "",
    repository: str = "",
    branch: str = "",
    hosts: str = "",
    server_name: str = "",
    health: str = "",
    yes: bool = False,
    force: bool = False,
    dry_run: bool = False,
    json: bool = False,
) -> int:
    """Write the configuration of an app into the folder `configs`, from what its repository at `place` tells.

    `place` is a folder or a git URL, `folder` the app's own in it. The texts up to `health` win over what was
    found; at a terminal what they leave open is asked, unless `yes` or `json`. `force` replaces a file and keeps it
    under a numbered name; `dry_run` prints instead of writing. Raises UsageError for a wrong or a missing answer
    and for a file that is there, Interrupted for Ctrl-C.
    """
    typed = {
        "name": name, "repository": repository, "branch": branch, "hosts": hosts, "server-name": server_name,
        "health": health,
    }  # fmt: skip
    asks = sys.stdin.isatty() and not (yes or json)
    replaces = force or dry_run
    where, entries = _answered(configs, place, folder, typed, asks=asks, replaces=replaces)
    entries = settled(beside_neighbours(complete(entries), configs))
    file = configs / f"{value_of(entries, 'app', 'name')}.toml"
    text = _text(entries, file.stem, where)
    if dry_run:
        tell(text, end="")
        return 0
    kept = write(file, text, force=force)
    _tell(entries, file, kept, json=json)
    return 0


def _answered(
    configs: Path, place: str, folder: str, typed: Mapping[str, str], *, asks: bool, replaces: bool
) -> tuple[str, list[Entry]]:
    """What the repository is called, and what it, the flags and the operator tell."""
    try:
        where, entries = _found(place, folder, _given(typed), asks=asks)
        if asks:
            answered = [flag for flag, answer in typed.items() if answer]
            entries = _asked(entries, answered, configs, replaces=replaces)
    except KeyboardInterrupt:
        raise Interrupted("interrupted; nothing was written") from None
    return where, entries


def _given(typed: Mapping[str, str]) -> list[Setting]:
    """The flags as settings; raises UsageError for a wrong one before anything is looked at."""
    return [question.given(typed[question.flag]) for question in QUESTIONS if typed[question.flag]]


def _found(place: str, folder: str, given: Sequence[Setting], *, asks: bool) -> tuple[str, list[Entry]]:
    """What the repository tells, and the flags over it; and what the repository is called."""
    if Path(place).resolve() == CHECKOUT:
        raise UsageError("this folder is Windlass itself, not your app", hint="fab init --from ../my-app")
    branch = value_of(given, "app", "branch") or ""
    with opened(place, branch, on_fetch=lambda: _say(f"fetching {place}")) as source:
        project = Project(source.top, _chosen_folder(source, folder, asks=asks))
        entries = answers(project, source.origin)
        inside = "" if project.folder in (".", source.folder) else f", in {project.folder}"
        _say(f"found in {source.where}{inside}: {summary(project)}")
        return source.where, replaced(entries, given)


def _chosen_folder(source: Source, folder: str, *, asks: bool) -> str:
    """The app's folder in its repository; where that has several, the one that is answered."""
    try:
        return chosen_app(source.top, folder or source.folder, source.where)
    except SeveralApps as error:
        if not asks:
            raise
        folders = error.folders
        _say(f"{source.where} has several apps: {', '.join(folders)}")

    def one_of_them(typed: str) -> str:
        if typed not in folders:
            raise ValueError(f"{typed!r} is none of them")
        return typed

    return fill_in("Which one", folders[0], one_of_them) or folders[0]


def _asked(entries: list[Entry], answered: Collection[str], configs: Path, *, replaces: bool) -> list[Entry]:
    """The entries with the operator's answers; what a flag has answered is not asked."""
    for question in QUESTIONS:
        if question.flag not in answered:
            known = value_of(entries, *question.path)
            default = ", ".join(known) if isinstance(known, list) else str(known or "")
            answer = fill_in(question.words, default, question.setting, required=question.required)
            if answer is not None:
                entries = replaced(entries, [answer])
        if question.flag == "name" and not replaces:
            refuse_to_replace(configs / f"{value_of(entries, *question.path)}.toml")
    return entries


def _text(entries: Sequence[Entry], name: str, where: str) -> str:
    source = where if "://" in where or "@" in where else Path(where).name
    heading = [
        f"{name}: written by `fab init` from what it read in {source}. Each line says where it was found; "
        'those marked CHECK want a look. A line "#key = value" is only shown: remove the # to put it in force.',
        "`fab config.schema` describes every key, `fab config.show` prints all that is in force. "
        "Secrets are refused here: they belong in shared/.env on the server.",
    ]
    return text_of(entries, heading)


def _tell(entries: Sequence[Entry], file: Path, kept: Path | None, *, json: bool) -> None:
    others = len(apps(file.parent)) > 1
    tell(as_json(entries, file, kept, others) if json else as_typed(as_lines(entries, file, kept, others)))


def _say(text: str) -> None:
    tell(one_line(text), errors=True)
