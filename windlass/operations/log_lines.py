"""The app's own lines, and nginx's."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from windlass.clean import last_state, one_line
from windlass.config.model import Config
from windlass.errors import UsageError
from windlass.layout import SLOTS
from windlass.near import did_you_mean
from windlass.operations.crew import Crew, onlookers
from windlass.operations.request import Request
from windlass.remote.runner import Host
from windlass.report.jsonl import line
from windlass.supervisors import units
from windlass.tell import tell


def logs(
    request: Request,
    *,
    lines: int = 50,
    follow: bool = False,
    process: str | None = None,
    nginx: bool = False,
    grep: str = "",
) -> int:
    """Print the app's last lines on the live slot of each host, so many of each file; secrets are masked.

    `follow` goes on with what is added until Ctrl-C, `process` is "web" or one of the config's, `nginx` is its
    access log instead, `grep` a text that a line has to hold, whatever its case. Raises UsageError for a negative
    number of lines and for a process that the app lacks.
    """
    if lines < 0:
        raise UsageError(f"--lines {lines} is less than none", hint="fab logs --lines 100")
    config = request.config
    wanted = _nginx(config) if nginx else sources(config, process)
    asked = {"sources": wanted, "lines": lines, "follow": follow, "grep": grep}
    with onlookers(request, "logs", as_owner=not nginx) as hosts:
        printer = Printer(many=len(hosts.hosts) > 1, json=request.json)
        try:
            _read_all(hosts, asked, printer)
        except KeyboardInterrupt:
            if not follow:
                raise
    return 0


def sources(config: Config, process: str | None) -> list[dict[str, Any]]:
    """The log files of both slots, and their units; the agent chooses those that what is live writes to.

    Raises UsageError.
    """
    names = {"web": "", **{name: name for name in config.processes}}
    if process is not None and process not in names:
        raise UsageError(
            f"{config.app.name} has no process {process!r}{did_you_mean(process, names)}",
            hint=f"its processes: {', '.join(names)}",
        )
    wanted = list(dict.fromkeys(["", *config.processes])) if process is None else [names[process]]
    return [*_files(config, wanted), *_units(config, wanted)]


def _files(config: Config, wanted: Sequence[str]) -> list[dict[str, str]]:
    """What pm2 writes of these processes, the web process being ""."""
    folder = config.layout.logs / "app"
    return [
        {
            "slot": slot,
            "supervisor": "pm2",
            "label": " ".join(filter(None, [name, stream])),
            "path": str(folder / f"{config.process_name(slot, name)}.{stream}.log"),
        }
        for slot in SLOTS
        for name in wanted
        for stream in ("out", "err")
    ]


def _units(config: Config, wanted: Sequence[str]) -> list[dict[str, Any]]:
    """The units of these processes, of every number that a host may have, whose lines systemd keeps in its journal."""
    found = []
    for slot in SLOTS:
        for kind in (name or units.WEB for name in wanted):
            count = len(config.reserved(slot)) if kind == units.WEB else units.instances(config, kind)
            names = [units.unit(config, kind, slot, number) for number in range(1, count + 1)]
            found.append({"slot": slot, "supervisor": "systemd", "label": kind, "units": names})
    return found


def _nginx(config: Config) -> list[dict[str, str]]:
    return [{"slot": "", "label": "nginx", "path": config.nginx.access_log}]


class Printer:
    """Writes what the agents send, each line behind where it comes from; for several threads."""

    def __init__(self, *, many: bool, json: bool) -> None:
        self._many, self._json = many, json
        self._lock = threading.Lock()

    def show(self, host: str, message: Mapping[str, Any]) -> None:
        """One message of the agent's. Raises BrokenPipeError where the reader has gone."""
        if message["ev"] == "line":
            where = " ".join(filter(None, [message["slot"], message["label"]]))
            text = f"{where} | {last_state(message['text'])}"
            self._write(self._as_json(host, message) if self._json else self._behind(host, text))
        elif message["ev"] == "switched":
            self._aside(host, f"{message['slot']} is live now: {message['release']}")
        elif message["ev"] == "unread":
            self._aside(host, f"{message['path']}: {message['problem']}{_advice(host, message)}")

    def _aside(self, host: str, text: str) -> None:
        self._write(self._behind(host, f"-- {text}"), errors=True)

    def _behind(self, host: str, text: str) -> str:
        return one_line(f"{host}  {text}" if self._many else text) + "\n"

    def _as_json(self, host: str, message: Mapping[str, Any]) -> str:
        return line({"host": host, **{key: message[key] for key in ("slot", "label", "text")}})

    def _write(self, text: str, *, errors: bool = False) -> None:
        with self._lock:
            tell(text, end="", errors=errors)


def _advice(host: str, message: Mapping[str, Any]) -> str:
    if message["label"] != "nginx":
        return ""
    return f"; root can read it: fab logs --nginx -H root@{host.rpartition('@')[2]}"


def _read_all(crew: Crew, asked: Mapping[str, Any], printer: Printer) -> None:
    """Read every host in a thread of its own; the first one's error, if any, ends it all."""
    problems: list[BaseException] = []

    def read(host: Host) -> None:
        try:
            _read(host, asked, printer)
        except BaseException as error:  # handed to the thread that waits
            problems.append(error)

    threads = [threading.Thread(target=read, args=(host,), daemon=True) for host in crew.hosts]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads) and not problems:
        for thread in threads:
            thread.join(0.1)
    if problems:
        raise problems[0]


def _read(host: Host, asked: Mapping[str, Any], printer: Printer) -> None:
    if not host.opened.live["release"] and asked["sources"][0]["slot"]:
        tell(f"{host.name}  nothing is deployed yet")
        return
    host.visit.send("tail", **asked)
    while (message := host.visit.next())["ev"] != "tailed":
        printer.show(host.name, message)
