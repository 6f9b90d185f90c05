"""Taking over from an app that runs by hand: what it served stays reachable, and nothing of it is touched."""

from __future__ import annotations

from pathlib import PurePosixPath

from windlass.commands.nginx import before
from windlass.layout import Layout
from windlass.shell import NOTHING, Command, all_of, both, cmd, quote, when

ASIDE = PurePosixPath("/etc/nginx/replaced")
"""Where sites lie that another has replaced; nginx reads nothing in there."""


def copy_env(layout: Layout, old: PurePosixPath, user: str) -> Command:
    """The old checkout's `.env` as the app's, for its user alone; one that is there stays."""
    incoming = layout.env_file.with_name(".env.setup")
    return when(
        Command(f"! {cmd('test', '-e', layout.env_file)}"),
        all_of(
            cmd("install", "-m", "0600", "-o", user, "-g", user, "-T", old, incoming),
            cmd("mv", "-T", incoming, layout.env_file),
        ),
    )


def keep_assets(layout: Layout, source: PurePosixPath, url: str, user: str) -> Command:
    """Copy the old build's hashed assets to where nginx serves them: its pages are open in browsers."""
    place = layout.assets / url.strip("/")
    owner = f"--chown={user}:{user}"
    return all_of(
        cmd("install", "-d", "-o", user, "-g", user, layout.assets),
        cmd(
            "rsync",
            "-a",
            "--mkpath",
            "--ignore-existing",
            owner,
            "--chmod=D755,F644",
            f"{source}/",
            f"{place}/",
        ),
    )


def move_aside(site: PurePosixPath) -> Command:
    """Take a site out of nginx's sight; what the link or the file says stays as it is."""
    return all_of(cmd("mkdir", "-p", ASIDE), cmd("mv", "-T", "--backup=numbered", site, ASIDE / site.name))


def put_back(site: PurePosixPath, own: PurePosixPath) -> Command:
    """Undo `move_aside` where the app's own site `own` was placed and did not come to be loaded."""
    gone = both(cmd("test", "-e", before(own)), Command(f"! {cmd('test', '-e', site)}"))
    return when(both(cmd("test", "-e", ASIDE / site.name), gone), cmd("mv", "-T", ASIDE / site.name, site))


def retire(name: str, port: int, drain: float, node: str) -> Command:
    """Stop and forget pm2's process once its last connection has ended, `drain` seconds at the longest."""
    return all_of(
        Command(f'export PATH={quote(node)}:"$PATH"') if node else NOTHING,
        Command(
            f"for _ in $(seq {max(1, int(drain * 5))}); do\n"
            f"    if [ -z \"$(ss -Htn state established '( sport = :{port} )')\" ]; then break; fi\n"
            "    sleep 0.2\n"
            "done"
        ),
        cmd("pm2", "-s", "delete", name),
    )
