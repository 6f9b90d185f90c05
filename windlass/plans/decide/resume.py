"""Whether what was live before a stop can be started again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from windlass.config.model import Config
from windlass.errors import Refused
from windlass.manifest import as_started
from windlass.plan import Plan
from windlass.plans import emergency
from windlass.plans.cutover import cutover_to
from windlass.plans.decide.decision import Decision, for_each
from windlass.plans.look import Look, check_ready, startable


def decide(config: Config, seen: Mapping[str, Look], *, folders: Sequence[Path] = ()) -> Decision:
    """The plans of a resume, of looks by host. Raises NotReady, and Refused where nothing was stopped."""

    def plan(item: tuple[str, Look]) -> Plan:
        host, look = item
        state = look.state
        if state.stopped is None:
            raise Refused(f"{host} is not stopped; nothing was changed", hint=f"fab status -H {host}")
        live = state.release(state.live)
        if live is None:
            raise Refused(
                f"{host}: nothing was live before the stop, so there is nothing to resume",
                hint=f"on the server: rm {config.layout.stopped}, then fab deploy -H {host}",
            )
        before = live.manifest or state.manifests.get(state.slot)
        started = startable(as_started(look.own(config), before), look, before)
        check_ready(started, host, look, building=False, exact=False)
        to = cutover_to(started, look, live.id, live.revision, folders=folders, known=True, slot=state.slot)
        return emergency.resume(started, to)

    return Decision(tuple(for_each(seen.items(), plan)))
