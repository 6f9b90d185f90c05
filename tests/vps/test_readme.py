"""What the READMEs tell people to type, typed: the way to a first deploy, and every command of the table."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.node_mirror import mirror
from tests.support.operator import Operator
from tests.support.processes import Completed, run
from tests.support.readme import CHECKOUT, READMES, blocks, forms, variants
from tests.support.terminal import Terminal
from tests.vps.apps.tiny import ENV, REPOSITORY, Deployed
from tests.vps.hosts import bare
from tests.vps.hosts.factory import VpsFactory

ELSEWHERE = {
    "demo": "tests/sandbox/test_demo.py",
    "init": "tests/unit/tasks/test_init.py",
    "setup": "tests/vps/test_setup.py",
    **dict.fromkeys(("db.status", "db.backup", "db.backups", "db.copy"), "tests/vps/test_db_backup.py"),
    **dict.fromkeys(("db.console", "db.tunnel"), "tests/vps/test_db_reach.py"),
    **dict.fromkeys(("db.rollback", "db.resolve"), "tests/vps/test_db_rollback.py"),
    **dict.fromkeys(("db.rehearse", "db.restore", "db.drop"), "tests/vps/test_db_restore.py"),
}
"""Where the commands are run that want another server or folder than this file's."""
AS_ROOT = ("nginx.install",)
LOCAL = ("config.check", "config.show", "config.schema")


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_command_with_a_server_of_its_own_is_run_there(name: str) -> None:
    (form,) = (form for form in forms(READMES[0].read_text()) if form.split()[1] == name)
    tests = (CHECKOUT / ELSEWHERE[name]).read_text()
    assert [word for word in (name, *re.findall("--[a-z-]+", form)) if word not in tests] == []


@pytest.mark.timeout(600)
def test_every_command_of_the_table_does_what_it_says(deployed: Deployed, tmp_path: Path) -> None:
    env_file = tmp_path / "app.env"
    env_file.write_text(ENV + "NEW=yes\n")
    values = {
        "R": deployed.commits["third"],
        "C": deployed.commits["first"],
        "N": "1",
        "WHY": "smoke in the engine room",
        "FILE": str(env_file),
    }
    typed = [
        words
        for form in forms(READMES[0].read_text())
        for words in variants(form, values)
        if words[0] not in ELSEWHERE
    ]
    assert len(typed) > 30
    for words in typed:
        done = _type(deployed, words)
        assert done.exit_code == 0, (words, done)
        assert "Traceback" not in done.output, (words, done)
    assert deployed.page()


@pytest.mark.timeout(600)
def test_a_bare_server_is_live_after_what_the_readme_says(
    vps_factory: VpsFactory,
    operator: Operator,
    tiny_commits: tuple[Path, dict[str, str]],
    installed: Path,
    tmp_path: Path,
) -> None:
    vps = vps_factory.boot_bare(bare.bare())
    vps.put(tiny_commits[0], REPOSITORY)
    vps.write("/etc/gitconfig", "[safe]\n    directory = *\n")  # it is root's
    app, folder = operator.home / "src/shop", operator.home / "deploy"
    run(["git", "clone", "-q", tiny_commits[0], app]).check()
    run(["git", "-C", app, "remote", "set-url", "origin", f"file://{REPOSITORY}"]).check()
    folder.mkdir()
    (folder / ".env").write_text(ENV)
    environment = {**operator.environment, "PATH": f"{installed}:{operator.environment['PATH']}"}
    del environment["WINDLASS_CONFIG"]
    with mirror(vps_factory.slot.gateway) as url:
        for line in blocks(READMES[0].read_text()):
            if "windlass" not in line:
                continue
            typed = line.replace("203.0.113.5", vps.address)
            terminal = Terminal(["bash", "-c", typed], env=environment, cwd=folder)
            terminal.type("yes\r" if " trust " in line else "\r" * 20)
            terminal.wait(280).check()
            if " init " in line:
                (config,) = (folder / "config").glob("*.toml")
                config.write_text(config.read_text() + f'\n[setup]\nnode_dist = "{url}"\n')
    variables = vps.read("/srv/tiny/shared/.env")
    assert ENV in variables
    assert 'DATABASE_URL="postgresql://tiny:' in variables  # setup's, which the file does not have
    assert "third" in run(["curl", "-s", f"http://{vps.address}/"]).check().stdout


def _type(app: Deployed, words: list[str]) -> Completed:
    task, *options = words
    if task in LOCAL:
        return app.operator.fab(task, *options)
    if "--follow" in options:
        following = app.start(task, *options)
        following.wait_for(" out | ")
        following.interrupt()
        return following.wait(20)
    return app.fab(task, *options, user="root" if task in AS_ROOT else "deploy")
