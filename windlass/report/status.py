"""One host's status, the things that matter at night first."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from windlass.report import units
from windlass.report.rows import Health, HostStatus, Port, Space

TIGHT, FULL = 80, 90
"""Percent used from which a disk or the memory is drawn to be seen."""


def status_table(status: HostStatus) -> RenderableType:
    """The host's name, what is wrong, then label and value line by line, and the processes.

    The texts are those of a cleaned status: nothing in them may drive a terminal.
    """
    head = Text.assemble((status.host, "bold"), f"  {status.app}")
    if status.error:
        lines = [head, Text(f"  {status.error}", "bold red")]
        return Group(*lines, Text(f"  → {status.hint}" if status.hint else ""), Text())
    known = Table.grid(padding=(0, 2), pad_edge=True)
    known.add_column(no_wrap=True, style="dim")
    known.add_column(overflow="fold")
    for label, value in _lines(status):
        known.add_row(label, value)
    return Group(head, *_flags(status), known, _processes(status), *_warnings(status), Text())


def _flags(status: HostStatus) -> list[Padding]:
    reason = f": {status.flag_reason}" if status.flag_reason else ""
    if status.stopped:
        return [_indented(f"STOPPED, visitors get the maintenance page{reason}", "bold red")]
    if status.maintenance:
        return [_indented(f"MAINTENANCE, visitors get the maintenance page{reason}", "bold yellow")]
    return []


def _warnings(status: HostStatus) -> list[Padding]:
    return [_indented(f"! {warning}", "bold yellow") for warning in status.warnings]


def _indented(text: str, style: str) -> Padding:
    return Padding(Text(text, style), (0, 0, 0, 2))


def _lines(status: HostStatus) -> list[tuple[str, RenderableType]]:
    found: list[tuple[str, RenderableType]] = [("live", _live(status)), ("commit", _commit(status))]
    found += [("health", _health(answer)) for answer in status.health]
    found += [("nginx", _nginx(status)), ("migrations", _migrations(status))]
    found += [("port", _port(port)) for port in status.ports]
    found += [("load", _load(status)), ("memory", _space(status.memory))]
    found += [("disk", Text.assemble(_space(disk), f"  {disk.name}")) for disk in status.disks]
    return [*found, ("lock", _lock(status))]


def _live(status: HostStatus) -> Text:
    if not status.release:
        return Text("nothing", "bold yellow")
    slot = f"  {status.slot}" if status.slot else ""
    since = "" if status.live_for is None else f"  for {units.duration(status.live_for)}"
    return Text.assemble((status.release, "bold green"), slot, since)


def _commit(status: HostStatus) -> Text:
    if not status.revision:
        return Text("unknown", "dim")
    age = "" if status.commit_age is None else f", {units.duration(status.commit_age)} old"
    return Text(f"{status.revision[:10]}{age}  {status.subject}".rstrip())


def _health(answer: Health) -> Text:
    took = "" if answer.seconds is None else f" in {units.response(answer.seconds)}"
    said = f"{answer.status}{took}" if answer.status else "no answer"
    error = f"  {answer.error}" if answer.error else ""
    return Text.assemble((said, "green" if answer.ok else "bold red"), f"  {answer.url}", (error, "red"))


def _nginx(status: HostStatus) -> Text:
    state = Text(status.nginx or "unknown", "" if status.nginx == "active" else "bold yellow")
    return Text.assemble(state, f", site {status.site}" if status.site else "")


def _migrations(status: HostStatus) -> Text:
    if not status.database:
        return Text("no database", "dim")
    if status.pending is None:
        return Text("unknown", "dim")
    if not status.pending:
        return Text("none pending")
    return Text(f"{len(status.pending)} pending: {', '.join(status.pending)}", "yellow")


def _port(port: Port) -> Text:
    return Text.assemble(f"{port.port}  {port.use}  ", (port.listener or "nobody listens", "dim"))


def _load(status: HostStatus) -> Text:
    if not status.load:
        return Text("unknown", "dim")
    cpus = "" if status.cpus is None else f" on {status.cpus} CPUs"
    busy = "" if status.cpu is None else f", CPU {units.percent(status.cpu)}"
    return Text(" ".join(f"{one:.2f}" for one in status.load) + cpus + busy)


def _space(space: Space | None) -> Text:
    if space is None:
        return Text("unknown", "dim")
    used = space.used_percent
    style = "bold red" if used >= FULL else "yellow" if used >= TIGHT else ""
    return Text(
        f"{units.size(space.free)} free of {units.size(space.total)} ({units.percent(used)} used)", style
    )


def _lock(status: HostStatus) -> Text:
    lock = status.lock
    if lock is None:
        return Text("free")
    since = "" if lock.seconds is None else f" for {units.duration(lock.seconds)}"
    step = f", step: {lock.step}" if lock.step else ""
    return Text(f"held{since} by {lock.who}: {lock.what}{step}", "yellow")


def _processes(status: HostStatus) -> RenderableType:
    if not status.processes:
        return _indented("no processes", "yellow")
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("process", overflow="fold", min_width=8)
    table.add_column("status")
    for column in ("uptime", "restarts", "CPU", "memory"):
        table.add_column(column, justify="right", overflow="fold")
    for process in status.processes:
        table.add_row(
            process.name,
            Text(process.status, "green" if process.status == "online" else "yellow"),
            "" if process.uptime is None else units.duration(process.uptime),
            Text(str(process.restarts), "yellow" if process.restarts else ""),
            "" if process.cpu is None else units.percent(process.cpu),
            "" if process.memory is None else units.size(process.memory),
        )
    return Padding(table, (0, 0, 0, 2))
