"""The app's own lines, and nginx's."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

from .chosen import chosen_config
from .onlookers import onlookers
from .options import HELP, task

if TYPE_CHECKING:
    from invoke.context import Context

    from windlass.config.model import Config
    from windlass.remote.runner import Host

    from .visiting import Crew


@task(
    help={
        **HELP,
        "lines": "how many of the last lines of each file (default: 50)",
        "follow": "go on with what is added, across deploys, until Ctrl-C",
        "process": "web, or one of [processes] (default: all of them)",
        "nginx": "nginx's access log of the app instead",
        "grep": "only lines that hold this text, whatever its case",
    }
)
def logs(
    ctx: Context,
    lines: int = 50,
    follow: bool = False,
    process: str | None = None,
    nginx: bool = False,
    grep: str = "",
    app: str | None = None,
    target: str | None = None,
    json: bool = False,
) -> None:
    """Show the app's last lines on the live slot; secrets are masked."""
    from windlass.errors import UsageError

    if lines < 0:
        raise UsageError(f"--lines {lines} is less than none", hint="fab logs --lines 100")
    config = chosen_config(ctx, app)
    request = {
        "sources": _nginx(config) if nginx else sources(config, process),
        "lines": lines,
        "follow": follow,
        "grep": grep,
    }
    with onlookers(ctx, config, "logs", target=target, json=json, as_owner=not nginx) as hosts:
        printer = Printer(many=len(hosts.hosts) > 1, json=json)
        try:
            _read_all(hosts, request, printer)
        except KeyboardInterrupt:
            if not follow:
                raise


def sources(config: Config, process: str | None) -> list[dict[str, str]]:
    """The log files of both slots; the agent chooses those of the live one. Raises UsageError."""
    from windlass.errors import UsageError
    from windlass.layout import SLOTS
    from windlass.near import did_you_mean

    names = {"web": "", **{name: name for name in config.processes}}
    if process is not None and process not in names:
        raise UsageError(
            f"{config.app.name} has no process {process!r}{did_you_mean(process, names)}",
            hint=f"its processes: {', '.join(names)}",
        )
    wanted = list(dict.fromkeys(["", *config.processes])) if process is None else [names[process]]
    folder = config.layout.logs / "app"
    return [
        {
            "slot": slot,
            "label": " ".join(filter(None, [name, stream])),
            "path": str(folder / f"{config.process_name(slot, name)}.{stream}.log"),
        }
        for slot in SLOTS
        for name in wanted
        for stream in ("out", "err")
    ]


def _nginx(config: Config) -> list[dict[str, str]]:
    return [{"slot": "", "label": "nginx", "path": config.nginx.access_log}]


class Printer:
    """Writes what the agents send, each line behind where it comes from; for several threads."""

    def __init__(self, *, many: bool, json: bool) -> None:
        self._many, self._json = many, json
        self._lock = threading.Lock()

    def show(self, host: str, message: dict[str, Any]) -> None:
        """One message of the agent's. Raises BrokenPipeError where the reader has gone."""
        from windlass.report.text import last_state

        if message["ev"] == "line":
            where = " ".join(filter(None, [message["slot"], message["label"]]))
            text = f"{where} | {last_state(message['text'])}"
            self._write(sys.stdout, self._as_json(host, message) if self._json else self._behind(host, text))
        elif message["ev"] == "switched":
            self._aside(host, f"{message['slot']} is live now: {message['release']}")
        elif message["ev"] == "unread":
            self._aside(host, f"{message['path']}: {message['problem']}{_advice(host, message)}")

    def _aside(self, host: str, text: str) -> None:
        self._write(sys.stderr, self._behind(host, f"-- {text}"))

    def _behind(self, host: str, text: str) -> str:
        return f"{host}  {text}\n" if self._many else f"{text}\n"

    def _as_json(self, host: str, message: dict[str, Any]) -> str:
        from windlass.report.jsonl import line

        return line({"host": host, **{key: message[key] for key in ("slot", "label", "text")}})

    def _write(self, stream: Any, text: str) -> None:
        with self._lock:
            stream.write(text)
            stream.flush()


def _advice(host: str, message: dict[str, Any]) -> str:
    if message["label"] != "nginx":
        return ""
    return f"; root can read it: fab logs --nginx -H root@{host.rpartition('@')[2]}"


def _read_all(crew: Crew, request: dict[str, Any], printer: Printer) -> None:
    """Read every host in a thread of its own; the first one's error, if any, ends it all."""
    problems: list[BaseException] = []

    def read(host: Host) -> None:
        try:
            _read(host, request, printer)
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


def _read(host: Host, request: dict[str, Any], printer: Printer) -> None:
    if not host.opened.live["release"] and request["sources"][0]["slot"]:
        print(f"{host.name}  nothing is deployed yet")
        return
    host.visit.send("tail", **request)
    while (message := host.visit.next())["ev"] != "tailed":
        printer.show(host.name, message)
