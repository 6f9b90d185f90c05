"""A server as a provider hands it over: systemd, sshd, python3 and root's key; nothing that an app needs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.support import node
from tests.support.cache import built, digest
from tests.support.processes import run
from tests.vps.hosts.machine import Image

SUITE = os.environ.get("WINDLASS_BARE_SUITE", "bookworm")
"""The release of Debian or Ubuntu; trixie, jammy and noble will do as well."""

UBUNTU = {
    suite: f"deb [trusted=yes] http://archive.ubuntu.com/ubuntu {suite} main universe"
    for suite in ("jammy", "noble")
}
PACKAGES = (
    "apt systemd systemd-sysv dbus libpam-systemd openssh-server python3 iproute2 procps ca-certificates sudo"
)


def bare(suite: str = SUITE) -> Image:
    """The image of a bare server; built if need be."""
    trusted = node.CA_BUNDLE.read_bytes() if node.CA_BUNDLE.exists() else b""

    def make(folder: Path) -> None:
        packages = ",".join(PACKAGES.split())
        sources = [UBUNTU[suite]] if suite in UBUNTU else []
        run(
            ["mmdebstrap", "--variant=minbase", f"--include={packages}", suite, folder, *sources], timeout=900
        ).check()
        _settle(folder)

    return Image((built("bare", digest(suite, PACKAGES, node.npm_settings(), trusted), make),))


def _settle(root: Path) -> None:
    """Nothing that works by the clock in the middle of a test, and this machine's way to the registries."""
    timers = ("apt-daily.timer", "apt-daily-upgrade.timer", "motd-news.timer", "e2scrub_all.timer")
    for unit in (*timers, "systemd-resolved.service"):
        (root / "etc/systemd/system" / unit).symlink_to("/dev/null")
    (root / "root/.npmrc").write_text(node.npm_settings())
    if node.CA_BUNDLE.exists():
        shutil.copy(node.CA_BUNDLE, root / "etc/ssl/certs/ca-certificates.crt")
