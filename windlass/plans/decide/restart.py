"""Whether what is live can be started anew beside itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from windlass.config.model import Config
from windlass.errors import Refused
from windlass.manifest import differences
from windlass.plan import Plan
from windlass.plans import rollback
from windlass.plans.cutover import check_not_stopped, cutover_to
from windlass.plans.decide.decision import Decision, for_each
from windlass.plans.look import Look, missing, refuse
from windlass.plans.nginx import miscounted


def decide(config: Config, seen: Mapping[str, Look], *, folders: Sequence[Path] = ()) -> Decision:
    """The plans of a restart, of looks by host. Raises NotReady, and Refused where nothing runs that could be."""

    def plan(item: tuple[str, Look]) -> Plan:
        host, look = item
        own = look.own(config)
        refuse(host, [*missing(own, look, host, building=False), *miscounted(own, look.nginx, host)])
        live = look.state.release(look.state.live)
        if live is None:
            raise Refused(f"{host}: nothing is live; nothing was changed", hint=f"fab deploy -H {host}")
        # What is started otherwise than it was has not been seen to be well.
        known = not differences(own, live.manifest or look.state.manifests.get(look.state.slot))
        to = cutover_to(own, look, live.id, live.revision, folders=folders, known=known)
        return rollback.restart(own, look.state, to)

    for_each(seen.items(), lambda item: check_not_stopped(item[0], item[1].state))
    return Decision(tuple(for_each(seen.items(), plan)))
