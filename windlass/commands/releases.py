"""Snapshots of the workspace: made whole or not at all, shared with their neighbours where that is safe."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from windlass.layout import Layout, Slot
from windlass.shell import Command, all_of, both, cmd, quote, when, write_file

NOT_SNAPSHOT = (".git", "node_modules")


def snapshot(layout: Layout, release: str, *, cache: Iterable[str], like: str | None) -> Command:
    """Copy the built workspace into a release under a partial name.

    node_modules are hard-linked to those of `like`, a release with the same install stamp, and what differs is
    then replaced by copies; everything else is copied, since a running app may write into what it was built as.
    """
    partial = layout.partial(release)
    caches = [layout.subfolder / folder for folder in cache]
    leave_out = [f"--exclude=/{folder}/" for folder in caches]
    copy = cmd(
        "rsync",
        "-a",
        *(f"--exclude={name}" for name in NOT_SNAPSHOT),
        *leave_out,
        f"{layout.workspace}/",
        f"{partial}/",
    )
    into = f'{quote(partial)}/"$folder"'
    known = f'{quote(layout.release(like))}/"$folder"' if like else ""
    # rsync --link-dest would do the same, and take three times as long.
    link = f"    if [ -d {known} ]; then cp -alT {known} {into}; fi\n" if like else ""
    elsewhere = " -o ".join(["-name .git", *(f"-path {quote(f'./{folder}')}" for folder in caches)])
    modules = Command(
        f"cd {quote(layout.workspace)}\n"
        f"find . \\( {elsewhere} \\) -prune -o -name node_modules -type d -prune -printf '%P\\n' |\n"
        "while IFS= read -r folder; do\n"
        f"{link}"
        f'    rsync -a --delete ./"$folder"/ {into}/\n'
        "done"
    )
    return all_of(cmd("rm", "-rf", partial), cmd("mkdir", "-p", partial), copy, modules)


def finish(
    layout: Layout, release: str, revision: str, *, files: Iterable[str], dirs: Iterable[str]
) -> Command:
    """Link what is shared, write the revision and the stamp, and give the release its name by one rename."""
    partial = layout.partial(release)
    app = partial / layout.subfolder
    links = [link_shared(layout, app, PurePosixPath(name)) for name in [*files, *dirs]]
    marks = [write_file(folder / "REVISION", revision) for folder in dict.fromkeys([partial, app])]
    stamp = Command(
        f"cp {quote(layout.install_stamp)} {quote(partial / '.windlass-install')} 2>/dev/null || true"
    )
    return all_of(*links, *marks, stamp, cmd("mv", "-T", partial, layout.release(release)))


def link_shared(layout: Layout, app: PurePosixPath, name: PurePosixPath) -> Command:
    """Point a path of the app at what all releases share; a file of the repository's own gives way."""
    place = app / name
    link = all_of(
        cmd("mkdir", "-p", place.parent),
        cmd("rm", "-rf", place),
        cmd("ln", "-s", layout.shared / name, place),
    )
    return when(cmd("test", "-e", layout.shared / name), link)


def make_shared_dirs(layout: Layout, dirs: Iterable[str]) -> Command:
    """The folders that releases share, made where they are missing."""
    paths = [layout.shared / name for name in dirs]
    return cmd("mkdir", "-p", *paths) if paths else Command("")


def complete_standalone(layout: Layout, release: str, *, shared: Iterable[str]) -> Command:
    """Give a Next.js standalone build what `next build` leaves beside it, and what releases share.

    Its server makes its own folder the working directory: what the app writes must be linked there too.
    """
    app = layout.partial(release) / layout.subfolder
    top, names = app / ".next/standalone", [PurePosixPath(name) for name in shared]
    nested = top / layout.subfolder
    complete = _completed(layout, app, top, names)
    if nested != top:
        complete = when(
            cmd("test", "-e", nested / "server.js"), _completed(layout, app, nested, names), complete
        )
    return when(cmd("test", "-d", top), complete)


