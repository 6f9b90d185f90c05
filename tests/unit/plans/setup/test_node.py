"""Which node setup brings, and whose it leaves alone."""

from __future__ import annotations

import pytest

from tests.unit import made
from windlass.config.model import Config
from windlass.errors import NotReady
from windlass.facts.apt import System
from windlass.facts.node import Build, Builds
from windlass.facts.package_json import PackageJson
from windlass.facts.tools import Tools
from windlass.plans.setup.node import Asked, Found, Node, asked_for, choose, must_fetch, plan

X64 = frozenset({"linux-x64"})
BUILDS = Builds(
    (
        Build("25.1.0", False, X64),
        Build("24.11.0", True, X64),
        Build("24.2.0", True, frozenset({"linux-arm64"})),
        Build("22.20.0", True, X64),
        Build("22.9.0", True, X64),
        Build("18.20.8", True, X64),
    )
)
BARE = Tools("", "", "", {})
NODE_18 = Tools("/usr/bin", "18.20.4", "9.2.0", {"npm": "/usr/bin/npm"})
NODE_22 = Tools("/usr/local/bin", "22.20.0", "10.9.3", {"npm": "/usr/local/bin/npm"})
ASKED = Asked(">=20", "engines.node of package.json")


def system(**parts: str) -> System:
    return System((), True, True, "debian", "Debian 12", 12.0, "x86_64", **parts)


def planned(
    tools: Tools,
    asked: Asked = ASKED,
    *,
    config: Config | None = None,
    builds: Builds = BUILDS,
    **archive: str,
) -> Node:
    return plan(config or made.config(), asked, Found(system(**archive), tools, builds), "root@shop")


def titles(node: Node) -> list[str]:
    return [step.title for step in node.steps if not step.unchanged]


@pytest.mark.parametrize(
    ("asked", "version"),
    [("22", "22.20.0"), (">=18", "24.11.0"), ("25", "25.1.0"), ("^22.9.0 || 18", "22.20.0"), ("99", None)],
)
def test_the_newest_build_with_long_term_support_is_chosen(asked: str, version: str | None) -> None:
    found = choose(asked, BUILDS, "linux-x64")
    assert (found.version if found else None) == version


def test_a_node_that_fits_stays() -> None:
    assert titles(planned(NODE_22)) == []


def test_the_distributions_node_is_taken_where_it_fits() -> None:
    found = planned(BARE, node="20.19.2", npm="9.2.0")
    assert titles(found) == ["install node 20.19.2"]
    assert found.folder == "/usr/bin"
    assert not must_fetch(ASKED, system(node="20.19.2", npm="9.2.0"), BARE)


def test_else_an_official_build_is_fetched_and_offered_to_all() -> None:
    found = planned(BARE, node="18.20.4", npm="9.2.0")
    assert titles(found) == ["fetch node 24.11.0", "switch to node 24.11.0"]
    assert found.folder == "/usr/local/bin"
    assert found.note == ""


def test_an_older_node_of_somebody_elses_is_neither_replaced_nor_covered() -> None:
    found = planned(NODE_18)
    assert found.folder == "/opt/node/bin"
    assert "/usr/local/bin" not in "".join(step.action.text for step in found.steps)  # type: ignore[union-attr]
    assert 'path = "/opt/node/bin" in [node]' in found.note


def test_the_official_build_lies_there_already() -> None:
    assert titles(planned(NODE_18, builds=Builds((), here="22.20.0"))) == []


def test_no_build_is_not_ready_and_says_why() -> None:
    with pytest.raises(NotReady, match="none of its builds for linux-x64 fits"):
        planned(BARE, Asked("99", "[node] version"))
    with pytest.raises(NotReady, match="connection refused"):
        planned(BARE, builds=Builds((), problem="connection refused"))


def test_a_node_that_the_config_names_is_its_owners() -> None:
    config = made.config(node={"path": "/home/deploy/.nvm/versions/node/v18/bin"})
    with pytest.raises(NotReady, match=r"\[node\] path names"):
        planned(NODE_18, config=config)


def test_who_asks_for_a_version() -> None:
    config, engines = made.config(), PackageJson("^20")
    unread = PackageJson(problem="no route")
    assert asked_for(made.config(node={"version": "22"}), BARE, engines) == Asked("22", "[node] version")
    assert asked_for(config, BARE, engines).range == "^20"
    assert asked_for(config, BARE, PackageJson()).range == config.setup.node
    assert "no route" in asked_for(config, BARE, unread).note
    kept = asked_for(config, NODE_18, unread)
    assert kept.range == ""
    assert "node 18.20.4 stays" in kept.note
