"""Every command of the READMEs' table, typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.processes import Completed
from tests.support.readme import CHECKOUT, READMES, forms, variants
from tests.vps.app import ENV, Deployed

ELSEWHERE = {
    "demo": "tests/sandbox/test_demo.py",
    "init": "tests/sandbox/test_init.py",
    "setup": "tests/vps/test_setup.py",
}
"""Where the commands are run that want another server or folder than this file's."""
AS_ROOT = ("nginx.install",)
LOCAL = ("config.check", "config.show", "config.schema")


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_command_with_a_server_of_its_own_is_run_there(name: str) -> None:
    (form,) = (form for form in forms(READMES[0].read_text()) if form.split()[1] == name)
    tests = (CHECKOUT / ELSEWHERE[name]).read_text()
    assert [word for word in form.replace("[", " ").replace("]", " ").split()[1:] if word not in tests] == []


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
