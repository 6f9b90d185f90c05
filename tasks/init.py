"""A configuration for an app, from its repository and a few questions."""

from __future__ import annotations

from windlass import operations
from windlass.cli.call import Call
from windlass.cli.command import command
from windlass.config.folders import folder_of_configs


@command(
    ("dry_run", "json"),
    from_="the app's repository: a folder or a git URL, which is cloned for a moment (default: this folder)",
    folder="the app's folder in its repository, where that has several apps",
    name_="the app's name, which is its file's too (default: by package.json)",
    repository="where the server fetches it from (default: git's origin)",
    branch="the branch that is deployed (default: the repository's own)",
    hosts="the servers of the target production, with commas (default: those of -H)",
    server_name="the site's names, with commas (default: by the repository's nginx files)",
    health="the path that answers whether the app is well (default: a health route that is found)",
    yes="ask nothing: take what was found",
    force="replace a configuration that is there; it is kept under a numbered name",
    dry_run="print the configuration instead of writing it",
    json="what was found and written as one JSON object; asks nothing",
)
def init(
    call: Call,
    from_: str = ".",
    folder: str = "",
    name: str = "",
    repository: str = "",
    branch: str = "",
    hosts: str = "",
    server_name: str = "",
    health: str = "",
    yes: bool = False,
    force: bool = False,
) -> None:
    """Write the configuration of an app from what its repository tells."""
    code = operations.init(
        folder_of_configs(),
        from_,
        folder=folder,
        name=name,
        repository=repository,
        branch=branch,
        hosts=hosts or call.hosts or "",
        server_name=server_name,
        health=health,
        yes=yes,
        force=force,
        dry_run=call.dry_run,
        json=call.json,
    )
    call.end(code)
