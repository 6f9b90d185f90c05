"""A host for tests: Debian with a real systemd, in a container that has its own disk, network and address."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import Completed, Running, wait_until
from tests.vps.hosts.network import CGROUPS, Slot, end_cgroup, sh

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "NODE_EXTRA_CA_CERTS": "/etc/ssl/certs/ca-certificates.crt",
}


@dataclass(frozen=True)
class Image:
    """What a host starts from: folders laid over one another, the topmost first."""

    layers: tuple[Path, ...]

    def with_layer(self, layer: Path) -> Image:
        return Image((layer, *self.layers))


class Vps:
    """One host. Off when made; `boot` it. Its disk outlives power cuts and reboots, until `destroy`."""

    def __init__(self, slot: Slot, image: Image, authorized_key: str = "") -> None:
        self.name, self.address = slot.name_host()
        self.image = image
        self._slot = slot
        self._folder = slot.disks / self.name
        self._merged = self._folder / "root"
        self._console = self._folder / "console"
        self._container: subprocess.Popen[bytes] | None = None
        self._leader: int | None = None
        self._disks: dict[str, Path] = {}
        for part in ("root", "upper", "work"):
            (self._folder / part).mkdir(parents=True)
        self._mount()
        self._personalise(authorized_key)
        slot.plug_in(self.name, self.address)

    @property
    def running(self) -> bool:
        return self._container is not None and self._container.poll() is None

    @property
    def host_key(self) -> str:
        """Type and base64 text of its ed25519 host key, as known_hosts has them."""
        return " ".join(self.read("/etc/ssh/ssh_host_ed25519_key.pub").split()[:2])

    def boot(self, timeout: float = 60) -> Vps:
        """Start it, and return itself when sshd answers and every unit of the boot has started or failed."""
        assert not self.running, f"{self.name} is running"
        self._wait_until_gone()
        self._container = subprocess.Popen(
            ["sh", "-ec", self._start_script(), "sh", *self._nspawn()],
            stdin=subprocess.DEVNULL,
            stdout=self._console.open("ab"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_until(self._answers, timeout, lambda: f"{self.name} does not boot: {self.console[-3000:]}")
            wait_until(self._booted, timeout, lambda: f"{self.name} is still starting: {self._jobs()}", 0.1)
        except BaseException:
            self.kill()
            raise
        return self

    def poweroff(self, timeout: float = 60) -> None:
        """Shut down as an administrator would, and wait until it is off."""
        self.run("systemctl poweroff", check=False)
        self.wait_until_off(timeout)

    def wait_until_off(self, timeout: float = 60) -> None:
        """Wait for a shutdown or reboot that something else ordered; a reboot leaves it off too."""
        wait_until(lambda: not self.running, timeout, f"{self.name} does not shut down")
        self._wait_until_gone()

    def reboot(self) -> None:
        """Shut down cleanly and boot."""
        self.poweroff()
        self.boot()

    def kill(self) -> None:
        """A power cut: every process ends at once, with no chance to write anything."""
        if self._container is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._container.pid, signal.SIGKILL)
            self._container.wait()
        self._wait_until_gone()

    def power_cycle(self) -> None:
        """A power cut, and the power comes back."""
        self.kill()
        self.boot()

    def destroy(self) -> None:
        """End it and remove all that it had."""
        self.kill()
        self._unmount()
        self._slot.unplug(self.name)
        shutil.rmtree(self._folder, ignore_errors=True)

    def freeze(self, layer: Path) -> Image:
        """End this host, which is off, by making its disk a layer; the image holds it on top of its own.

        `layer` is an empty or missing folder on the same file system as the host's disk.
        """
        assert not self.running, f"{self.name} is running"
        assert not self._disks, "a small disk cannot be frozen"
        self._unmount()
        (self._folder / "upper").rename(layer)
        self._slot.unplug(self.name)
        shutil.rmtree(self._folder, ignore_errors=True)
        return self.image.with_layer(layer)

    def run(self, script: str, user: str = "root", check: bool = True, timeout: float = 60) -> Completed:
        """Run a bash text (with `-e`) as a user, in their home. Not over SSH: it works with a cut network.

        AssertionError on a failure if `check`, and past `timeout` seconds.
        """
        done = self.popen(script, user).wait(timeout)
        return done.check() if check else done

    def popen(self, script: str, user: str = "root", stdin: str = "") -> Running:
        """Start a bash text as `run` does, without waiting for it."""
        home = "/root" if user == "root" else f"/home/{user}"
        environment = {**ENVIRONMENT, "HOME": home, "USER": user, "LOGNAME": user, "SHELL": "/bin/bash"}
        become = ["runuser", "-u", user, "--"] if user != "root" else []
        pairs = [f"{name}={value}" for name, value in environment.items()]
        text = f"cd {shlex.quote(home)} 2>/dev/null || cd /\n{script}"
        return Running([*self._enter(), "env", "-i", *pairs, *become, "bash", "-ec", text], stdin=stdin)

    def path(self, inside: str | Path) -> Path:
        """Where a path of the host is found from outside; symbolic links are followed as the host would.

        A running host is seen with its own mounts (/run, /tmp, small disks); one that is off, its disk alone.
        """
        root = Path(f"/proc/{self._pid_of_init()}/root") if self.running else self._merged
        return _inside(root, inside)

    def exists(self, path: str | Path) -> bool:
        return self.path(path).exists()

    def read(self, path: str | Path) -> str:
        return self.path(path).read_text()

    def write(self, path: str | Path, text: str, owner: str | None = None, mode: int | None = None) -> None:
        """Write a file, making its folders; all that is new belongs to the user `owner` and their group."""
        target = self.path(path)
        made = [folder for folder in target.parents if not folder.exists()]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        if mode is not None:
            target.chmod(mode)
        if owner is not None:
            for changed in [target, *made]:
                os.chown(changed, *self._ids(owner))

    def put(self, source: Path, path: str, owner: str | None = None) -> None:
        """Copy a folder of this machine, such as a bare repository, to a path that is new on the host."""
        target = self.path(path)
        shutil.copytree(source, target, symlinks=True)
        if owner is not None:
            uid, gid = self._ids(owner)
            for entry in [target, *target.rglob("*")]:
                os.lchown(entry, uid, gid)

    def authorize(self, public_key: str, *users: str) -> None:
        """Let the owner of a public key in as each of the users (root and deploy if none is named)."""
        for user in users or ("root", "deploy"):
            home = "/root" if user == "root" else f"/home/{user}"
            self.write(f"{home}/.ssh/authorized_keys", public_key.strip() + "\n", owner=user, mode=0o600)
            self.path(f"{home}/.ssh").chmod(0o700)

    def allow_sudo(self, user: str = "deploy") -> None:
        """Give a user sudo without a password; hosts come without."""
        self.write(f"/etc/sudoers.d/{user}", f"{user} ALL=(ALL) NOPASSWD: ALL\n", owner="root", mode=0o440)

    def cut_network(self, *, drop: bool = True, port: int | None = None) -> None:
        """Cut the host off: packets vanish silently, or with `drop=False` every connection is reset.

        With `port`, only TCP to that port of the host (22: the operator's cable, while visitors still come).
        Its loopback is untouched.
        """
        if not drop:
            # The resets themselves must get out.
            self._firewall("-A", "OUTPUT", "-p", "tcp", "--tcp-flags", "RST", "RST", "-j", "ACCEPT")
        for chain, interface, side in (("INPUT", "-i", "--dport"), ("OUTPUT", "-o", "--sport")):
            tcp = ["-p", "tcp"] if port or not drop else []
            only = [side, str(port)] if port else []
            self._firewall("-A", chain, "!", interface, "lo", *tcp, *only, *_verdict(drop))

    def cut_internet(self, *, drop: bool = False) -> None:
        """Leave it this run's own network only: registries refuse it, or with `drop` are silent."""
        verdict = ["-j", "DROP"] if drop else ["-j", "REJECT"]
        self._firewall("-A", "OUTPUT", "!", "-o", "lo", "!", "-d", f"{self._slot.subnet}.0/24", *verdict)

    def restore_network(self) -> None:
        """Undo every cut."""
        self._firewall("-F")

    def small_disk(self, path: str, size: int) -> None:
        """Give a folder a file system of `size` bytes, with what it holds; the host is off.

        It stays through reboots and power cuts. `fill_disk` and `free_disk` resize it while in use.
        """
        assert not self.running, f"{self.name} is running"
        there = self.path(path)
        disk = self._folder / f"disk{len(self._disks)}"
        disk.mkdir()
        sh("mount", "-t", "tmpfs", "-o", f"size={size},mode=755", f"{self.name}-disk", disk)
        sh("cp", "-a", f"{there}/.", disk)
        self._disks[path] = disk

    def plain_disk(self, path: str) -> None:
        """Put a folder on this machine's own disk, not in layers, where a hard link is dear; the host is off."""
        assert not self.running, f"{self.name} is running"
        disk = self._folder / f"disk{len(self._disks)}"
        sh("cp", "-aT", self.path(path), disk)
        self._disks[path] = disk

    def fill_disk(self, path: str, leave: int = 0) -> None:
        """Shrink a small disk so that `leave` bytes (rounded to pages of 4096) are free."""
        disk = self._disks[path]
        figures = os.statvfs(disk)
        used = (figures.f_blocks - figures.f_bfree) * figures.f_frsize
        sh("mount", "-o", f"remount,size={max(used + leave, 4096)}", disk)

    def free_disk(self, path: str, size: int = 8 << 30) -> None:
        """Let a small disk hold `size` bytes."""
        sh("mount", "-o", f"remount,size={size}", self._disks[path])

    @property
    def console(self) -> str:
        """What systemd has printed in all its boots."""
        return self._console.read_text(errors="replace") if self._console.exists() else ""

    def _mount(self) -> None:
        options = [
            f"lowerdir={':'.join(map(str, self.image.layers))}",
            f"upperdir={self._folder / 'upper'}",
            f"workdir={self._folder / 'work'}",
            # Renamed folders, hard links and chown work as on a plain disk, and cheaply; sync is a no-op.
            "redirect_dir=on,metacopy=on,index=on,volatile",
        ]
        sh("mount", "-t", "overlay", "-o", ",".join(options), self.name, self._merged)

    def _unmount(self) -> None:
        for disk in self._disks.values():
            sh("umount", "-l", disk, check=False)
        sh("umount", self._merged, check=False)

    def _personalise(self, authorized_key: str) -> None:
        self.write("/etc/hostname", self.name + "\n")
        self.write("/etc/hosts", f"127.0.0.1 localhost\n::1 localhost\n{self.address} {self.name}\n")
        self.write("/etc/machine-id", "")
        self.write("/etc/resolv.conf", _name_servers())
        if authorized_key:
            self.authorize(authorized_key)
        key = self.path("/etc/ssh") / "ssh_host_ed25519_key"
        for old in key.parent.glob("ssh_host_*"):
            old.unlink()
        sh("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"root@{self.name}", "-f", key)

    def _start_script(self) -> str:
        # Two systemds in one cgroup would end each other's services.
        joins = [f"mkdir -p {group}; echo $$ > {group}/cgroup.procs" for group in self._cgroups()]
        return "\n".join([*joins, 'exec "$@"'])

    def _cgroups(self) -> list[Path]:
        if (CGROUPS / "cgroup.controllers").exists():
            return [CGROUPS / self.name]
        return [CGROUPS / kind / self.name for kind in ("systemd", "unified") if (CGROUPS / kind).is_dir()]

    def _nspawn(self) -> list[str]:
        binds = [f"--bind={disk}:{path}" for path, disk in self._disks.items()]
        return [
            "systemd-nspawn",
            "--quiet",
            f"--directory={self._merged}",
            f"--machine={self.name}",
            f"--network-namespace-path=/run/netns/{self.name}",
            "--boot",
            "--register=no",
            "--keep-unit",
            "--link-journal=no",
            "--resolv-conf=off",
            "--timezone=off",
            "--capability=CAP_NET_ADMIN",  # root of a VPS sets up its firewall
            "--console=pipe",
            *binds,
        ]

    def _enter(self) -> list[str]:
        return ["nsenter", "-t", str(self._pid_of_init()), "-m", "-u", "-i", "-n", "-p", "--"]

    def _pid_of_init(self) -> int:
        assert self._container, f"{self.name} is off"
        assert self.running, f"{self.name} is off"
        if self._leader is None:
            pid = self._container.pid
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            assert children, f"{self.name} has no init yet"
            self._leader = int(children[0])
        return self._leader

    def _answers(self) -> bool:
        assert self.running, f"{self.name} ended while booting: {self.console[-3000:]}"
        try:
            with socket.create_connection((self.address, 22), timeout=1) as connection:
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False

    def _booted(self) -> bool:
        state = self.run("systemctl is-system-running", check=False).stdout.strip()
        return state in ("running", "degraded")

    def _jobs(self) -> str:
        return self.run("systemctl list-jobs; systemctl --failed", check=False).output

    def _wait_until_gone(self) -> None:
        self._container = self._leader = None
        for cgroup in self._cgroups():
            end_cgroup(cgroup)
        left = Path("/run/systemd/nspawn/propagate") / self.name
        shutil.rmtree(left, ignore_errors=True)

    def _firewall(self, *rule: str) -> None:
        sh("ip", "netns", "exec", self.name, "iptables", "-w", *rule)

    def _ids(self, user: str) -> tuple[int, int]:
        for line in self.read("/etc/passwd").splitlines():
            name, _, uid, gid, *_ = line.split(":")
            if name == user:
                return int(uid), int(gid)
        raise KeyError(f"{self.name} has no user {user}")


def _name_servers() -> str:
    """This machine's, those behind systemd-resolved's loopback address if that is what it asks."""
    resolved = Path("/run/systemd/resolve/resolv.conf")
    own = Path("/etc/resolv.conf").read_text()
    return resolved.read_text() if "127.0.0.53" in own and resolved.exists() else own


def _verdict(drop: bool) -> list[str]:
    return ["-j", "DROP"] if drop else ["-j", "REJECT", "--reject-with", "tcp-reset"]


def _inside(root: Path, path: str | Path, hops: int = 0) -> Path:
    """Follow a path below `root`, its absolute symbolic links too, without leaving `root`."""
    assert hops < 40, f"too many symbolic links: {path}"
    at = root
    parts = [part for part in Path(path).parts if part != "/"]
    for index, part in enumerate(parts):
        at = at / part if part != ".." else (at if at == root else at.parent)
        if at.is_symlink():
            link = at.readlink()
            base = "/" if link.is_absolute() else "/" + str(at.parent.relative_to(root))
            return _inside(root, Path(base, link, *parts[index + 1 :]), hops + 1)
    return at
