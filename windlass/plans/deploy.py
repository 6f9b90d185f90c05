"""Deploy: build a revision beside what is live, then go live with it."""

from __future__ import annotations

from dataclasses import dataclass

from windlass.commands import backups, git, migrations, releases
from windlass.config.model import Config
from windlass.facts.revision import Revision
from windlass.plan import Plan, Stage, Step
from windlass.plans import build, golive, migrate, rehearse
from windlass.plans.backup import too_old
from windlass.plans.cutover import Cutover
from windlass.plans.history import prunable
from windlass.plans.look import Look
from windlass.plans.migrate import page
from windlass.shell import Command, all_of


@dataclass(frozen=True)
class Options:
    """`force` runs what need not run; `page` puts the maintenance page up around the migrations.

    `migrates`: this host is the one of several that migrates. `going_back`: what was live is bad from then on.
    `rehearse`: what is pending is tried on a copy of the database first.
    """

    force: bool = False
    page: bool = False
    migrates: bool = True
    going_back: bool = False
    rehearse: bool = False


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
    found = migrations.tool(config)
    tool = found if options.migrates else None
    pending = look.applied.pending(revision.migrations) if look.applied and tool else ()
    backs_up = config.database.backup and tool is not None and bool(pending or options.force)
    built = build.build(config, look, revision, to.release)
    migrated = page(config, to)
    if found:
        migrated = migrate.stages(
            config, look, revision, to, found, force=options.force, migrates=options.migrates
        )
    tried = rehearse.stage(config, look, revision, tool) if tool and pending else Stage("rehearse", ())
    order = (*migrated, built) if config.database.migrate == "before-build" else (built, *migrated)
    return Plan(
        f"Deploy {revision.short} to {config.app.name}",
        (
            build.workspace(config, look, revision, force=options.force),
            *((tried,) if options.rehearse else ()),
            *order,
            *golive.stages(
                config, to, _prune(config, look, to, backs_up=backs_up), standby=not options.going_back
            ),
        ),
        recovery=golive.recover(config),
        prologue=build.prologue(config, look),
        record={
            "release": to.release,
            "revision": revision.hash,
            "subject": revision.subject,
            "was": look.state.live,
            "migrations": list(pending),
            **({"rolled_from": look.state.live} if options.going_back else {}),
        },
        notes=(f"pending migrations: {', '.join(pending)}",) if pending else (),
    )


def _prune(config: Config, look: Look, to: Cutover, *, backs_up: bool) -> Command:
    old = prunable(look.state, keep=config.app.keep, coming=to.release)
    dumps = too_old(config, look.backups, look.state.now, coming=backs_up)
    return all_of(
        releases.prune(config.layout, old, assets_days=config.nginx.assets_days),
        backups.remove(config.layout, dumps),
    )
