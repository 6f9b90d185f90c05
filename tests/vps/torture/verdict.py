"""What must hold after a round, whatever happened in it."""

from __future__ import annotations

from collections.abc import Sequence

from tests.support.processes import Completed
from tests.vps import mishaps
from tests.vps.apps.tiny import ROOT, Deployed
from tests.vps.torture.hosts import NEIGHBOUR, Hosts, neighbour
from tests.vps.torture.rounds import Round

THROUGH, BACK, DIFFERS = "went through", "went back", "differs"


def disagreements(hosts: Hosts, orphaned: Sequence[Deployed] = ()) -> list[str]:
    """What on the hosts contradicts that each serves one whole release and nothing is under way.

    Of an `orphaned` host only that visitors get an answer: the next command puts it right.
    """
    return [f"{app.host}: {one}" for app in hosts.apps if app not in orphaned for one in _of(app)]


def _of(app: Deployed) -> list[str]:
    return [*mishaps.disagreements(app), *_strays(app), *_listed(app)]


def _listed(app: Deployed) -> list[str]:
    """What pm2 runs is what it would bring back, the neighbour's app too."""
    runs, saved = app.pm2(), app.saved()
    fine = runs.get(NEIGHBOUR) == "online" and saved == sorted(runs)
    return [] if fine else [f"pm2 has {runs}, and saved {saved}"]


def _strays(app: Deployed) -> list[str]:
    """What runs for the idle slot, whoever started it, and who listens there."""
    live = "green" if app.vps.exists(f"{ROOT}/run/green") else "blue"
    idle, port = ("blue", 3000) if live == "green" else ("green", 3001)
    looked = app.vps.run(
        f"grep -lzsx WINDLASS_SLOT={idle} /proc/[0-9]*/environ || true; ss -Htln 'sport = {port}'"
    )
    return [f"strays in {idle}: {looked.stdout}"] if looked.stdout else []


def went(hosts: Hosts, before: list[str]) -> str:
    """Whether the hosts have what the command was to bring, or what they had `before`, by `state`."""
    changed = {now != old for now, old in zip(hosts.each(state), before, strict=True)}
    return DIFFERS if len(changed) > 1 else THROUGH if changed.pop() else BACK


def state(app: Deployed) -> str:
    """What visitors get, and from which slot."""
    slot = "green" if app.vps.exists(f"{ROOT}/run/green") else "blue"
    return f"{app.live()} on {slot}"


def may_differ(hosts: Hosts, dead: Deployed, before: list[str], stage: str) -> bool:
    """Whether the hosts differ in the one way that is known.

    A host whose agent died between its cutover and the point where all settle keeps what its flag names until the
    next command, while the others go back.
    """
    changed = [app for app, old in zip(hosts.apps, before, strict=True) if state(app) != old]
    return changed == [dead] and stage in ("cutover", "soak")


def told(one: Round, command: Completed, how: str) -> list[str]:
    """What of the command's exit code and words does not agree with how it went."""
    wrong = []
    # Python itself ends so while it loads what `fab` is, and once all is told.
    outside = one.mishap == "Ctrl-C" and ('"event": "ended"' in command.stdout or not command.stdout)
    if "Traceback" in command.output and not outside:
        wrong.append("a traceback")
    codes = {THROUGH: {0, 4}, BACK: {1, 3, 4, 130}, DIFFERS: {4}}[how]
    if one.mishap == "client killed":
        codes = codes | {-9}
    if outside:
        codes = codes | {-2}
    if command.exit_code not in codes:
        wrong.append(f"exit code {command.exit_code}, and it {how}")
    if one.command == "bad deploy" and how != BACK:
        wrong.append(f"a bad release, and it {how}")
    return wrong


def neighbours(hosts: Hosts) -> list[str]:
    """What the neighbour's app answers on each host."""
    return hosts.each(lambda app: neighbour(app.vps))
