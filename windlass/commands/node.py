"""Node's official builds, and pm2: unpacked beside what is there, checked, and switched to by a link."""

from __future__ import annotations

from pathlib import PurePosixPath

from windlass.shell import Command, all_of, both, cmd, either, quote, when

HOME = PurePosixPath("/opt/node")
"""The link to the official build in use; each build lies beside it under its own name."""
LINKS = PurePosixPath("/usr/local/bin")
PROGRAMS = ("node", "npm", "npx", "corepack")
FOR_ALL = PurePosixPath("/usr/local")
"""Below it root installs what everybody may use."""

DOWNLOAD = (
    "curl",
    "--fail",
    "--silent",
    "--show-error",
    "--location",
    "--retry",
    "3",
    "--connect-timeout",
    "20",
)


def build_name(version: str, platform: str) -> str:
    """The name of an official build for a platform such as "linux-x64"."""
    return f"node-v{version}-{platform}"


def unpack(dist: str, version: str, platform: str) -> Command:
    """Fetch an official build, check it against its SHASUMS256.txt, and unpack it beside the link."""
    name = build_name(version, platform)
    place, archive, base = HOME.with_name(name), f"{name}.tar.gz", f"{dist}/v{version}"
    lacks = cmd("echo", f"{base}/SHASUMS256.txt does not name {archive}")
    fetch = all_of(
        Command("umask 022"),
        Command('work=$(mktemp -d)\ntrap \'rm -rf "$work"\' EXIT\ncd "$work"'),
        cmd(*DOWNLOAD, "--remote-name", f"{base}/SHASUMS256.txt"),
        cmd(*DOWNLOAD, "--remote-name", f"{base}/{archive}"),
        Command(f"grep -F {quote('  ' + archive)} SHASUMS256.txt >wanted || {{ {lacks} >&2; exit 1; }}"),
        cmd("sha256sum", "--check", "--strict", "wanted"),
        cmd("tar", "--extract", "--gzip", "--no-same-owner", "--file", archive),
        Command(f"{quote(name)}/bin/node --version"),
        cmd("rm", "-rf", partial(place)),
        cmd("mkdir", "-p", place.parent),
        cmd("cp", "-a", name, partial(place)),
        cmd("mv", "-T", partial(place), place),
    )
    return either(cmd("test", "-x", place / "bin/node"), Command(f"(\n{fetch}\n)"))


def partial(place: PurePosixPath) -> PurePosixPath:
    return place.with_name(f".{place.name}.partial")


def switch(version: str, platform: str) -> Command:
    """Have the link name this build; the rename makes the switch atomic."""
    incoming = HOME.with_name("node.next")
    return all_of(cmd("ln", "-sfn", build_name(version, platform), incoming), cmd("mv", "-T", incoming, HOME))


def offer() -> Command:
    """Put node's programs on everybody's PATH, where nothing has that name."""
    wanted = [
        when(
            both(cmd("test", "-e", HOME / "bin" / name), Command(f"! {cmd('test', '-e', LINKS / name)}")),
            cmd("ln", "-sfn", HOME / "bin" / name, LINKS / name),
        )
        for name in PROGRAMS
    ]
    return all_of(*wanted)


def install_pm2(version: str, node: str, prefix: PurePosixPath) -> Command:
    """pm2 below a folder, by the npm and the node of another; no package's own script is run.

    `FOR_ALL` is outside of node's own folder, so that it outlives a change of node.
    """
    path = Command(f'export PATH={quote(node)}:"$PATH"')
    words: tuple[str | PurePosixPath, ...] = (
        "npm",
        "install",
        "--global",
        "--no-fund",
        "--no-audit",
        "--ignore-scripts",
        "--prefix",
        prefix,
        f"pm2@{version}",
    )
    # Not `pm2 --version`: that would leave a daemon of root's behind.
    return all_of(Command("umask 022"), path, cmd(*words), cmd("test", "-x", prefix / "bin/pm2"))
