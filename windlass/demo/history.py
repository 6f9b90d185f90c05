"""The git history of the demo's app: a good version, a better one, and one that must never be seen."""

from __future__ import annotations

from pathlib import Path

from windlass.demo.repository import Commit, build_repository, replace

APP = Path(__file__).parent / "app"
VERSIONS = ("good", "better", "broken")


def build_history(destination: Path) -> dict[str, str]:
    """Make a bare repository whose main is the good version; the full hash of each version by its name."""
    return build_repository(destination, APP, _commits(), VERSIONS[0])


def _commits() -> list[Commit]:
    page = 'if (path === "/")'
    return [
        Commit("good", "Open the harbour"),
        Commit(
            "better",
            "Paint it green",
            "good",
            (replace("src/page.html", "first", "second"), replace("src/style.css", "#1f4e79", "#1f6f4a")),
        ),
        Commit(
            "broken",
            "Count the ships",
            "better",
            (replace("server.mjs", page, f"path += ships.length;\n  {page}"),),
        ),
    ]
