"""The table of an app's `.env`: what it holds, without a value, and which versions are kept."""

from __future__ import annotations

from datetime import tzinfo

from rich.cells import cell_len
from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from windlass.report import units
from windlass.report.rows import EnvVersion, HostEnv, Variable

SHOWN = {"set": "********", "empty": "(empty) ", "missing": "(missing)"}


def env_table(row: HostEnv, zone: tzinfo | None = None) -> Group:
    """One host's `.env`; moments are shown in the zone."""
    width = max((cell_len(variable.name) for variable in row.variables), default=0)
    lines = [
        *([_head(row, zone)] if not row.error else []),
        *(_variable(variable, width, row.live) for variable in row.variables),
        *_versions(row, zone),
        *(Text(f"! {warning}", "bold yellow") for warning in row.warnings),
        *([Text(row.error, "bold red")] if row.error else []),
    ]
    return Group(Text(row.host, "bold"), *(Padding(line, (0, 0, 0, 2)) for line in lines), Text())


def _head(row: HostEnv, zone: tzinfo | None) -> Text:
    if row.version is None:
        return Text("no .env", "dim")
    found = Text(f"version {row.version}" if row.version else "edited by hand", "bold")
    if row.since:
        found.append(f"  since {units.clock(row.since, zone)}", "dim")
    if row.live:
        runs_with = f"version {row.runs_with}" if row.runs_with else "an unknown version"
        same = row.runs_with is not None and row.runs_with == row.version
        found.append(f"  live: {row.live} with {runs_with}", "green" if same else "yellow")
    return found


def _variable(variable: Variable, width: int, live: str) -> Text:
    line = Text(variable.name)
    line.pad_right(width - line.cell_len)
    line.append(f"  {SHOWN[variable.value]}", "dim")
    remarks = [
        *([f"another value than {live} runs with"] if variable.stale else []),
        *(["not the same on all hosts"] if variable.differs else []),
    ]
    return line.append("  " + "; ".join(remarks), "yellow") if remarks else line


def _versions(row: HostEnv, zone: tzinfo | None) -> list[Text]:
    return [_version(version, row, zone) for version in reversed(row.versions)]


def _version(version: EnvVersion, row: HostEnv, zone: tzinfo | None) -> Text:
    line = Text(f"kept: version {version.number}  of {units.clock(version.since, zone)}", "dim")
    uses = [*(["in use"] if version.number == row.version else []), *version.releases]
    return line.append(f"  {', '.join(uses)}", "cyan") if uses else line
