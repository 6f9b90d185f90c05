"""Whether the database still has what a kept release was built for."""

from __future__ import annotations

from windlass.errors import Refused
from windlass.facts.state import Release
from windlass.plans.look import Look
from windlass.shell import quote


def check_has_what_it_needs(host: str, seen: Look, release: Release, files: frozenset[str]) -> None:
    """Raise Refused for a kept release some of whose migrations were taken back: only a deploy applies them.

    `files` are the migrations that the release has, where that was asked.
    """
    lacking = sorted(files - seen.applied.names) if seen.applied else []
    if lacking:
        raise Refused(
            f"{host}: {release.id} needs migrations that were taken back ({', '.join(lacking)}); "
            "nothing was changed",
            hint=f"fab deploy --revision {quote(release.revision[:10])} -H {host} applies them anew",
        )
