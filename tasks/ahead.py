"""What most commands need once they are connected, imported while they connect."""

from __future__ import annotations

import threading


def import_ahead() -> None:
    """Begin to import, in a thread of its own; whoever needs a module meanwhile waits for it alone."""
    threading.Thread(target=_import, name="import ahead").start()


def _import() -> None:
    from windlass.facts import nginx, revision, state, tools, visitors  # noqa: F401
    from windlass.plans import deploy, engines  # noqa: F401
