"""Where things are on the server, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal

Slot = Literal["blue", "green"]
TOP = PurePosixPath(".")
SLOTS: tuple[Slot, Slot] = ("blue", "green")


def other(slot: Slot) -> Slot:
    """The slot beside this one."""
    return "green" if slot == "blue" else "blue"


@dataclass(frozen=True)
class Layout:
    """The folders of one app under its root; `subfolder` is the app's place inside its repository."""

    root: PurePosixPath
    subfolder: PurePosixPath = TOP

    @property
    def workspace(self) -> PurePosixPath:
        """The checkout where building happens."""
        return self.root / "workspace"

    @property
    def workspace_app(self) -> PurePosixPath:
        return self.workspace / self.subfolder

    @property
    def releases(self) -> PurePosixPath:
        return self.root / "releases"

    def release(self, release: str) -> PurePosixPath:
        return self.releases / release

    def partial(self, release: str) -> PurePosixPath:
        """Where a snapshot grows until it is whole; recovery removes what is left of one."""
        return self.releases / f".{release}.partial"

    def release_app(self, release: str) -> PurePosixPath:
        """The working directory of a release's processes."""
        return self.release(release) / self.subfolder

    @property
    def current(self) -> PurePosixPath:
        return self.root / "current"

    @property
    def shared(self) -> PurePosixPath:
        return self.root / "shared"

    @property
    def env_file(self) -> PurePosixPath:
        return self.shared / ".env"

    @property
    def env_versions(self) -> PurePosixPath:
        """Every kept version of `.env`, each in a file named after its number."""
        return self.shared / ".env.versions"

    def env_version(self, number: int) -> PurePosixPath:
        return self.env_versions / f"{number:04d}"

    @property
    def assets(self) -> PurePosixPath:
        """Hashed assets of every kept release, which nginx serves."""
        return self.root / "assets"

    @property
    def backups(self) -> PurePosixPath:
        return self.root / "backups"

    def backup(self, name: str) -> PurePosixPath:
        """A dump; NAME.json beside it says what it is."""
        return self.backups / f"{name}.dump"

    @property
    def logs(self) -> PurePosixPath:
        return self.root / "logs"

    @property
    def run(self) -> PurePosixPath:
        return self.root / "run"

    @property
    def ledger(self) -> PurePosixPath:
        return self.root / "ledger.jsonl"

    @property
    def lock(self) -> PurePosixPath:
        return self.root / "lock"

    @property
    def wanted(self) -> PurePosixPath:
        """There while a command takes the lock over: from which run, and in whose name."""
        return self.root / "lock.wanted"

    @property
    def green(self) -> PurePosixPath:
        """The flag that nginx looks for: green is live while this file is there, else blue."""
        return self.run / "green"

    @property
    def green_off(self) -> PurePosixPath:
        """Where the flag lies while blue is live, so that a cutover is one rename in either direction."""
        return self.run / "green.off"

    @property
    def maintenance(self) -> PurePosixPath:
        """Visitors get the maintenance page while this file is there."""
        return self.run / "maintenance"

    @property
    def migrated(self) -> PurePosixPath:
        """There while a deploy with its page up has begun to migrate and has not gone live."""
        return self.run / "migrated"

    @property
    def node_path(self) -> PurePosixPath:
        """Names node's folder as the last deploy found it, for whatever must run without looking for it."""
        return self.run / "node-path"

    @property
    def left_agent(self) -> PurePosixPath:
        """The agent as the last command sent it, for whatever runs after a boot."""
        return self.run / "agent.pyz"

    @property
    def stopped(self) -> PurePosixPath:
        """As `maintenance`, and nothing is started while this file is there."""
        return self.run / "stopped"

    @property
    def maintenance_page(self) -> PurePosixPath:
        return self.run / "maintenance.html"

    def slot_release(self, slot: Slot) -> PurePosixPath:
        """A link to the release that the slot runs, or ran last."""
        return self.run / f"slot-{slot}"

    def slot_config(self, slot: Slot) -> PurePosixPath:
        """The ecosystem file that the slot was started from."""
        return self.run / f"{slot}.config.js"

    def start_script(self, kind: str, slot: Slot, number: int) -> PurePosixPath:
        """What systemd has a process started by; not there where the process is not to run.

        As `….script` it lies ready.
        """
        return self.run / f"{kind}.{slot}.{number}.start"

    def slot_manifest(self, slot: Slot) -> PurePosixPath:
        """What the slot was started with; gone once the slot runs nothing."""
        return self.run / f"{slot}.json"

    def release_manifest(self, release: str) -> PurePosixPath:
        """What the release was started with when visitors last got it."""
        return self.release(release) / ".windlass-manifest"

    @property
    def standby(self) -> PurePosixPath:
        """While this file is there, the idle slot is left running as a warm standby."""
        return self.run / "standby"

    @property
    def install_stamp(self) -> PurePosixPath:
        """What the last finished install in the workspace was made of; in .git, where no clean removes it."""
        return self.workspace / ".git" / "windlass-install"

    @property
    def generate_stamp(self) -> PurePosixPath:
        return self.workspace / ".git" / "windlass-generate"

    def paths(self) -> dict[str, Any]:
        """What the agent must know of the server's places, as plain text; it makes `folders` and `private`."""
        public = [self.root, self.releases, self.shared, self.assets, self.run, self.logs, self.logs / "app"]
        return {
            "root": str(self.root),
            "lock": str(self.lock),
            "wanted": str(self.wanted),
            "ledger": str(self.ledger),
            "logs": str(self.logs),
            "flag": str(self.green),
            "maintenance": str(self.maintenance),
            "stopped": str(self.stopped),
            "reserve": str(self.root / "reserve"),
            "standby": str(self.standby),
            "current": str(self.current),
            "run": str(self.run),
            "migrated": str(self.migrated),
            "node_path": str(self.node_path),
            "configs": {slot: str(self.slot_config(slot)) for slot in SLOTS},
            "slots": {slot: str(self.slot_release(slot)) for slot in SLOTS},
            "manifests": {slot: str(self.slot_manifest(slot)) for slot in SLOTS},
            "releases": str(self.releases),
            "workspace": str(self.workspace),
            "env_file": str(self.env_file),
            "env_versions": str(self.env_versions),
            "stamps": {"install": str(self.install_stamp), "generate": str(self.generate_stamp)},
            "folders": [str(path) for path in public],
            "private": [str(self.backups), str(self.env_versions)],
        }
