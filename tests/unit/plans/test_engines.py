"""Which node and which package manager an app takes."""

from __future__ import annotations

import pytest

from windlass.config.model import Config
from windlass.errors import NotReady
from windlass.facts.revision import Revision
from windlass.facts.tools import Tools
from windlass.plans.engines import check, fits


@pytest.mark.parametrize(
    ("wanted", "fitting"),
    [
        (">=20.12", True),
        (">= 20", True),
        ("^18.18.0 || ^20.9.0 || >=21.1.0", True),
        ("18 - 22", True),
        ("22.x", True),
        ("v22", True),
        ("", True),
        ("*", True),
        ("lts/*", True),
        (">=99", False),
        ("18.x", False),
        (">=18 <22", False),
        ("> 22", False),
        ("22.19", False),
    ],
)
def test_a_version_is_in_a_range_as_npm_writes_them(wanted: str, fitting: bool) -> None:
    assert fits(wanted, "22.20.0") is fitting


def _config(**tables: object) -> Config:
    return Config.model_validate({"app": {"name": "tiny", "repository": "/srv/git/tiny.git"}, **tables})


def _check(version: str, engines: object) -> None:
    tools = Tools("/usr/bin", "22.20.0", "10.9.3", {"npm": "/usr/bin/npm"})
    revision = Revision("a" * 40, "Sail", 0, package={"engines": engines})
    check(_config(node={"version": version}), tools, revision, "host")


def test_the_configs_version_overrules_package_json() -> None:
    _check("22", {"node": ">=99"})
    with pytest.raises(
        NotReady, match=r"host: \[node\] version asks for 24, and /usr/bin has node 22\.20\.0"
    ):
        _check("24", {"node": ">=20"})


def test_package_json_counts_where_the_config_names_no_version() -> None:
    _check("", {"node": ">=20"})
    _check("", {"npm": ">=99"})
    _check("", "anything")
    with pytest.raises(NotReady, match=r"engines\.node in package\.json of aaaaaaa asks for >=99"):
        _check("", {"node": ">=99"})


def test_the_package_manager_must_be_there_or_come_from_corepack_unless_nothing_asks_for_it() -> None:
    def with_programs(*programs: str, **tables: object) -> None:
        tools = Tools("/usr/bin", "22.20.0", "10.9.3", {name: f"/usr/bin/{name}" for name in programs})
        check(_config(**tables), tools, Revision("a" * 40, "Sail", 0, blobs={"pnpm-lock.yaml": "b"}), "host")

    with_programs("pnpm")
    with_programs("corepack")
    with_programs("npm", node={"package_manager": "npm"})
    with_programs("npm", build={"install": "make deps", "command": "make"})
    with pytest.raises(NotReady, match="aaaaaaa installs with pnpm, which is not there"):
        with_programs("npm", "yarn")
