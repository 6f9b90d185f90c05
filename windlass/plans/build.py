"""From a revision to a release: checked out, installed, generated, built, and copied out of the workspace."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from windlass.commands import git, migrations, packages, releases
from windlass.config.model import Config
from windlass.facts.revision import Revision
from windlass.plan import Stage, Step
from windlass.plans import install as installs
from windlass.plans.look import Look
from windlass.shell import NOTHING, Command, all_of, cmd, quote, write_file


@dataclass(frozen=True)
class Tooling:
    """How this app installs and builds on this server.

    `install` needs nothing and `change` a finished install to start from. `stamp` says what an install is made
    of: the same stamp means the same node_modules.
    """

    install: Command
    change: Command
    generate: Command
    build: Command
    stamp: str


def tooling(config: Config, look: Look, revision: Revision) -> Tooling:
    """The configured commands, or what the revision's lock file and package.json ask for."""
    revision = as_configured(config, revision)
    manager, environment = _manager(revision), packages.exported(config.build.env)
    corepack = not look.tools.has(manager.removesuffix("-berry")) and look.tools.has("corepack")
    automatic = packages.install(manager, locked=bool(revision.lock_file), corepack=corepack)
    afresh = packages.afresh(manager, automatic, locked=bool(revision.lock_file))
    change = packages.changed(manager, automatic, revision.lock_file, corepack=corepack)
    install = all_of(environment, _or_configured(config.build.install, afresh))
    migrating = migrations.tool(config)
    generates = migrating.generate() if migrating else NOTHING
    generate = _or_configured(config.build.generate, generates)
    return Tooling(
        install,
        all_of(environment, _or_configured(config.build.install, change)),
        all_of(environment, generate) if generate.text else NOTHING,
        _or_configured(config.build.command, packages.run_script(manager, "build", corepack=corepack)),
        installs.stamp(look, revision, install),
    )


def as_configured(config: Config, revision: Revision) -> Revision:
    """The revision with the package manager that the config names, and so with that one's lock file."""
    chosen = config.node.package_manager
    if chosen in ("auto", revision.package_manager):
        return revision
    return replace(revision, package={**revision.package, "packageManager": chosen})


def prologue(config: Config, look: Look) -> Command:
    """What every step starts with: node, and the app's own programs, on the PATH."""
    layout = config.layout
    folders = dict.fromkeys([layout.workspace_app, layout.workspace])
    path = ":".join([look.tools.node, *(f"{folder}/node_modules/.bin" for folder in folders)])
    return Command(f'export PATH={quote(path)}:"$PATH"')


def workspace(config: Config, look: Look, revision: Revision, *, force: bool) -> Stage:
    """Check the revision out and make its node_modules; what need not run is unchanged, unless forced."""
    layout, tools = config.layout, tooling(config, look, revision)
    way = installs.way(look, revision, tools.stamp, force=force)
    generate_stamp = f"{tools.stamp} {revision.schema} {tools.generate.text}"
    generated = way == "stands" and look.state.generate_stamp == generate_stamp
    folder = layout.workspace / as_configured(config, revision).install_folder
    install = inside(folder, tools.change if way == "change" else tools.install)
    stamp = tools.stamp + (installs.CHANGED if way == "change" else "")
    generate = inside(layout.workspace_app, tools.generate)
    steps = [
        Step("check out", _check_out(config, revision), timeout=600, environment=("ssh",)),
        Step(
            "install",
            packages.stamped(install, layout.install_stamp, stamp),
            timeout=config.build.timeout,
            unchanged="lock file, node and package manager are the same" if way == "stands" else "",
            nice=True,
        ),
        Step(
            "generate",
            packages.stamped(generate, layout.generate_stamp, generate_stamp),
            timeout=config.build.timeout,
            environment=("shared",),
            unchanged="schema and install are the same" if generated else "",
            nice=True,
        ),
    ]
    return Stage("workspace", tuple(steps if tools.generate.text else steps[:-1]))


def build(config: Config, look: Look, revision: Revision, release: str) -> Stage:
    """Build in the workspace, and snapshot what came of it."""
    layout, tools = config.layout, tooling(config, look, revision)
    environment = {
        "NEXT_TELEMETRY_DISABLED": "1",
        "WINDLASS_REVISION": revision.hash,
        **config.build.env,
    }
    work = packages.verified_build(layout, tools.build, config.build.verify, environment)
    if installs.unproven(look, revision, tools.stamp):
        work = all_of(write_file(layout.install_stamp, tools.stamp + installs.DOUBTED), work)
    steps = (
        Step("build", work, timeout=config.build.timeout, nice=True),
        Step("snapshot", _snapshot(config, look, revision, release), timeout=600, nice=True),
    )
    undo = (Step("remove the release", releases.remove(layout, release)),)
    return Stage("build", steps if tools.build.text else steps[1:], undo=undo)


def inside(folder: PurePosixPath, command: Command) -> Command:
    """The command at work in a folder; the rest of the step stays there."""
    return all_of(cmd("cd", folder), command)


def _check_out(config: Config, revision: Revision) -> Command:
    layout = config.layout
    files = [
        releases.link_shared(layout, layout.workspace_app, PurePosixPath(name))
        for name in config.shared.files
    ]
    return all_of(
        git.checkout(layout, revision.hash, submodules=config.git.submodules, key=config.git.key),
        releases.make_shared_dirs(layout, config.shared.dirs),
        *files,
    )


def _snapshot(config: Config, look: Look, revision: Revision, release: str) -> Command:
    layout, shared, nginx = config.layout, config.shared, config.nginx
    stamp = tooling(config, look, revision).stamp
    like = next((kept.id for kept in reversed(look.state.releases) if kept.stamp == stamp), None)
    return all_of(
        write_file(layout.install_stamp, stamp),
        releases.snapshot(layout, release, cache=config.build.cache, like=like),
        releases.complete_standalone(layout, release, shared=[*shared.files, *shared.dirs]),
        releases.finish(layout, release, revision.hash, files=shared.files, dirs=shared.dirs),
        releases.publish_assets(layout, release, source=nginx.assets_from, url=nginx.assets_url),
    )


def _or_configured(configured: str, automatic: Command) -> Command:
    return automatic if configured == "auto" else Command(configured)


def _manager(revision: Revision) -> str:
    """npm, pnpm, yarn or yarn-berry, which takes other options."""
    if revision.package_manager != "yarn":
        return revision.package_manager
    major = str(revision.package.get("packageManager", "")).partition("@")[2].split(".")[0]
    berry = ".yarnrc.yml" in revision.blobs or (major.isdigit() and int(major) >= 2)
    return "yarn-berry" if berry else "yarn"
