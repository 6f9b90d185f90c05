"""Whether another state can come in the place of the app's database, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from windlass.config.model import Config
from windlass.facts.backups import Backup
from windlass.facts.databases import Databases
from windlass.facts.dump import Dump
from windlass.plans import restorable, restore
from windlass.plans.backup import name_at
from windlass.plans.cutover import Cutover, cutover_to, has_page
from windlass.plans.decide.decision import Decision, Said
from windlass.plans.look import Look, check_ready
from windlass.plans.restorable import Source


@dataclass(frozen=True)
class Seen:
    """The host from which it is seen to; `others` are the hosts that share its database."""

    host: str
    look: Look
    databases: Databases
    others: Sequence[str] = ()


@dataclass(frozen=True)
class Choice:
    """What comes in the database's place, which is kept as `kept`, and what is live, to be started anew after it.

    `to` is None where nothing is to run. `said` is for a person before a file is sent.
    """

    source: Source
    kept: str
    to: Cutover | None
    said: tuple[Said, ...] = ()


def meant(
    config: Config,
    host: str,
    named: str,
    file: str | None,
    databases: Databases,
    backups: Sequence[Backup],
    moment: str = "",
) -> Source:
    """What is meant by a name or a `file` of the operator's; `moment` is the server's, as backups are named by it.

    Raises UsageError for a name of nothing, NotReady where nothing can be put in the database's place.
    """
    source = restorable.source(config, host, named, databases, backups, file, moment)
    restorable.check_database(config, host, databases)
    return source


def choose(
    config: Config, seen: Seen, named: str, file: str | None = None, *, folders: Sequence[Path] = ()
) -> Choice:
    """All that can be decided before a file is sent and its dump is looked at.

    Raises what `meant` does, and NotReady where what is live could not be started anew.
    """
    host, look, databases = seen.host, seen.look, seen.databases
    moment = name_at(look.state.now)
    source = meant(config, host, named, file, databases, look.backups, moment)
    to = _cutover(config, look, folders)
    if to is not None:
        check_ready(config, host, look, building=False)
    return Choice(source, databases.kept_as(moment), to, _of_others(seen))


def decide(config: Config, seen: Seen, chosen: Choice, dump: Dump | None) -> Decision:
    """The plan of a restore; `dump` is what comes, as the server sees it, None where there is none to look at.

    Raises Refused for what cannot be restored, NotReady where there is no room for it.
    """
    if dump is not None:
        restorable.check_dump(seen.host, seen.databases, chosen.source, dump)
    plan = restore.plan(
        seen.look.own(config), seen.host, seen.look.state, chosen.source, chosen.kept, chosen.to
    )
    return Decision((plan,))


def _of_others(seen: Seen) -> tuple[Said, ...]:
    """What the app's other hosts do meanwhile, where it has any."""
    if not seen.others:
        return ()
    text = (
        f"the app on {', '.join(seen.others)} is not stopped meanwhile: what it writes before the swap is in the "
        "database put aside; fab maintenance.on there first, and off again afterwards, where that matters"
    )
    return (Said(seen.host, text),)


def _cutover(config: Config, look: Look, folders: Sequence[Path]) -> Cutover | None:
    """The live release, to be started anew; None where nothing is live, or the app is stopped."""
    state = look.state
    live = state.release(state.live)
    if live is None or state.stopped is not None:
        return None
    page = has_page(state, wanted=True)
    return cutover_to(look.own(config), look, live.id, live.revision, folders=folders, known=True, page=page)
