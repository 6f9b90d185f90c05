"""Whether the revision that was asked for is there, and can be built."""

from __future__ import annotations

from windlass.config.model import Config
from windlass.errors import UsageError
from windlass.facts.revision import Revision
from windlass.plans import engines
from windlass.plans.look import Look


def check_known(config: Config, host: str, look: Look, revision: Revision | None, ref: str) -> Revision:
    """The revision, which the host's tools can build.

    Raises UsageError where the repository has no such ref, NotReady where the tools are too old for it.
    """
    if revision is None:
        raise UsageError(
            f"{host}: the repository has no branch, tag or commit {ref!r}; nothing was changed",
            hint=f"is it pushed? git ls-remote {config.app.repository} lists the branches and tags; "
            "a commit is named by at least seven of its hexadecimal digits",
        )
    engines.check(config, look.tools, revision, host)
    return revision
