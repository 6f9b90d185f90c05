"""What a host lacks before the first deploy, beside the programs: its owner, its folder, the repository."""

from __future__ import annotations

from collections.abc import Iterable

from windlass.config.model import Config
from windlass.facts.ground import Ground
from windlass.facts.system import Listener
from windlass.plans.look import Look, missing
from windlass.plans.warnings import occupied


def lacks(config: Config, host: str, look: Look, ground: Ground, listeners: Iterable[Listener]) -> list[str]:
    """Everything that would stop a deploy, each with what puts it right; empty where the server is ready."""
    state, root = look.state, config.layout.root
    config = look.own(config)
    found = missing(config, look, host, building=True)
    if state.owner and state.user != state.owner:
        found.append(f"{root} belongs to {state.owner}, and you are {state.user}: -H {state.owner}@…")
    elif ground.unwritable:
        found.append(
            f"{root} cannot be made in {ground.unwritable}: as root, install -d -o {state.user} {root}"
        )
    if ground.unreachable:
        found.append(f"{config.app.repository} cannot be read from the server: {ground.unreachable}")
        if "publickey" in ground.unreachable:
            found.append("  [git] key names a key of the server's, [ssh] forward_agent = true lends it yours")
    if look.applied and look.applied.problem:
        found.append(f"the database does not answer: {look.applied.problem}")
    if look.applied and look.applied.failed:
        failed = ", ".join(look.applied.failed)
        found.append(f"a migration failed and is not resolved: {failed}: fab db.resolve")
    found += occupied(config, state, listeners)
    if state.stopped is not None:
        found.append(f"it is stopped ({state.stopped}): fab emergency-resume")
    return found
