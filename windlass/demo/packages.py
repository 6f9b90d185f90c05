"""The Debian and Ubuntu packages that the demo and the tests need of the machine, and installing those it lacks.

`python3 -m windlass.demo.packages PURPOSE` runs before anything is installed: standard library only, and no
word that an older python3 than Windlass asks for would not understand.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys

PATH = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"
OLDEST = (3, 11)

SETUP = {
    "ca-certificates": "/etc/ssl/certs/ca-certificates.crt",
    "python3-venv": "ensurepip",
}
DEMO = {
    "git": "git",
    "openssh-client": "ssh-keygen",
    "openssh-server": "sshd",
    "nginx-light": "nginx",
    "rsync": "rsync",
    "procps": "ps",
}
TESTS = {
    "make": "make",
    "curl": "curl",
    "iproute2": "ip",
    "iptables": "iptables",
    "systemd-container": "systemd-nspawn",
    "mmdebstrap": "mmdebstrap",
    "debian-archive-keyring": "/usr/share/keyrings/debian-archive-keyring.gpg",
    "zsh": "zsh",
    "fish": "fish",
}
PURPOSES = {"setup": SETUP, "demo": {**SETUP, **DEMO}, "test": {**SETUP, **DEMO, **TESTS}}
"""By package: the program, file or python module that shows that it is there."""


def too_old(version: tuple[int, int], purpose: str) -> str:
    """What to say of a python of this version; "" where it will do."""
    if version >= OLDEST:
        return ""
    here, wanted = (".".join(map(str, one)) for one in (version, OLDEST))
    return (
        f"Windlass needs Python {wanted} or later, and python3 here is {here}\n"
        f"hint: apt-get install python{wanted} python{wanted}-venv, then make {purpose} PYTHON=python{wanted}"
    )


def missing(wanted: dict[str, str]) -> list[str]:
    """The packages of which this machine has no sign."""
    return [package for package, sign in wanted.items() if not _has(sign)]


def install(packages: list[str]) -> None:
    """Install with apt-get as root, or through a sudo that asks for no password; else name them and exit 1."""
    as_root = _as_root()
    if as_root is None:
        sys.exit(
            f"these packages are missing, and installing them needs root: {' '.join(packages)}\n"
            f"hint: sudo apt-get install {' '.join(packages)}"
        )
    print(f"installing {' '.join(packages)}", flush=True)
    for service, package in (("ssh", "openssh-server"), ("nginx", "nginx-light")):
        if package in packages:
            print(
                f"  {package} may start a service that is not needed here: systemctl disable --now {service}"
            )
    sys.stdout.flush()
    apt = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]
    subprocess.run([*apt, "update"], check=True)
    subprocess.run([*apt, "install", "-y", "--no-install-recommends", *packages], check=True)


def _has(sign: str) -> bool:
    if sign.startswith("/"):
        return os.path.exists(sign)  # noqa: PTH110 - as everything here, for any python3
    if sign == "ensurepip":
        return all(importlib.util.find_spec(name) is not None for name in ("ensurepip", "venv"))
    return shutil.which(sign, path=PATH) is not None


def _as_root() -> list[str] | None:
    """The words before a command of root's; None where there are none, or no apt-get."""
    if not shutil.which("apt-get", path=PATH):
        return None
    if os.geteuid() == 0:
        return []
    asked = ["sudo", "-n", "true"]
    if shutil.which("sudo") and subprocess.run(asked, capture_output=True, check=False).returncode == 0:
        return ["sudo"]
    return None


def main(purpose: str) -> None:
    """Install what is missing for a purpose; exits with a message where that cannot be."""
    complaint = too_old(sys.version_info[:2], purpose)
    if complaint:
        sys.exit(complaint)
    found = missing(PURPOSES[purpose])
    if found:
        try:
            install(found)
        except subprocess.CalledProcessError as error:
            sys.exit(f"apt-get ended with {error.returncode}; what it said is above")


if __name__ == "__main__":
    main(sys.argv[1])