def _completed(
    layout: Layout, app: PurePosixPath, inner: PurePosixPath, shared: list[PurePosixPath]
) -> Command:
    public = cmd("rsync", "-a", f"{app / 'public'}/", f"{inner / 'public'}/")
    return all_of(
        when(cmd("test", "-d", app / "public"), public),
        cmd("rsync", "-a", f"{app / '.next/static'}/", f"{inner / '.next/static'}/"),
        *(link_shared(layout, inner, name) for name in shared),
    )


def publish_assets(layout: Layout, release: str, *, source: str, url: str) -> Command:
    """Put the release's hashed assets beside those of earlier ones, for pages that were loaded before a cutover."""
    origin = layout.release_app(release) / source
    place = layout.assets / url.strip("/")
    sync = all_of(
        cmd("mkdir", "-p", place),
        cmd("rsync", "-a", "--ignore-existing", f"--link-dest={origin}/", f"{origin}/", f"{place}/"),
    )
    return when(cmd("test", "-d", origin), sync)


def keep_manifest(layout: Layout, slot: Slot, release: str) -> Command:
    """Keep with a release what its slot was started with; a disk that is full must not take a release back."""
    kept = layout.release_manifest(release)
    incoming = kept.with_name(kept.name + ".next")
    copy, move = cmd("cp", layout.slot_manifest(slot), incoming), cmd("mv", "-T", incoming, kept)
    return both(copy, move).tolerated()


def use_assets(layout: Layout, used: Iterable[str], *, source: str, url: str) -> Command:
    """Have the hashed assets of these releases count as used now, whenever and by whichever release they came."""
    place = layout.assets / url.strip("/")
    uses = []
    for release in dict.fromkeys(used):
        origin = layout.release_app(release) / source
        listed = Command(f"find {quote(origin)} -type f -printf '%P\\0'")
        touch = Command(f"{listed.text} | {{ cd {quote(place)} && xargs -0r touch -c --; }}")
        again = publish_assets(layout, release, source=source, url=url)
        uses.append(when(cmd("test", "-d", origin), all_of(again, touch)))
    return all_of(*uses)


def publish(layout: Layout, release: str) -> Command:
    """Point `current` at a release; the rename makes the switch atomic."""
    incoming = layout.root / "current.next"
    return all_of(
        cmd("ln", "-sfn", PurePosixPath("releases") / release, incoming),
        cmd("mv", "-T", incoming, layout.current),
    )


def remove(layout: Layout, release: str) -> Command:
    """Take a release away: renamed first, so that half a release never looks like a whole one."""
    partial = layout.partial(release)
    rename = cmd("mv", "-T", layout.release(release), partial)
    return all_of(
        cmd("rm", "-rf", partial),
        when(cmd("test", "-d", layout.release(release)), all_of(rename, cmd("rm", "-rf", partial))),
    )


def prune(layout: Layout, releases: Iterable[str], *, assets_days: int, logs_days: int = 30) -> Command:
    """Remove these releases, the assets that no release holds any more, and the step logs of long ago."""
    old_assets = f"-type f -links 1 -mtime +{assets_days} -delete"
    old_logs = f"-mindepth 1 -maxdepth 1 -name '2*' -type d -mtime +{logs_days} -exec rm -rf {{}} +"
    return all_of(
        *(remove(layout, release) for release in releases),
        Command(f"find {quote(layout.assets)} {old_assets}"),
        Command(f"find {quote(layout.logs)} {old_logs}"),
    )


def tidy(layout: Layout) -> Command:
    """Remove what an interrupted snapshot, clone or write left."""
    return Command(
        f"rm -rf {quote(layout.releases)}/.*.partial {quote(layout.root / 'workspace.partial')} "
        f"{quote(layout.root / 'current.next')} {quote(layout.run)}/*.next {quote(layout.backups)}/*.partial"
    )
