"""What pm2 is asked to do, without hurting what else it runs."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable

from . import pm2, proc
from .app import App, Kept
from .failure import GateFailed

TIMEOUT = 120.0


class Pm2:
    """pm2 of this user, with the node that the last deploy found (or `node`, a folder) first on the PATH."""

    def __init__(self, app: App, node: str = "") -> None:
        self.app = app
        folders = [node, pm2.noted(app.paths["node_path"]), os.environ.get("PATH", os.defpath)]
        home = os.environ.get("HOME") or os.path.expanduser("~")
        self.home = os.environ.get("PM2_HOME") or os.path.join(home, ".pm2")
        # pm2 keeps the whole environment that it was called with, in its dump and in the app's own.
        self.environment = {
            "HOME": home,
            "USER": os.environ.get("USER", ""),
            "PATH": ":".join(filter(None, folders)),
            "LANG": os.environ.get("LANG", "C.UTF-8"),
            "PM2_HOME": self.home,
        }
        self._asked = False

    @property
    def there(self) -> bool:
        return shutil.which("pm2", path=self.environment["PATH"]) is not None

    def start(self, kept: Kept, name: str) -> None:
        """Start it from the slot's file; forgotten first: pm2 starts what is stopped in the folder that it had."""
        self.delete(kept, [name])
        done = self._run("start", self.app.paths["configs"][kept.slot], "--only", name)
        if done.returncode:
            raise GateFailed(f"pm2 could not start {name}: {reason(done)}")

    def delete(self, kept: Kept, names: Iterable[str]) -> None:
        """Stop the processes, each given its kill_timeout, and forget them; what is not there does not matter."""
        for name in names:
            self._run("delete", name)

    def delete_all(self, kept: Kept) -> None:
        """The same with all of a slot, whatever it was started from."""
        self.delete(kept, self._called(kept))

    def stop_all(self, kept: Kept) -> None:
        """Stop all of a slot and remember it as stopped."""
        for name in self._called(kept):
            self._run("stop", name)

    def runs(self, kept: Kept, name: str) -> bool:
        """Whether all instances do, in the slot's release; a pid file of an earlier boot may name anybody."""
        stem = os.path.join(self.app.paths["run"], name)
        folder = os.path.realpath(self.app.link(kept.slot))
        found = proc.from_pid_files([f"{stem}.pid", f"{stem}-[0-9]*.pid"])
        within = [one for one in found if f"{proc.cwd(one.pid)}/".startswith(folder + "/")]
        wanted = next((int(one.get("instances") or 1) for one in kept.processes if one["name"] == name), 1)
        return len(within) >= wanted

    def _called(self, kept: Kept) -> list[str]:
        """What all of a slot is called; what was started before there were namespaces, by its names."""
        return [self.app.namespace(kept.slot), *([] if kept.known else kept.names)]

    def bring_back(self) -> None:
        """Have the daemon run, with all that was saved: a save from an empty one would lose it."""
        if not pm2.daemon(self.home):
            self._pm2("resurrect")

    def save(self, dump: str) -> None:
        """Write the present list to the file `dump`. GateFailed where pm2 cannot."""
        paths = {"PM2_DUMP_FILE_PATH": dump, "PM2_DUMP_BACKUP_FILE_PATH": f"{dump}.bak"}
        done = self._pm2("save", "--force", **paths)
        if done.returncode:
            raise GateFailed(f"pm2 could not save its list: {reason(done)}")

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        if not self._asked:
            self._asked = True
            self.bring_back()
        return self._pm2(*words)

    def _pm2(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        try:
            pm2.check(self.environment["PATH"])
            return subprocess.run(
                ["pm2", *words],
                env={**self.environment, **more},
                cwd="/",  # pm2 breaks when the folder that its daemon was started from goes away
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=TIMEOUT,
                check=False,
            )
        except FileNotFoundError:
            raise GateFailed("pm2 is not on the PATH") from None
        except PermissionError as error:
            raise GateFailed(str(error)) from None
        except subprocess.TimeoutExpired:
            raise GateFailed(f"pm2 did not {words[0]} within {TIMEOUT:g} s") from None


def reason(done: subprocess.CompletedProcess[str]) -> str:
    """What pm2 says is wrong, without the list that it draws."""
    lines = [*done.stderr.splitlines(), *done.stdout.splitlines()]
    said = [line.strip() for line in lines if "ERROR" in line] or [f"exit code {done.returncode}"]
    return "; ".join(said)[:400]
