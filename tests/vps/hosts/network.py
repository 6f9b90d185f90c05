"""A private network for the hosts of one test run, and the cleaning up after runs that were killed.

Everything on the machine that belongs to a run (bridge, network namespaces, cgroups, mounts, firewall rules)
has the run's slot number in its name. A slot belongs to the process that holds the lock on its file; whatever
carries the number of a slot that nobody holds is a leftover, and may go.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

from tests.support.processes import wait_until
from windlass.demo.locks import FileLock

SLOTS = Path("/run/windlass-tests")
CGROUPS = Path("/sys/fs/cgroup")


def sh(*arguments: str | Path, check: bool = True) -> str:
    """Run a program on this machine and return what it printed; RuntimeError if it fails and `check`."""
    done = subprocess.run(
        [str(a) for a in arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    if check and done.returncode != 0:
        raise RuntimeError(
            f"{' '.join(map(str, arguments))}: exit {done.returncode}: {done.stderr or done.stdout}"
        )
    return done.stdout


class Slot:
    """A number that one run owns, with a bridge, a subnet, and a folder for its hosts' disks."""

    def __init__(self, disks: Path) -> None:
        """Take a free number and remove what dead runs left; hosts' disks go below `disks`."""
        SLOTS.mkdir(mode=0o755, exist_ok=True)
        self.number, self._lock = _take_free_number()
        self.bridge = f"wlbr{self.number}"
        self.subnet = f"10.231.{self.number}"
        self.gateway = f"{self.subnet}.1"
        self.disks = disks / f"slot-{self.number}"
        self.disks.mkdir(parents=True)
        _disks_of(self.number).write_text(str(self.disks))
        self._mtu = _mtu_towards_internet()
        self._hosts = 0
        self._make_bridge()

    def name_host(self) -> tuple[str, str]:
        """A name and an address that no host of this run has had."""
        self._hosts += 1
        assert self._hosts < 240, "a run has addresses for 240 hosts"
        return f"wl{self.number}-{self._hosts}", f"{self.subnet}.{self._hosts + 10}"

    def plug_in(self, name: str, address: str) -> None:
        """Make the network namespace `name`, joined to the bridge by a cable and routed to the internet."""
        cable = name.replace("-", "v")
        sh("ip", "netns", "add", name)
        sh(
            "ip",
            "link",
            "add",
            cable,
            "mtu",
            self._mtu,
            "type",
            "veth",
            "peer",
            "name",
            "eth0",
            "netns",
            name,
        )
        sh("ip", "link", "set", cable, "master", self.bridge, "up")
        sh("ip", "-n", name, "link", "set", "lo", "up")
        sh("ip", "-n", name, "link", "set", "eth0", "mtu", self._mtu, "up")
        sh("ip", "-n", name, "addr", "add", f"{address}/24", "dev", "eth0")
        sh("ip", "-n", name, "route", "add", "default", "via", self.gateway)

    def unplug(self, name: str) -> None:
        """Remove the namespace and its cable; nothing if it is gone."""
        sh("ip", "netns", "del", name, check=False)
        sh("ip", "link", "del", name.replace("-", "v"), check=False)

    def close(self) -> None:
        """Remove everything that carries the number, and give the number back."""
        clean(self.number)
        self._lock.close()

    def _make_bridge(self) -> None:
        sh("ip", "link", "add", self.bridge, "type", "bridge")
        sh("ip", "addr", "add", f"{self.gateway}/24", "dev", self.bridge)
        sh("ip", "link", "set", self.bridge, "up")
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        for rule in _rules(self.number):
            sh("iptables", "-w", *rule[0], "-I", *rule[1])


def clean(number: int) -> None:
    """End and remove everything that carries a slot's number; the caller holds the slot's lock."""
    for cgroup in CGROUPS.glob(f"*/wl{number}-*"):
        end_cgroup(cgroup)
    for cgroup in CGROUPS.glob(f"wl{number}-*"):
        end_cgroup(cgroup)
    _unmount(f"wl{number}-")
    for namespace in Path("/run/netns").glob(f"wl{number}-*"):
        sh("ip", "netns", "del", namespace.name, check=False)
    sh("ip", "link", "del", f"wlbr{number}", check=False)
    for table, rule in _rules(number):
        while (
            subprocess.run(
                ["iptables", "-w", *table, "-D", *rule], capture_output=True, check=False
            ).returncode
            == 0
        ):
            pass
    for left in Path("/run/systemd/nspawn/propagate").glob(f"wl{number}-*"):
        shutil.rmtree(left, ignore_errors=True)
    record = _disks_of(number)
    if record.exists():
        shutil.rmtree(record.read_text(), ignore_errors=True)
        record.unlink()


def end_cgroup(cgroup: Path) -> None:
    """Kill every process in a cgroup and below, then remove it."""
    if not cgroup.exists():
        return

    def empty() -> bool:
        pids = [int(pid) for listing in cgroup.rglob("cgroup.procs") for pid in _lines(listing)]
        for pid in filter(None, pids):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        return not pids

    wait_until(empty, 20, f"processes in {cgroup} do not die")
    for folder in sorted(cgroup.rglob("*/"), reverse=True):
        if folder.is_dir():
            _remove_folder(folder)
    _remove_folder(cgroup)


def _remove_folder(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []


def _take_free_number() -> tuple[int, FileLock]:
    taken: tuple[int, FileLock] | None = None
    for number in range(1, 250):
        path = SLOTS / f"slot-{number}"
        if taken and not path.exists():
            break
        lock = FileLock.try_take(path)
        if lock is None:
            continue
        clean(number)
        if taken:
            lock.close()
        else:
            taken = number, lock
    assert taken, "249 runs on this machine already"
    return taken


def _disks_of(number: int) -> Path:
    return SLOTS / f"slot-{number}.disks"


def _rules(number: int) -> list[tuple[list[str], list[str]]]:
    bridge = f"wlbr{number}"
    return [
        (
            ["-t", "nat"],
            ["POSTROUTING", "-s", f"10.231.{number}.0/24", "!", "-o", bridge, "-j", "MASQUERADE"],
        ),
        ([], ["FORWARD", "-i", bridge, "-j", "ACCEPT"]),
        ([], ["FORWARD", "-o", bridge, "-j", "ACCEPT"]),
    ]


def _unmount(prefix: str) -> None:
    mounts = [line.split(" ") for line in Path("/proc/self/mounts").read_text().splitlines()]
    for mount in reversed(mounts):
        if mount[0].startswith(prefix):
            sh("umount", "-l", mount[1].encode().decode("unicode_escape"), check=False)


def _mtu_towards_internet() -> str:
    route = sh("ip", "route", "show", "default").split()
    if "dev" not in route:
        return "1500"
    device = route[route.index("dev") + 1]
    return Path(f"/sys/class/net/{device}/mtu").read_text().strip()
