"""The example apps as git repositories."""

from pathlib import Path

from tests.apps.prompthub_commits import MAIN as PROMPTHUB_MAIN
from tests.apps.prompthub_commits import prompthub_commits
from tests.apps.tiny_commits import MAIN as TINY_MAIN
from tests.apps.tiny_commits import tiny_commits
from windlass.demo.repository import build_repository, move_branch

__all__ = ["build_prompthub", "build_tiny", "move_branch"]

_APPS = Path(__file__).parent


def build_prompthub(
    destination: Path, *, subfolder: str = "", migration_seconds: int = 30, pages: int = 20
) -> dict[str, str]:
    """Make a bare repository of Prompthub and return the full hash of each commit by its name.

    After `pages` pages fails_under_traffic fails.
    """
    commits = prompthub_commits(migration_seconds, pages)
    return build_repository(destination, _APPS / "prompthub", commits, PROMPTHUB_MAIN, subfolder)


def build_tiny(
    destination: Path,
    *,
    subfolder: str = "",
    build_seconds: int = 30,
    install_seconds: int = 30,
    megabytes: int = 200,
    pages: int = 20,
) -> dict[str, str]:
    """Make a bare repository of the tiny app and return the full hash of each commit by its name.

    `megabytes` is what big_build and big_install write; after `pages` pages fails_under_traffic fails.
    """
    commits = tiny_commits(build_seconds, install_seconds, megabytes, pages)
    return build_repository(destination, _APPS / "tiny", commits, TINY_MAIN, subfolder)
