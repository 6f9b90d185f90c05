"""What everything that goes live begins with: to what, on which slot, and whether it may."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from windlass.config.model import Config
from windlass.errors import Refused
from windlass.facts.state import State
from windlass.layout import Slot, other
from windlass.manifest import Manifest, as_text, manifest_of
from windlass.plans.look import Look
from windlass.plans.texts import Start, ecosystem, maintenance_page


@dataclass(frozen=True)
class Cutover:
    """From what is live to a release on the idle slot; `known`: the release was live before and was good.

    `ecosystem` is the text that pm2 starts the slot from, `node` the folder of node, `page` the
    maintenance page. `page_up`: this run put the page up and takes it down. `manifest` is the text that says what the
    slot is started with. By their pm2 names: `alone` are the processes of the slot that start only when their like of
    the other one, `ends`, have ended. `there` is what the other one was started with, `instances` the number of
    web processes that start.
    """

    release: str
    revision: str
    slot: Slot
    was: str
    ecosystem: str
    node: str
    page: str
    known: bool = False
    page_up: bool = False
    manifest: str = ""
    alone: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    there: Manifest | None = None
    instances: int = 1


def cutover_to(
    config: Config,
    look: Look,
    release: str,
    revision: str,
    *,
    folders: Sequence[Path] = (),
    page: bool = False,
    known: bool = False,
    slot: Slot | None = None,
) -> Cutover:
    """The cutover from what is live to a release, on the idle slot where none is named."""
    slot = slot or look.state.idle
    node = str(PurePosixPath(look.tools.node) / "node")
    start = Start(slot, release, revision, release, node)
    there = look.state.manifests.get(other(slot))
    alone, ends = _alone(config, slot, there)
    return Cutover(
        release,
        revision,
        slot,
        look.state.live,
        ecosystem(config, start, folders=folders),
        look.tools.node,
        maintenance_page(config, folders=folders),
        known=known,
        page_up=page,
        manifest=as_text(manifest_of(config, slot, release, revision, look.tools.node)),
        alone=alone,
        ends=ends,
        there=there,
        instances=config.instances,
    )


def _alone(config: Config, slot: Slot, there: Manifest | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of what must not run twice, of the slot and of the other one: exclusive here, or there."""
    before = there.by_type if there else {}
    exclusive = {kind for kind, process in config.processes.items() if process.exclusive}
    exclusive |= {kind for kind, (_, settings) in before.items() if settings.get("exclusive")}
    own = tuple(config.process_name(slot, kind) for kind in config.processes if kind in exclusive)
    return own, tuple(name for kind, (name, _) in before.items() if kind in exclusive)


def has_page(state: State, *, wanted: bool) -> bool:
    """Whether this run puts the maintenance page up, or takes over one that an earlier deploy or restore left up."""
    there = state.maintenance
    return wanted if there is None else there.startswith(("deploy ", "restore "))


def check_not_stopped(host: str, state: State) -> None:
    """Raise Refused where the app was stopped: nobody shall start it behind that person's back."""
    if state.stopped is not None:
        raise Refused(
            f"{host} is stopped ({state.stopped}); nothing was changed",
            hint=f"fab emergency-resume -H {host} starts what was live; fab rollback chooses another release",
        )
