"""What the records of the ledger come to, one added after the other: a digest that does not grow with the app's age."""

from __future__ import annotations

import re
from typing import Any, Dict, Iterable, List, Set

DEPLOYS, TRIES, NAMED, LEFT = 1000, 10, 300, 200
"""Kept of what belongs to no kept release: deploys that migrated, those that found the same migration pending,
releases that can still be named, runs that did not finish."""

_NUMBER = re.compile(r"([0-9]{1,9})(-|\Z)")


def blank() -> Dict[str, Any]:
    """What no record comes to.

    `number` and `env` are the highest ever given; `lived` has each release that came to be live, in order, with
    when; `envs` the versions of `.env` that a release was started with, well or not; `migrated` the release by which
    each migration came, by its number, and whether it is known to be applied; `open` the last records of runs that
    did not finish, by their ids.
    """
    return {
        "number": 0, "env": 0, "lived": [], "bad": {}, "stable": [], "started_with": {}, "envs": {},
        "switched": [], "revisions": {}, "subjects": {}, "deploys": [], "migrated": {}, "undone": False, "open": {},
    }  # fmt: skip


def add(past: Dict[str, Any], record: Dict[str, Any]) -> None:
    """Add one record, in place; fields of other types than expected are left out."""
    event, release = record.get("event"), _text(record, "release")
    _name(past, record, release)
    if event == "start":
        _begin(past, record, release)
    elif event == "stable" and release:
        past["stable"] = [marked for marked in past["stable"] if marked != release] + [release]
    elif event in ("live", "end"):
        now = _live(record)
        if now and (not past["lived"] or past["lived"][-1][0] != now):
            past["lived"].append([now, _text(record, "time")])
        if event == "live":
            past["switched"] = [*past["switched"], _text(record, "run")][-LEFT:]
        else:
            _end(past, record, release)
    if event == "start" or record.get("unrecovered"):
        past["open"][_text(record, "run")] = record
    elif event == "settled" and _text(record, "run") in past["open"]:
        run = _text(record, "run")
        past["open"][run] = {**past["open"][run], "settled": True}
    elif event == "end":
        past["open"].pop(_text(record, "run"), None)


def pruned(past: Dict[str, Any], kept: Iterable[str]) -> Dict[str, Any]:
    """The same as far as it is about these releases, those of unfinished runs, and the newest ones."""
    left = dict(list(past["open"].items())[-LEFT:])
    needed = {*kept, *(_text(record, "release") for record in left.values())} - {""}
    lowest = min((number(release) for release in needed), default=past["number"])
    deploys = _deploys(past["deploys"])
    named = {*needed, *list(past["revisions"])[-NAMED:]}
    named.update(release for deploy in deploys for release in (deploy["release"], deploy["was"]))
    about = {key: _only(past[key], needed) for key in ("bad", "started_with", "envs", "subjects")}
    return {
        **past,
        **about,
        "lived": _lived(past["lived"], needed),
        "stable": [release for release in past["stable"] if release in needed],
        "revisions": _only(past["revisions"], named),
        "deploys": deploys,
        "migrated": {name: since for name, since in past["migrated"].items() if since[0] > lowest},
        "open": left,
    }


def number(release: str) -> int:
    """The number that a release's name begins with, 0 for another name."""
    found = _NUMBER.match(release)
    return int(found[1]) if found else 0


def _name(past: Dict[str, Any], record: Dict[str, Any], release: str) -> None:
    """Take down which numbers are given, and what is said of the release."""
    past["number"] = max(past["number"], number(release), number(_live(record)))
    version, revision, subject = record.get("env"), _text(record, "revision"), _text(record, "subject")
    if isinstance(version, int):
        past["env"] = max(past["env"], version)
    if not release:
        return
    if isinstance(version, int):
        versions: List[int] = past["envs"].setdefault(release, [])
        if version not in versions:
            versions.append(version)
            del versions[1:-TRIES]
    if revision:
        past["revisions"].pop(release, None)
        past["revisions"][release] = revision
    if subject:
        past["subjects"].setdefault(release, subject[:200])


def _begin(past: Dict[str, Any], record: Dict[str, Any], release: str) -> None:
    """Take down which migrations a deploy found pending."""
    names = _names(record, "migrations")
    if release and names:
        about = {key: _text(record, key) for key in ("release", "revision", "was")}
        past["deploys"].append({**about, "migrations": names})


def _end(past: Dict[str, Any], record: Dict[str, Any], release: str) -> None:
    """Take down how a run ended: which release is bad, or good again, what it runs with, what became of migrations."""
    outcome, worse = record.get("outcome"), ""
    if outcome == "needs-person" or (outcome in ("failed", "went-back") and _live(record) != release):
        worse = "" if _started_again(record) else release
    elif outcome == "done":
        past["bad"].pop(release, None)
        worse = _text(record, "rolled_from") if record.get("rolled_from") != release else ""
    if worse:
        past["bad"][worse] = True
    # What was interrupted may have started nothing.
    well = outcome == "done" or (outcome == "interrupted" and _text(record, "run") in past["switched"])
    if well and release and isinstance(record.get("env"), int):
        past["started_with"][release] = record["env"]
    for name in _names(record, "migrations"):
        before = past["migrated"].get(name, [0])[0]
        past["migrated"][name] = [max(before, number(release)), outcome in ("done", "went-back")]
    undone = _names(record, "undone")
    past["undone"] = past["undone"] or bool(undone)
    if outcome == "done":
        for name in undone:
            past["migrated"].pop(name, None)


def _started_again(record: Dict[str, Any]) -> bool:
    """Whether the run was for a release that was built before: that it failed says nothing against that.

    A rollback that builds has a subject, as a deploy.
    """
    what = _text(record, "what").partition(" ")[0]
    return "subject" not in record and ("rolled_from" in record or what in ("rollback", "restart"))


def _lived(lived: List[List[str]], needed: Set[str]) -> List[List[str]]:
    """When each of them was live first and last, and last before another of them came to be live first."""
    firsts: Dict[str, int] = {}
    for place, (release, _) in enumerate(lived):
        firsts.setdefault(release, place)
    found: List[List[str]] = []
    later: Set[str] = set()
    for place in range(len(lived) - 1, -1, -1):
        release = lived[place][0]
        if release not in needed:
            if place == len(lived) - 1:
                found.append(lived[place])  # whatever comes next is compared with it
            continue
        if release not in later or firsts[release] == place:
            found.append(lived[place])
        later.add(release)
        if firsts[release] == place:
            later = set()
    return found[::-1]


def _deploys(deploys: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """The newest of those that found each migration pending."""
    times: Dict[str, int] = {}
    found = []
    for deploy in reversed(deploys[-DEPLOYS:]):
        if any(times.get(name, 0) < TRIES for name in deploy["migrations"]):
            found.append(deploy)
        for name in deploy["migrations"]:
            times[name] = times.get(name, 0) + 1
    return found[::-1]


def _only(values: Dict[str, Any], names: Set[str]) -> Dict[str, Any]:
    return {name: value for name, value in values.items() if name in names}


def _live(record: Dict[str, Any]) -> str:
    live = record.get("live")
    return _text(live, "release") if isinstance(live, dict) else ""


def _names(record: Dict[str, Any], key: str) -> List[str]:
    value = record.get(key)
    return [str(name) for name in value] if isinstance(value, list) else []


def _text(record: Dict[str, Any], key: str) -> str:
    value = record.get(key)
    return value if isinstance(value, str) else ""
