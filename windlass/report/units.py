"""Bytes and seconds for people."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo


def size(count: float) -> str:
    """Bytes in binary units: `143 MiB`, `1.2 GiB`."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(count) < 1024:
            return f"{count:.1f} {unit}" if unit == "GiB" and count < 10 else f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def duration(seconds: float) -> str:
    """Seconds in the two largest units that matter: `12.3 s`, `2 min 5 s`, `3 d 4 h`; never below zero."""
    seconds = max(0.0, seconds)
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for large, per_large, small, per_small in (
        ("d", 86400, "h", 3600),
        ("h", 3600, "min", 60),
        ("min", 60, "s", 1),
    ):
        if whole >= per_large:
            rest = whole % per_large // per_small
            return f"{whole // per_large} {large}" + (f" {rest} {small}" if rest else "")
    return f"{whole} s"


def response(seconds: float) -> str:
    """A response time: `34 ms` below a second."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else duration(seconds)


def percent(share: float) -> str:
    """A share that is in percent already: `2.1 %`, `31 %`."""
    return f"{share:.1f} %" if 0 < share < 10 else f"{share:.0f} %"


def clock(moment: datetime, zone: tzinfo | None = None) -> str:
    """Date and time to the minute in a zone, by default the operator's own."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def utc(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, as machines read it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
