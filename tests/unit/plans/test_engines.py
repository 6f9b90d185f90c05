"""Which node an app takes."""

from __future__ import annotations

import pytest

from windlass.config import Config
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


def _check(version: str, engines: object) -> None:
    config = Config.model_validate(
        {"app": {"name": "tiny", "repository": "/srv/git/tiny.git"}, "node": {"version": version}}
    )
    tools = Tools("/usr/bin", "22.20.0", "10.9.3", {})
    check(config, tools, Revision("a" * 40, "Sail", 0, package={"engines": engines}), "host")


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
