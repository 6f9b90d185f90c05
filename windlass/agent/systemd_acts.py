"""What systemd is asked to do with an app's units, by the rights that setup has given the user who deploys."""

from __future__ import annotations

import glob
import os
import subprocess
from collections.abc import Iterable

from . import occupant, units
from .app import App, Kept
from .failure import GateFailed

FOLDER = "/etc/systemd/system"
SYSTEMCTL = "/usr/bin/systemctl"
EXTRA = 60.0
"""Seconds beyond its kill_timeout after which a unit that has not ended is a fault of systemd's."""


class Systemd:
    """The units of an app. One comes back after a boot while its start script is there."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._stem = f"windlass-{app.namespace('blue').rpartition(':')[0]}"

    @property
    def there(self) -> bool:
        return bool(glob.glob(f"{FOLDER}/{glob.escape(self._stem)}.*@.service"))

    def bring_back(self) -> None:
        """What runs has no need of a daemon."""

    def has(self, slot: str) -> bool:
        """Whether something of the slot runs, or would after a boot."""
        return bool(self._scripts(slot) or units.existing(self._pattern(slot)))

    def runs(self, kept: Kept, name: str) -> bool:
        """Whether all instances do, in the slot's release."""
        wanted = self._units(kept, name)
        folder = f"{os.path.join(self.app.paths['releases'], kept.release)}/"
        entered = (f"{occupant.starts_in(script)}/" for script in wanted.values())
        if not all(one.startswith(folder) for one in entered):
            return False
        return len(units.started(wanted)) == len(wanted)

    def start(self, kept: Kept, name: str) -> None:
        """Start it by the scripts that lie ready. GateFailed where there is none, or systemd says no."""
        for unit, script in self._units(kept, name).items():
            ready = f"{os.path.splitext(script)[0]}.script"
            incoming = f"{script}.next"
            try:
                os.link(ready, incoming)
                os.replace(incoming, script)
            except OSError as error:
                raise GateFailed(f"{name} cannot be started by {ready}: {error.strerror}") from None
            self._ask("start", [unit])

    def delete(self, kept: Kept, names: Iterable[str]) -> None:
        """End these processes, each given its kill_timeout; they do not come back after a boot."""
        found = {unit: script for name in names for unit, script in self._units(kept, name).items()}
        self._end(list(found), list(found.values()))

    def delete_all(self, kept: Kept) -> None:
        """The same with all that there is of the slot, whatever it was started from."""
        there = {os.path.basename(script): script for script in self._scripts(kept.slot)}
        named = [self._unit(name) for name in there]
        self._end({*named, *units.existing(self._pattern(kept.slot))}, there.values())

    stop_all = delete_all

    def left(self) -> list[str]:
        """The units of the app that live."""
        return units.existing(f"{self._stem}.*@*")

    def _end(self, names: Iterable[str], scripts: Iterable[str]) -> None:
        for script in scripts:
            if os.path.lexists(script):
                os.unlink(script)
        wanted = list(names)
        self._ask("stop", wanted)
        # What had to be killed is a failure to systemd, and to whoever watches the server: here it was meant.
        states = units.shown(wanted)
        self._ask(
            "reset-failed", [unit for unit in wanted if states.get(unit, {}).get("ActiveState") == "failed"]
        )

    def _units(self, kept: Kept, name: str) -> dict[str, str]:
        """The start script of each instance of a process, by its unit."""
        one = next((one for one in kept.processes if one["name"] == name), None)
        if one is None or "type" not in one:
            raise GateFailed(f"{name} is in no manifest: which unit it has is not known")
        # Each web process has a name of its own, others one for all of them.
        first = kept.web_names.index(name) + 1 if one["type"] == "web" else 1
        numbers = range(first, first + int(one.get("instances") or 1))
        scripts = [f"{one['type']}.{kept.slot}.{number}.start" for number in numbers]
        return {self._unit(script): os.path.join(self.app.paths["run"], script) for script in scripts}

    def _unit(self, script: str) -> str:
        kind, slot, number, _ = script.split(".")
        return f"{self._stem}.{kind}@{slot}.{number}.service"

    def _pattern(self, slot: str) -> str:
        return f"{self._stem}.*@{slot}.*"

    def _scripts(self, slot: str) -> list[str]:
        return glob.glob(os.path.join(glob.escape(self.app.paths["run"]), f"*.{slot}.*.start"))

    def _ask(self, verb: str, names: Iterable[str]) -> None:
        """All at once: each may take its time to end. GateFailed with what was said."""
        words = ["sudo", "-n", SYSTEMCTL, verb]
        asked = [(name, _start([*words, name])) for name in names]
        problems = []
        for name, process in asked:
            try:
                _, said = process.communicate(timeout=float(self.app.about["kill_timeout"]) + EXTRA)
            except subprocess.TimeoutExpired:
                process.kill()
                problems.append(f"systemd did not {verb} {name} in time")
                continue
            if process.returncode:
                problems.append(f"systemd could not {verb} {name}: {' '.join(said.split())[:400]}")
        if problems:
            raise GateFailed("; ".join(problems))


def _start(words: list[str]) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            words,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
    except FileNotFoundError:
        raise GateFailed("sudo is not there: fab setup brings it") from None
