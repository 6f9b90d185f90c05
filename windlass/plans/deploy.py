"""Deploy: build a revision beside what is live, then go live with it."""

from __future__ import annotations

from dataclasses import dataclass

from windlass.commands import git, packages, postgres, prisma, releases
from windlass.config import Config
from windlass.facts.revision import Revision
from windlass.plan import Environment, Plan, Stage, Step
from windlass.plans import golive
from windlass.plans.golive import Cutover
from windlass.plans.history import prunable
from windlass.plans.look import Look
from windlass.shell import Command, all_of, cmd, quote


@dataclass(frozen=True)
class Options:
    """`force` runs what need not run; `page` puts the maintenance page up around the migrations.

    `migrates`: this host is the one of several that migrates.
    """

    force: bool = False
    page: bool = False
    migrates: bool = True


def fetch(config: Config) -> Plan:
    """Bring the repository's branches and tags into the workspace's git; serves the look, changes nothing else."""
    command = git.fetch(config.layout, config.app.repository, config.git.key)
    hint = "is the repository reachable from the server, and its key allowed to read it?"
    step = Step("fetch", command, timeout=600, environment=("ssh",), hint=hint)
    return Plan("Fetch", (Stage("fetch", (step,)),))


def release_id(look: Look, revision: Revision) -> str:
    """The next release's name: numbered, so that no clock can disorder them."""
    return f"{look.state.next_number():04d}-{revision.short}"


def deploy(config: Config, look: Look, revision: Revision, to: Cutover, options: Options) -> Plan:
    """The whole deploy of a revision as the release that `to` names."""
    pending = look.applied.pending(revision.migrations) if look.applied else ()
    build = _build(config, look, revision, to, options)
    migrate = _migrate(config, look, revision, to, options, pending)
    order = (migrate, build) if config.database.migrate == "before-build" else (build, migrate)
    record = {
        "release": to.release,
        "revision": revision.hash,
        "subject": revision.subject,
        "env": look.state.env_fingerprint,
        "was": look.state.live,
        "migrations": list(pending) if options.migrates else [],
    }
    return Plan(
        f"Deploy {revision.short} to {config.app.name}",
        (
            _workspace(config, look, revision, options),
            *order,
            *golive.stages(config, to, _prune(config, look, to)),
        ),
        recovery=golive.recover(config),
        prologue=prologue(config, look),
        record=record,
        notes=_notes(pending, options),
    )


def prologue(config: Config, look: Look) -> Command:
    """What every step starts with: node, and the app's own programs, on the PATH."""
    layout = config.layout
    folders = [layout.workspace_app / "node_modules/.bin"]
    if layout.workspace_app != layout.workspace:
        folders.append(layout.workspace / "node_modules/.bin")
    path = ":".join([look.tools.node, *(str(folder) for folder in folders)])
    return Command(f'export PATH={quote(path)}:"$PATH"')


def _manager(revision: Revision) -> str:
    if revision.package_manager != "yarn":
        return revision.package_manager
    version = str(revision.package.get("packageManager", "")).partition("@")[2]
    berry = ".yarnrc.yml" in revision.blobs or (
        version.split(".")[0].isdigit() and int(version.split(".")[0]) >= 2
    )
    return "yarn-berry" if berry else "yarn"


def _corepack(look: Look, manager: str) -> bool:
    return not look.tools.has(manager.removesuffix("-berry")) and look.tools.has("corepack")


def _workspace(config: Config, look: Look, revision: Revision, options: Options) -> Stage:
    layout = config.layout
    manager = _chosen_manager(config, revision)
    corepack = _corepack(look, manager)
    install = config.build.install
    command = (
        packages.install(manager, locked=bool(revision.lock_file), corepack=corepack)
        if install == "auto"
        else Command(install)
    )
    stamp = install_stamp(look, revision, command)
    generate = prisma.generate() if config.build.generate == "auto" else Command(config.build.generate)
    generate_stamp = f"{stamp} {revision.schema} {generate.text}"
    fresh = look.state.cloned and not options.force
    installed = fresh and look.state.install_stamp == stamp
    place = layout.workspace / revision.install_folder
    steps = [
        Step(
            "check out",
            all_of(
                git.checkout(layout, revision.hash, submodules=config.git.submodules, key=config.git.key),
                releases.make_shared_dirs(layout, config.shared.dirs),
                *(
                    releases.link_shared(layout, layout.workspace_app, _path(name))
                    for name in config.shared.files
                ),
            ),
            timeout=600,
            environment=("ssh",),
        ),
        Step(
            "install",
            packages.stamped(_at(place, command), layout.install_stamp, stamp),
            timeout=config.build.timeout,
            unchanged="lock file, node and package manager are the same" if installed else "",
            nice=True,
        ),
    ]
    if generate.text and (config.database.kind == "prisma" or config.build.generate != "auto"):
        same = installed and look.state.generate_stamp == generate_stamp
        steps.append(
            Step(
                "generate",
                packages.stamped(_at(layout.workspace_app, generate), layout.generate_stamp, generate_stamp),
                timeout=config.build.timeout,
                environment=("shared",),
                unchanged="schema and install are the same" if same else "",
                nice=True,
            )
        )
    return Stage("workspace", tuple(steps))


