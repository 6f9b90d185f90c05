"""Debian's packages: installed without a question, and without getting in the way of whoever else installs."""

from __future__ import annotations

from collections.abc import Iterable

from windlass.shell import NOTHING, Command, all_of, both, cmd, either

PATIENCE = 600
"""Seconds that dpkg's lock is waited for: a new server updates itself at its first boot."""

QUIET = Command(
    # needrestart would ask, or restart other people's services.
    "export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 LC_ALL=C.UTF-8"
)
_OPTIONS = ("-o", f"DPkg::Lock::Timeout={PATIENCE}", "-o", "Dpkg::Options::=--force-confold")


def install(packages: Iterable[str], *, update: bool = True) -> Command:
    """Install the packages, after a look at what the archive has now; files that somebody changed are kept."""
    words = ("apt-get", *_OPTIONS, "install", "--yes", "--quiet", "--no-install-recommends")
    get = cmd(*words, *packages)
    # Where a power cut or a kill came in between, dpkg wants that put right first.
    again = both(cmd("dpkg", "--configure", "-a"), get)
    return all_of(QUIET, _update() if update else NOTHING, either(get, again))


def _update() -> Command:
    """apt waits for dpkg's lock, but not for that of the lists."""
    return Command(
        f"deadline=$((SECONDS + {PATIENCE}))\n"
        "until said=$(apt-get update --quiet 2>&1); do\n"
        "    case $said in *'Could not get lock'*) ;; *) SECONDS=$deadline ;; esac\n"
        '    if [ "$SECONDS" -ge "$deadline" ]; then\n'
        '        printf "%s\\n" "$said" >&2\n'
        "        exit 1\n"
        "    fi\n"
        "    sleep 2\n"
        "done\n"
        # An archive that cannot be reached is a warning only, and everything that is missing then comes of it.
        'grep "^[EW]:" <<<"$said" >&2 || true'
    )
