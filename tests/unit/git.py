"""A real repository to fetch from, and an environment in which git obeys nobody's own settings."""

from __future__ import annotations

from pathlib import Path

from tests.support.processes import run


def git_environment(home: Path) -> dict[str, str]:
    """For git and for our texts; submodules may be fetched from a folder."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ALLOW_PROTOCOL": "file",
        **{
            f"GIT_{who}_{what}": "a@example.org"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        },
    }


class Repository:
    """A repository of its own under a folder, on branch main."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *words: str) -> str:
        environment = git_environment(self.folder.parent)
        return run(["git", "-C", self.folder, *words], env=environment).check().stdout.strip()

    def commit(self, files: dict[str, str | None], subject: str = "Sail") -> str:
        """Write these files (None removes one), and commit; its hash."""
        for name, text in files.items():
            place = self.folder / name
            if text is None:
                place.unlink()
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", subject)
        return self.git("rev-parse", "HEAD")
