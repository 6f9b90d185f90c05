"""[build]: what builds the app, and how a whole build is known."""

from __future__ import annotations

import re
from collections.abc import Iterator

from windlass.init.project import Project
from windlass.init.setting import Entry, Remark, Setting, shown
from windlass.init.start import Start

_OUTPUTS = ("dist", "build", "out", ".output", "lib")


def build(project: Project, started: Start) -> Iterator[Entry]:
    """The commands and outputs of Next.js, or of whatever the `build` script does."""
    file = project.tree.name_of("package.json")
    command = project.package.scripts.get("build", "").strip()
    if not command:
        yield Setting(("build", "command"), "", f"{file} has no build script: there is nothing to build.")
        yield Setting(("build", "verify"), [], "So there is nothing to verify.")
        if project.is_next:
            yield Remark(
                ("build",), f'{file} lacks "build": "next build", without which Next.js cannot start.'
            )
        return
    yield shown("build", "command", "auto", f'The build script of {file}: "{_short(command)}".')
    if project.is_next:
        yield from _next(project)
    else:
        yield from _other(project, started)


def _next(project: Project) -> Iterator[Entry]:
    config = project.next_config
    folder = config.text("distDir").removeprefix("./").rstrip("/")
    if config.unsure("distDir"):
        yield Remark(
            ("build",), f"{config.name} sets distDir in a way that reading does not tell; .next is assumed."
        )
    if folder and folder != ".next":
        note = f"distDir in {config.name}."
        yield Setting(("build", "verify"), [f"{folder}/BUILD_ID"], f"{note} A build without it has failed.")
        yield Setting(("build", "cache"), [f"{folder}/cache"], f"{note} Left out of releases.")
    if config.value("output") == "export":
        note = f'output in {config.name} is "export", which leaves files and no server; Windlass deploys servers.'
        yield Remark(("build",), note)
    public = "Variables for the build, such as NEXT_PUBLIC_…; those of shared/.env are there too."
    yield shown("build", "env", {}, public)


def _other(project: Project, started: Start) -> Iterator[Entry]:
    verify, note, check = _output(project, started)
    yield Setting(("build", "verify"), [verify], note, check)
    yield Setting(("build", "cache"), [], "Next.js has a cache to keep; this is another build.")


def _output(project: Project, started: Start) -> tuple[str, str, bool]:
    """A file or folder that only a build leaves, why it is thought so, and whether that wants a look."""
    if started.kind == "node" and started.script not in project.tree:
        return started.script, "What is started and is not in the repository: so the build makes it.", False
    found = re.search(r'"outDir"\s*:\s*"(?:\./)?([\w./-]+?)/?"', project.tree.text("tsconfig.json"))
    if found:
        return found[1], f"outDir in {project.tree.name_of('tsconfig.json')}.", False
    for tree in (project.tree, project.top):
        ignored = {line.strip().strip("/") for line in tree.text(".gitignore").splitlines()}
        if folder := next((each for each in _OUTPUTS if each in ignored), ""):
            note = f"{tree.name_of('.gitignore')} lists {folder}: name a file in it that only a whole build leaves."
            return folder, note, True
    return "dist", "name a file or folder that only a whole build leaves; this is a guess.", True


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
