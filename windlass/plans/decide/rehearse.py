"""Whether the pending migrations can be tried on a copy of the database."""

from __future__ import annotations

from dataclasses import dataclass

from windlass.commands.migrations import tool
from windlass.config.model import Config
from windlass.facts.databases import Databases
from windlass.facts.revision import Revision
from windlass.plans import migrate, rehearse
from windlass.plans.decide.decision import AsItIs, Decision
from windlass.plans.decide.known import check_known
from windlass.plans.look import Look, check_ready
from windlass.plans.restorable import check_copy


@dataclass(frozen=True)
class Seen:
    """The host, and the revision as it knows it, None for none. `databases` where migrations are pending."""

    host: str
    look: Look
    revision: Revision | None
    databases: Databases | None = None


def pending(seen: Seen) -> tuple[str, ...]:
    """The revision's migrations that the database lacks, as far as it says."""
    applied = seen.look.applied
    if applied is None or applied.problem or seen.revision is None:
        return ()
    return applied.pending(seen.revision.migrations)


def decide(config: Config, ref: str, seen: Seen) -> Decision:
    """The plan of a rehearsal, or that nothing is pending. Raises NotReady, UsageError for an unknown revision."""
    check_ready(config, seen.host, seen.look, building=True)
    revision = check_known(config, seen.host, seen.look, seen.revision, ref)
    migrate.check(config, seen.look, seen.host)
    migrates = tool(config)
    if migrates is None or seen.databases is None:
        text = f"the database has every migration of {revision.short}: there is nothing to rehearse"
        return Decision(as_it_is=(AsItIs(seen.host, seen.look.state.live, text),))
    check_copy(config, seen.host, seen.databases)
    return Decision((rehearse.plan(config, seen.look, revision, migrates),))
