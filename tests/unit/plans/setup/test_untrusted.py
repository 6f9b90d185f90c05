"""What the app's user answers names neither what root runs nor, unlooked at, what root writes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit import made
from tests.unit.plans.setup.test_node import BUILDS, NODE_22, system
from windlass.errors import ConfigError, NotReady
from windlass.facts import Answer, tools
from windlass.facts.tools import Tools
from windlass.plans.setup import node
from windlass.plans.setup.node import Asked, Found, Node
from windlass.render import render
from windlass.shell import Command

THEIRS = Tools("/home/deploy/.nvm/versions/node/v22/bin", "22.20.0", "10.9.3", {"npm": "/usr/bin/npm"})
ANY = Asked("", "")


def installed(found: Tools, whose: dict[str, str]) -> tuple[str, str]:
    """The text that brings pm2, and where it then is."""
    step, place = node.pm2(made.config(), Node((), found.node), Found(system(), found, BUILDS, whose))
    assert isinstance(step.action, Command)
    return step.action.text, place


def test_root_runs_the_npm_that_is_roots_alone() -> None:
    whose = {"/usr/local/bin/node": "root", "/usr/local/bin/npm": "root"}
    text, place = installed(NODE_22, whose)
    assert "runuser" not in text
    assert place == "/usr/local/bin/pm2"


@pytest.mark.parametrize("whose", [{}, {"node": "deploy", "npm": "root"}, {"node": "root", "npm": ""}])
def test_a_node_that_others_have_a_hand_in_is_run_by_the_app_user(whose: dict[str, str]) -> None:
    text, place = installed(THEIRS, {f"{THEIRS.node}/{name}": one for name, one in whose.items()})
    assert text.startswith("runuser -u deploy -- env -i ")
    assert place == f"{THEIRS.node}/pm2"


def test_no_script_of_a_package_is_run() -> None:
    assert "--ignore-scripts" in installed(THEIRS, {})[0]


@pytest.mark.parametrize(
    "harm", ["+/bin/sh", "/bin/sh -c id", "/a%i", "/a\\x20b", '/a"b', "a", "/a:/b", "-/bin/sh"]
)
def test_a_place_that_means_something_to_systemd_is_refused(harm: str) -> None:
    for found in (replace(THEIRS, node=harm), replace(THEIRS, programs={"pm2": harm})):
        with pytest.raises(NotReady, match="no unit can name it"):
            node.plan(made.config(), ANY, Found(system(), found, BUILDS), "root@shop")
    values = {"user": "deploy", "home": "/home/deploy", "path": "/usr/bin", "pm2": "/usr/bin/pm2"}
    assert "ExecStart=/usr/bin/pm2 resurrect" in render("pm2.service.j2", **values)
    with pytest.raises(ConfigError):
        render("pm2.service.j2", **{**values, "pm2": harm})
    with pytest.raises(ConfigError):
        render("pm2.service.j2", **{**values, "home": f"{harm}\nExecStartPre=+/bin/sh"})


def test_a_shell_that_was_killed_has_told_nothing() -> None:
    said = "node=/home/deploy/x\nprogram=npm /home/deploy/x/npm\n"
    assert tools.parse(Answer(said, code=137)) == Tools("", "", "", {})
    assert tools.parse(Answer(said)).node == "/home/deploy/x"


def test_root_looks_for_its_own_node_without_running_it() -> None:
    assert "--version" not in tools.question(None, versions=False).command.text
    assert "--version" in tools.question(None).command.text