def install_stamp(look: Look, revision: Revision, command: Command) -> str:
    """What an install was made of: the same stamp means the same node_modules."""
    lock = revision.blobs.get(revision.lock_file or "package.json", "none")
    settings = [revision.blobs.get(name, "") for name in (".npmrc", ".yarnrc.yml", "pnpm-workspace.yaml")]
    parts = [
        lock,
        *filter(None, settings),
        f"node-{look.tools.node_version}",
        f"npm-{look.tools.npm_version}",
        command.text,
    ]
    return " ".join(parts)


def _chosen_manager(config: Config, revision: Revision) -> str:
    return _manager(revision) if config.node.package_manager == "auto" else config.node.package_manager


def _build(config: Config, look: Look, revision: Revision, to: Cutover, options: Options) -> Stage:
    layout = config.layout
    manager = _chosen_manager(config, revision)
    corepack = _corepack(look, manager)
    text = config.build.command
    command = packages.run_script(manager, "build", corepack=corepack) if text == "auto" else Command(text)
    environment = {"NEXT_TELEMETRY_DISABLED": "1", "WINDLASS_REVISION": revision.hash, **config.build.env}
    like = next(
        (
            kept.id
            for kept in reversed(look.state.releases)
            if kept.stamp and kept.stamp == _stamp(config, look, revision)
        ),
        None,
    )
    steps = []
    if command.text:
        steps.append(
            Step(
                "build",
                packages.verified_build(layout, command, config.build.verify, environment),
                timeout=config.build.timeout,
                nice=True,
            )
        )
    snapshot = all_of(
        releases.snapshot(layout, to.release, cache=config.build.cache, like=like),
        releases.complete_standalone(layout, to.release),
        releases.finish(
            layout, to.release, revision.hash, files=config.shared.files, dirs=config.shared.dirs
        ),
        releases.publish_assets(
            layout, to.release, source=config.nginx.assets_from, url=config.nginx.assets_url
        ),
    )
    steps.append(Step("snapshot", snapshot, timeout=600))
    return Stage(
        "build", tuple(steps), undo=(Step("remove the release", releases.remove(layout, to.release)),)
    )


def _stamp(config: Config, look: Look, revision: Revision) -> str:
    manager = _chosen_manager(config, revision)
    text = config.build.install
    auto = packages.install(manager, locked=bool(revision.lock_file), corepack=_corepack(look, manager))
    return install_stamp(look, revision, auto if text == "auto" else Command(text))


def _migrate(
    config: Config, look: Look, revision: Revision, to: Cutover, options: Options, pending: tuple[str, ...]
) -> Stage:
    if config.database.kind == "none" or not options.migrates:
        return Stage("migrate", (), ordered=True)
    layout, database = config.layout, config.database
    unchanged = "" if pending or options.force else "the database has every migration"
    dump = layout.backups / f"{to.release}.dump"
    shared: tuple[Environment, ...] = ("shared",)
    steps: list[Step] = []
    if to.page_up:
        steps.append(
            Step("put the page up", Command(f"echo 'deploy {to.release}' >{quote(layout.maintenance)}"))
        )
    if database.backup:
        steps.append(
            Step("back up the database", postgres.backup(dump), timeout=database.timeout, environment=("database",),
                 unchanged=unchanged)
        )  # fmt: skip
    if look.state.live:
        down = prisma.down_sql(
            layout.workspace_app / database.schema_file,
            layout.release_app(look.state.live) / database.schema_file,
            layout.backups / f"{to.release}.down.sql",
        )
        steps.append(
            Step("record the down SQL", _at(layout.workspace_app, down), timeout=120, environment=shared,
                 unchanged=unchanged, tolerated=True)
        )  # fmt: skip
    command = prisma.migrate() if database.command == "auto" else Command(database.command)
    mark = Command(f": >{quote(layout.migrated)}") if to.page_up else Command("")
    names = ", ".join(pending)
    steps.append(
        Step(
            "migrate",
            _at(layout.workspace_app, all_of(mark, command)),
            timeout=database.timeout,
            interruptible=False,
            environment=("migrate",),
            unchanged=unchanged,
            hint=f"pending were {names}; what ran before the failing statement may have been applied; the backup is {dump}; "
            "next: npx prisma migrate status in the workspace, then npx prisma migrate resolve",
        )
    )
    undo = (Step("maintenance page", golive.recover(config)[-1].action),) if to.page_up else ()
    return Stage("migrate", tuple(steps), ordered=True, undo=undo)


def _prune(config: Config, look: Look, to: Cutover) -> Command:
    old = prunable(look.state, keep=config.app.keep, coming=to.release)
    return releases.prune(config.layout, old, assets_days=config.nginx.assets_days)


def _notes(pending: tuple[str, ...], options: Options) -> tuple[str, ...]:
    if pending and options.migrates:
        return (f"pending migrations: {', '.join(pending)}",)
    return ()


def _at(folder: object, command: Command) -> Command:
    return all_of(cmd("cd", str(folder)), command)


def _path(name: str):  # type: ignore[no-untyped-def]
    from pathlib import PurePosixPath

    return PurePosixPath(name)
