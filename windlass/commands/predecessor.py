"""Taking over from an app that runs by hand: what it served stays reachable, and nothing of it is touched."""

from __future__ import annotations

from pathlib import PurePosixPath

from windlass.commands.nginx import before
from windlass.commands.users import ROOT, as_user
from windlass.layout import Layout
from windlass.shell import NOTHING, Command, all_of, both, cmd, quote, when

ASIDE = PurePosixPath("/etc/nginx/replaced")
"""Where sites lie that another has replaced; nginx reads nothing in there."""


def copy_env(layout: Layout, old: PurePosixPath, user: str, whose: str) -> Command:
    """The old checkout's `.env` as the app's, for its user alone; one that is there stays.

    Read by `whose` the checkout is and written by the user, each as themselves: neither leads root anywhere.
    """
    incoming = layout.env_file.with_name(".env.setup")
    write = all_of(
        cmd("mkdir", "-p", layout.shared),
        Command("umask 077"),
        Command(f"cat >{quote(incoming)}"),
        when(
            Command(f"! {cmd('test', '-e', layout.env_file)}"),
            cmd("mv", "-T", incoming, layout.env_file),
            cmd("rm", incoming),
        ),
    )
    return _handed_over(cmd("cat", old), whose, write, user)


def keep_assets(layout: Layout, source: PurePosixPath, url: str, user: str, whose: str) -> Command:
    """Copy the old build's hashed assets to where nginx serves them: its pages are open in browsers.

    Read by `whose` they are, and written by the user.
    """
    place = layout.assets / url.strip("/")
    read = cmd("tar", "--create", "--directory", source, "--mode=u=rwX,go=rX", ".")
    write = all_of(
        Command("umask 022"),
        cmd("mkdir", "-p", place),
        cmd("tar", "--extract", "--directory", place, "--skip-old-files"),
    )
    return _handed_over(read, whose, write, user)


def _handed_over(read: Command, whose: str, write: Command, user: str) -> Command:
    """What one user reads, written by another."""
    reader = read if whose == ROOT else as_user(whose, read)
    return Command(f"{reader.text} | {as_user(user, write).text}")


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
