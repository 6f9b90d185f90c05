"""Which packages a server lacks, told by what they bring: nobody minds where that came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from windlass.question import Answer, Question
from windlass.shell import Command, cmd, quote

VERSIONS = {"debian": 12.0, "ubuntu": 22.04}
"""The oldest releases that setup was made for."""


@dataclass(frozen=True)
class System:
    """What the server is: `missing` packages, whether systemd runs it, who asks, the node that the archive has.

    `name` and `id` are those of os-release; `node` and `npm` are "" where the archive has none.
    """

    missing: tuple[str, ...]
    systemd: bool
    root: bool
    id: str
    name: str
    version: float
    machine: str
    node: str = ""
    npm: str = ""

    @property
    def known(self) -> bool:
        """Whether this is a Debian or Ubuntu that setup was made for."""
        return self.version >= VERSIONS.get(self.id, float("inf"))


def question(probes: Mapping[str, Command]) -> Question[System]:
    """Ask which packages are missing: `probes` maps each to a condition that holds where it is there."""
    tests = "\n".join(
        f"( {probe} ) >/dev/null 2>&1 || echo missing {quote(name)}" for name, probe in probes.items()
    )
    text = f"""\
PATH=$PATH:/usr/sbin:/sbin
. /etc/os-release
echo "id ${{ID:-}}"
echo "name ${{PRETTY_NAME:-}}"
echo "version ${{VERSION_ID:-}}"
echo "machine $(uname -m)"
if [ -d /run/systemd/system ]; then echo systemd; fi
if [ "$(id -u)" = 0 ]; then echo root; fi
{tests}
for package in nodejs npm; do
    echo "$package $(LC_ALL=C apt-cache policy "$package" 2>/dev/null | sed -n 's/^  Candidate: //p')"
done
"""
    return Question("system_packages", Command(text), parse, timeout=60)


def program(name: str) -> Command:
    """A probe: the program is on the PATH."""
    return cmd("command", "-v", name)


def parse(answer: Answer) -> System:
    """The `name value` lines as they were printed. Raises ValueError where the question failed."""
    if answer.code:
        raise ValueError(answer.err.strip() or f"the question ended with exit code {answer.code}")
    lines = [line.partition(" ") for line in answer.out.splitlines()]
    first = {key: value.strip() for key, _, value in reversed(lines)}
    version = first.get("version", "")
    return System(
        missing=tuple(value for key, _, value in lines if key == "missing"),
        systemd="systemd" in first,
        root="root" in first,
        id=first.get("id", ""),
        name=first.get("name", "") or "an unknown system",
        version=float(version) if version.replace(".", "", 1).isdigit() else 0.0,
        machine=first.get("machine", ""),
        node=_upstream(first.get("nodejs", "")),
        npm=_upstream(first.get("npm", "")),
    )


def _upstream(version: str) -> str:
    """`18.20.4` of `1:18.20.4+dfsg-1~deb12u1`; "" for `(none)`."""
    bare = version.partition(":")[2] or version
    digits = "".join(c if c.isdigit() or c == "." else " " for c in bare).split(" ")[0]
    return digits if digits.count(".") == 2 else ""
