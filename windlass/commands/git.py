"""Fetching and checking out in the workspace, which serves nobody."""

from __future__ import annotations

from pathlib import PurePosixPath

from windlass.layout import Layout
from windlass.shell import Command, all_of, cmd, quote, when


def transport(key: str | None) -> Command:
    """How git reaches a private repository: without ever asking, with a deploy key of the server's where one is set."""
    ssh = "ssh -o BatchMode=yes"
    if key is not None:
        ssh += f" -o IdentitiesOnly=yes -i {quote(PurePosixPath(key))}"
    return Command(f"export GIT_TERMINAL_PROMPT=0 GIT_SSH_COMMAND={quote(ssh)}")


def fetch(layout: Layout, repository: str, key: str | None) -> Command:
    """Bring every branch and tag of the repository, cloning it where there is no workspace yet.

    The clone grows under another name: one that was cut off is not taken for a workspace.
    """
    workspace, incoming = layout.workspace, layout.root / "workspace.partial"
    clone = all_of(
        cmd("rm", "-rf", incoming, workspace),
        cmd("git", "clone", "--quiet", "--no-checkout", "--", repository, incoming),
        cmd("mv", "-T", incoming, workspace),
    )
    update = all_of(
        clear_locks(layout),
        cmd("git", "-C", workspace, "remote", "set-url", "origin", repository),
        cmd("git", "-C", workspace, "fetch", "--quiet", "--prune", "--tags", "--force", "origin"),
    )
    return all_of(transport(key), when(cmd("test", "-d", workspace / ".git"), update, clone))


def clear_locks(layout: Layout) -> Command:
    """Remove what a killed git left: under our own lock no other git is at work here."""
    return Command(
        f"find {quote(layout.workspace / '.git')} -name '*.lock' -type f -delete 2>/dev/null || true"
    )


def checkout(layout: Layout, revision: str, *, submodules: bool, key: str | None) -> Command:
    """Make the workspace the revision: no local change, no stray file; what git ignores stays."""
    workspace = layout.workspace
    steps = [
        clear_locks(layout),
        cmd("git", "-C", workspace, "reset", "--quiet", "--hard", revision),
        cmd("git", "-C", workspace, "clean", "--quiet", "-ffd"),
    ]
    if submodules:
        update = all_of(
            transport(key),
            cmd("git", "-C", workspace, "submodule", "--quiet", "sync", "--recursive"),
            cmd("git", "-C", workspace, "submodule", "--quiet", "update", "--init", "--recursive", "--force"),
        )
        steps.append(when(cmd("test", "-f", workspace / ".gitmodules"), update))
    return all_of(*steps)
