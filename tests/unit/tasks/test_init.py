"""`fab init` as typed: with flags, at a terminal, and where nobody can answer."""

from __future__ import annotations

import json
import os
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.processes import Completed, run
from tests.support.terminal import CTRL_C, Terminal
from tests.unit.init.made import EXPRESS, NEXT

FAB = Path(sys.prefix) / "bin/fab"
CHECKOUT = Path(__file__).parents[3]
NEEDED = "--repository=git@h.example:acme/shop.git"


class Author:
    """Somebody with a repository and a folder of configurations that is still to be made."""

    def __init__(self, folder: Path) -> None:
        self.repository, self.configs = folder / "shop", folder / "config"
        self.environment = {**os.environ, "WINDLASS_CONFIG": str(self.configs), "HOME": str(folder)}
        self.write("package.json", json.dumps({**NEXT, "engines": {"node": ">=20"}}))

    def write(self, path: str, text: str) -> None:
        file = self.repository / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def init(self, *options: str | Path) -> Completed:
        words = [FAB, "init", "--from", self.repository, *options]
        return run(words, env=self.environment, cwd=CHECKOUT, timeout=60)

    def at_a_terminal(self, *options: str) -> Terminal:
        words = [FAB, "init", "--from", self.repository, *options]
        return Terminal(words, env=self.environment, cwd=CHECKOUT)

    def written(self, name: str = "shop") -> dict[str, dict[str, object]]:
        return tomllib.loads((self.configs / f"{name}.toml").read_text())


@pytest.fixture
def author(tmp_path: Path) -> Author:
    return Author(tmp_path)


def test_without_a_terminal_flags_and_what_was_found_make_a_file_that_passes_its_check(
    author: Author,
) -> None:
    done = author.init(
        NEEDED, "--hosts", "deploy@203.0.113.9,203.0.113.10", "--server-name=shop.example", "--health", "/up"
    )
    assert done.check().stdout.splitlines()[0].startswith(f"wrote {author.configs}/shop.toml; ")
    assert "fab trust -H deploy@203.0.113.9,203.0.113.10" in done.stdout
    assert "fab setup -H root@203.0.113.9,root@203.0.113.10" in done.stdout
    assert "Next.js 16, node >=20" in done.stderr
    found = author.written()
    assert found["app"]["repository"] == "git@h.example:acme/shop.git"
    assert found["targets"]["production"] == {"hosts": ["deploy@203.0.113.9", "203.0.113.10"]}
    assert found["nginx"]["server_names"] == ["shop.example"]
    assert found["health"]["path"] == "/up"
    checked = run([FAB, "config.check"], env=author.environment, cwd=CHECKOUT, timeout=60)
    assert checked.check().stdout == f"{author.configs}/shop.toml: OK\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "hint: --repository git@host:owner/name.git"),
        ((NEEDED, "--name=Shop"), "--name: 'Shop' is not a name"),
        ((NEEDED, "--hosts=a b:c"), "--hosts: 'b:c' is not a host"),
        ((NEEDED, "--branch=--x"), "--branch: '--x' is not a branch"),
        ((NEEDED, "--health=up"), "--health: 'up' is not a path"),
        ((NEEDED, "--server-name=a/b"), "--server-name: 'a/b' is not a server name"),
        (("--repository=https://me:hunter2@h/x.git",), "--repository: holds a password"),
        ((NEEDED, "--folder=apps/web"), "no package.json in apps/web"),
    ],
)
def test_what_is_missing_or_wrong_is_named_and_nothing_is_written(
    author: Author, options: tuple[str, ...], said: str
) -> None:
    done = author.init(*options)
    assert done.exit_code == 2
    assert said in done.stderr
    assert "hunter2" not in done.stderr
    assert "Traceback" not in done.stderr
    assert not author.configs.exists()


def test_a_second_time_changes_nothing_and_force_keeps_what_was_there(author: Author) -> None:
    author.init(NEEDED).check()
    first = (author.configs / "shop.toml").read_text()
    again = author.init(NEEDED, "--health=/up")
    assert again.exit_code == 2
    assert "--force" in again.stderr
    assert (author.configs / "shop.toml").read_text() == first
    assert (
        f"kept what was there as {author.configs}/shop.toml.1"
        in author.init(NEEDED, "--force", "--health=/up").stdout
    )
    assert (author.configs / "shop.toml.1").read_text() == first
    assert author.written()["health"]["path"] == "/up"


def test_a_dry_run_prints_the_file_and_writes_none(author: Author) -> None:
    done = author.init(NEEDED, "--dry-run")
    assert tomllib.loads(done.check().stdout)["app"]["name"] == "shop"
    assert not author.configs.exists()


def test_json_is_one_object_of_what_was_written(author: Author) -> None:
    told = json.loads(author.init(NEEDED, "--json").check().stdout)
    assert told["file"] == f"{author.configs}/shop.toml"
    assert {"key": "app.name", "value": "shop"}.items() <= told["settings"][0].items()
    assert any("no health route" in check for check in told["checks"])
    assert told["next"][0].startswith("fab trust")


def test_windlass_itself_is_not_taken_for_the_app(author: Author) -> None:
    done = run([FAB, "init"], env=author.environment, cwd=CHECKOUT, timeout=60)
    assert done.exit_code == 2
    assert "hint: fab init --from" in done.stderr


def test_at_a_terminal_each_answer_has_a_default_and_a_wrong_one_is_asked_again(author: Author) -> None:
    for app in ("web", "api"):
        author.write(f"apps/{app}/package.json", json.dumps(EXPRESS | {"name": app}))
    author.write("package.json", '{"workspaces": ["apps/*"]}')
    author.write("apps/api/src/index.js", 'app.get("/healthz").listen(process.env.PORT)')
    terminal = author.at_a_terminal("--branch", "trunk")
    for question, answer in (
        ("Which one [apps/api]", "apps/nope"),
        ("is none of them", ""),
        ("name [shop-api]", "Not A Name"),
        ("is not a name", "orders"),
        ("server fetches it from", ""),
        ("this one is needed", "git@h.example:acme/shop.git"),
        ("servers", "web.example"),
        ("site's names", ""),
        ("[/healthz]", ""),
    ):
        terminal.wait_for(question)
        terminal.type(f"{answer}\r")
    done = terminal.wait()
    assert done.exit_code == 0, done.stdout
    assert "The branch" not in done.stdout
    found = author.written("orders")
    assert found["app"] == {
        "name": "orders",
        "repository": "git@h.example:acme/shop.git",
        "branch": "trunk",
        "directory": "apps/api",
    }
    assert found["targets"] == {"production": {"hosts": ["web.example"]}}
    assert found["health"] == {"path": "/healthz"}


@pytest.mark.parametrize("keys", [CTRL_C, "\x04"])
def test_who_leaves_in_the_middle_leaves_nothing(author: Author, keys: str) -> None:
    terminal = author.at_a_terminal()
    terminal.wait_for("name [shop]")
    terminal.type(keys)
    done = terminal.wait()
    assert done.exit_code == 130
    assert "nothing was written" in done.stdout
    assert not author.configs.exists()
