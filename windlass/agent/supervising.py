"""Which supervisor has what: a slot's manifest says who has started it, and what there is says who has more."""

from __future__ import annotations

from typing import List, Union

from .app import SLOTS, App, Kept
from .pm2_acts import Pm2
from .systemd_acts import Systemd

Supervisor = Union[Pm2, Systemd]


def of(app: App, kept: Kept, node: str = "") -> Supervisor:
    """Who has started a slot; `node` is a folder that node is in."""
    return Systemd(app) if kept.supervisor == "systemd" else Pm2(app, node)


def having(app: App, slot: str, node: str = "") -> List[Supervisor]:
    """Those who have, or may have, something of a slot; to ask pm2 costs a start of node each time."""
    found: List[Supervisor] = []
    systemd = Systemd(app)
    if systemd.there and systemd.has(slot):
        found.append(systemd)
    started = app.has(slot) and app.kept(slot).supervisor != "systemd"
    if started or app.alive(slot):
        found.append(Pm2(app, node))
    return found


def concerned(app: App) -> List[Supervisor]:
    """Those who have something of the app at all."""
    both = [one for slot in SLOTS for one in having(app, slot)]
    return list({type(one): one for one in both}.values())
