"""What is said of a configuration that was written: what wants a look, and what to type next."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from windlass.config.problem import as_written
from windlass.init.setting import Entry, Setting, settings_of, value_of


def as_lines(entries: Sequence[Entry], file: Path, kept: Path | None, others: bool) -> str:
    """For a person. `others`: the folder has more apps, so that commands must name this one."""
    checks = [f"  {_name(entry)}: {entry.note}" for entry in entries if entry.check]
    look = f"; {len(checks)} {'thing wants' if len(checks) == 1 else 'things want'} a look:" if checks else ""
    lines = [f"kept what was there as {kept}"] if kept else []
    lines += [f"wrote {file}{look}", *checks, "next:"]
    return "\n".join([*lines, *(f"  {command}" for command in next_commands(entries, file.stem, others))])


def as_json(entries: Sequence[Entry], file: Path, kept: Path | None, others: bool) -> str:
    """`file`, `kept` (or null), `settings` in force (key, value, note, check), `checks` (texts), `next` (commands)."""
    known = {
        "file": str(file),
        "kept": str(kept) if kept else None,
        "settings": [
            {"key": as_written(each.path), "value": each.value, "note": each.note, "check": each.check}
            for each in settings_of(entries)
            if each.active
        ],
        "checks": [f"{_name(entry)}: {entry.note}" for entry in entries if entry.check],
        "next": list(next_commands(entries, file.stem, others)),
    }
    return json.dumps(known)


def next_commands(entries: Sequence[Entry], name: str, others: bool) -> Iterator[str]:
    """From a configuration to the first deploy."""
    app = f" --app {name}" if others else ""
    hosts = value_of(entries, "targets", "production", "hosts") or []
    told = f" -H {','.join(hosts)}" if hosts else " -H deploy@SERVER"
    as_root = ",".join(f"root@{host.rpartition('@')[2]}" for host in hosts) or "root@SERVER"
    yield f"fab trust{told}"
    yield f"fab setup{app} -H {as_root}"
    yield f"fab env.push{app} FILE{'' if hosts else told}"
    yield f"fab deploy{app}{'' if hosts else told}"


def _name(entry: Entry) -> str:
    return as_written(entry.path) if isinstance(entry, Setting) else as_written(entry.table)
