"""What becomes of every host's `.env`: a table of cases, without a host."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.made import config, live, with_database
from windlass.errors import NotReady, Refused, WindlassError
from windlass.facts.env import ServerEnv, Version
from windlass.plans.decide.env import Coming, Seen, decide

CONFIG = config()
VERSION = Version(1, 0, {"KEY": "k1"})
THERE = ServerEnv(1, 0, True, VERSION.variables, frozenset(), (VERSION,), 2)
FILE = Coming("new.env", {"KEY": "k2"}, ("line 1: KEY is odd",))


def seen(host: str = "web1", **parts: Any) -> Seen:
    """A host with one version of `.env`, in use."""
    return Seen(host, live("0001-aaaaaaa"), replace(THERE, **parts))


@pytest.mark.parametrize(
    ("hosts", "wanted", "error", "said"),
    [
        (
            [seen(), seen("web2", problem="denied")],
            FILE,
            NotReady,
            "web2: .env could not be looked at: denied",
        ),
        ([seen(problem="denied")], 1, NotReady, "web1: .env could not be looked at: denied"),
        ([seen(), seen("web2")], 7, Refused, "web1 has no version 7 of .env (it has 1)"),
    ],
)
def test_it_is_refused_before_anything_is_sent(
    hosts: list[Seen], wanted: Coming | int, error: type[WindlassError], said: str
) -> None:
    with pytest.raises(error) as refused:
        decide(CONFIG, hosts, wanted)
    assert refused.value.message.startswith(said)
    assert refused.value.message.endswith("nothing was changed")


def test_a_database_url_that_neither_the_file_nor_the_host_has_is_asked_for() -> None:
    needs = with_database().model_copy(
        update={"shared": CONFIG.shared.model_copy(update={"required": ["DATABASE_URL"]})}
    )
    with pytest.raises(NotReady, match=r"DATABASE_URL is neither in new\.env nor on deploy@web1") as refused:
        decide(needs, [seen("deploy@web1")], FILE)
    assert refused.value.hint == "put it in new.env, or fab setup --database -H root@web1"


def test_the_files_oddities_are_told_once_and_its_names_by_host() -> None:
    decided, changes = decide(CONFIG, [seen(), seen("web2", variables=FILE.variables)], FILE)
    assert [(one.host, one.text, one.warning) for one in decided.said][:2] == [
        ("web1", "line 1: KEY is odd", True),
        ("web1", "changed: KEY", False),
    ]
    assert len(decided.plans) == len(changes) == 2


def test_where_all_have_it_there_is_nothing_to_do() -> None:
    decided, changes = decide(CONFIG, [seen(), seen("web2")], replace(FILE, variables=VERSION.variables))
    assert not decided.plans
    assert all(change.unchanged for change in changes)
    assert [one.host for one in decided.as_it_is] == ["web1", "web2"]
    assert decided.as_it_is[0].text.startswith("version 1 of .env is in place already")
    assert [one.text for one in decided.said] == ["line 1: KEY is odd"]
