"""What everything that goes live begins with: to what, on which slot, and whether it may."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from windlass.config.model import Config
    from windlass.layout import Slot
    from windlass.plans.golive import Cutover
    from windlass.plans.look import Look

    from .visiting import Crew


def cutover_to(
    config: Config,
    look: Look,
    release: str,
    revision: str,
    *,
    page: bool = False,
    known: bool = False,
    slot: Slot | None = None,
) -> Cutover:
    """The cutover from what is live to a release, on the idle slot where none is named."""
    from pathlib import PurePosixPath

    from windlass.plans.golive import Cutover
    from windlass.plans.texts import Start, ecosystem, maintenance_page

    from .chosen import templates

    slot = slot or look.state.idle
    node = str(PurePosixPath(look.tools.node) / "node")
    start = Start(slot, release, revision, release, node)
    return Cutover(
        release,
        revision,
        slot,
        look.state.live,
        ecosystem(config, start, folders=templates()),
        look.tools.node,
        maintenance_page(config, folders=templates()),
        known=known,
        page_up=page,
    )


def refuse_stopped(crew: Crew, looks: list[Look]) -> None:
    """Raise Refused where a host was stopped: nobody shall start the app behind that person's back."""
    from windlass.errors import Refused

    for host, look in zip(crew.hosts, looks, strict=True):
        if look.state.stopped is not None:
            raise Refused(
                f"{host.name} is stopped ({look.state.stopped}); nothing was changed",
                hint=f"fab emergency-resume -H {host.name} starts what was live; fab rollback chooses another release",
            )
