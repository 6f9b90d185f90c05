"""The ledger's records as runs: what was done, by whom, and how it ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

UNFINISHED = "unfinished"

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Run:
    """One run, or one record that stands alone, such as a release marked stable.

    `outcome` is that of the end record; "unfinished" where there is none, and the event's name for a record
    that stands alone. `was` is what was live before a run that was for a release, `live` what was after; `seconds`
    is None where unknown. `env` is the version of `.env` that it was about, or started a release with.
    """

    id: str
    at: datetime | None
    who: str
    what: str
    outcome: str
    release: str = ""
    was: str = ""
    live: str = ""
    seconds: float | None = None
    reason: str = ""
    env: int | None = None


def runs(records: Iterable[Record]) -> list[Run]:
    """The runs, in the order in which they began; fields of other types than expected are left out."""
    found: dict[str, list[Record]] = {}
    alone = 0
    for record in records:
        key = _text(record, "run") if record.get("event") in ("start", "live", "end") else ""
        if not key:
            alone += 1
            key = f"alone {alone}"
        found.setdefault(key, []).append(record)
    return [_run(of_one) for of_one in found.values()]


def last_words(records: Iterable[Record]) -> str:
    """How the newest run that was for a release ended, "" where none is known."""
    last = next((run for run in reversed(runs(records)) if run.release), None)
    if last is None:
        return ""
    return f"{last.what} of {last.release}: {last.outcome}{f' ({last.reason})' if last.reason else ''}"


def moment(record: Record) -> datetime | None:
    """When the record was written, by the server's clock."""
    try:
        found = datetime.fromisoformat(_text(record, "time"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def live_release(record: Record, key: str = "live") -> str:
    """The release that visitors got when the record was written."""
    live = record.get(key)
    return _text(live, "release") if isinstance(live, Mapping) else ""


def _run(records: list[Record]) -> Run:
    first, last = records[0], records[-1]
    event = _text(first, "event")
    release = _text(last, "release") or _text(first, "release")
    began = moment(first)
    version = last.get("env")
    ended = moment(last) if last.get("event") == "end" else None
    interrupted = last.get("outcome") == "interrupted"  # its end was written by the run that found it
    known = began and ended and event == "start" and not interrupted
    if event in ("start", "live", "end"):
        outcome = _text(last, "outcome") if last.get("event") == "end" else UNFINISHED
    else:
        outcome = event
    return Run(
        id=_text(first, "run"),
        at=began,
        who=_text(first, "who"),
        what=_text(first, "what"),
        outcome=outcome,
        release=release,
        was=live_release(first) if release and event == "start" else "",
        live=live_release(last),
        seconds=(ended - began).total_seconds() if known and began and ended else None,
        reason=_reason(first, last),
        env=version if isinstance(version, int) else None,
    )


def _reason(first: Record, last: Record) -> str:
    step, reason = _text(last, "step"), _text(last, "reason") or _text(first, "reason")
    parts = [f"{step}: {reason}" if step and reason else reason or step]
    if last.get("cut_short"):
        parts.append("the watch was cut short")
    undone = last.get("undone")
    if isinstance(undone, list) and last.get("outcome") == "done":
        parts.append(f"took back {', '.join(map(str, undone))}")
    if resolved := _text(last, "resolved"):
        parts.append(f"{resolved}: {_text(last, 'as')}")
    warnings = last.get("warnings")
    if isinstance(warnings, list):
        parts += [str(warning) for warning in warnings]
    return "; ".join(filter(None, parts))


def _text(record: Record, key: str) -> str:
    value = record.get(key)
    return value if isinstance(value, str) else ""
