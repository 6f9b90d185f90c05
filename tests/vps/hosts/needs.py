"""What the vps tier needs of the machine that runs it."""

from __future__ import annotations

import os
import shutil

_TOOLS = ("mmdebstrap", "systemd-nspawn", "ip", "iptables", "nsenter", "ssh", "ssh-keygen", "mount")


def lacks() -> str:
    """Why the tier cannot run here, as a sentence; empty if it can."""
    if os.geteuid() != 0:
        return "the vps tier needs root"
    missing = [tool for tool in _TOOLS if not shutil.which(tool)]
    return f"the vps tier needs {', '.join(missing)}: make setup" if missing else ""
