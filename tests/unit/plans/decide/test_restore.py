"""What a restore does about what it saw: a table of cases, without a host."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.made import live, look, state, with_database
from tests.unit.plans.reading import titles
from windlass.errors import ExitCode, NotReady, Refused, UsageError, WindlassError
from windlass.facts.backups import Backup
from windlass.facts.databases import Databases, Kept
from windlass.facts.dump import Dump
from windlass.facts.tools import Tools
from windlass.plans.decide.drop import decide as decide_drop
from windlass.plans.decide.restore import Choice, Seen, choose, decide
from windlass.plans.restore import SWAP

HOST = "web1"
CONFIG = with_database()
LIVE = "0002-ccccccc"
KEPT = "shop_before_restore_20261120_040500"
NOW = datetime(2026, 11, 22, 4, 5, tzinfo=UTC)
BACKUPS = (
    Backup("20261122-030000", 10, NOW, why="by hand"),
    Backup("0001-aaaaaaa", 10, NOW, why="deploy", sha256="abc", verified=NOW),
)
GOOD = Databases(
    "shop", "app", "app", owns=True, creates=True, version=15, size=1 << 30, free=2 << 30,
    others=(Kept(KEPT, 1),),
)  # fmt: skip


def seen(databases: Databases = GOOD, **parts: Any) -> Seen:
    """A host with a live release, two backups and a database that an earlier restore kept."""
    known = {"look": look(live(LIVE, now=NOW.timestamp()), backups=BACKUPS), "databases": databases, **parts}
    return Seen(HOST, **known)


def at(**parts: Any) -> Seen:
    """The same host in another state."""
    return seen(look=look(live(LIVE, now=NOW.timestamp(), **parts), backups=BACKUPS))


def without_node() -> Seen:
    return seen(look=look(live(LIVE), tools=Tools("", "", "", {}), backups=BACKUPS))


def database(**parts: Any) -> Seen:
    return seen(replace(GOOD, **parts))


@pytest.mark.parametrize(
    ("host", "named", "error", "said"),
    [
        (
            seen(),
            "shop",
            UsageError,
            "web1: there is no backup, kept database or file shop; nothing was changed",
        ),
        (
            seen(look=look(backups=BACKUPS[:1])),
            "latest",
            UsageError,
            "web1: there is no verified backup yet; nothing was changed",
        ),
        (database(problem="refused"), "latest", NotReady, "web1: the database did not answer (refused)"),
        (database(creates=False), "latest", NotReady, "web1: app may make no database (CREATEDB)"),
        (database(owns=False, owner="root"), KEPT, NotReady, "web1: app does not own shop (root does)"),
        (without_node(), "latest", NotReady, "web1 is not ready; visitors saw nothing, nothing was started:"),
    ],
)
def test_it_is_refused_before_anything_is_sent(
    host: Seen, named: str, error: type[WindlassError], said: str
) -> None:
    with pytest.raises(error) as refused:
        choose(CONFIG, host, named)
    assert refused.value.message.startswith(said)
    assert (refused.value.exit_code == ExitCode.USAGE) == (error is UsageError)


@pytest.mark.parametrize(
    ("host", "named"),
    [
        (replace(without_node(), databases=replace(GOOD, creates=False)), "nothing"),  # first what is meant
        (replace(without_node(), databases=replace(GOOD, creates=False)), "latest"),  # then the database
        (without_node(), "latest"),  # then the programs
    ],
)
def test_what_a_person_has_to_hear_first_comes_first(host: Seen, named: str) -> None:
    with pytest.raises(WindlassError) as refused:
        choose(CONFIG, host, named)
    first = "no backup" if named == "nothing" else "no database" if not host.databases.creates else "node:"
    assert first in refused.value.message


@pytest.mark.parametrize(
    ("dump", "found", "error", "said"),
    [
        (Dump(problem="too short"), GOOD, Refused, "web1: 0001-aaaaaaa is no dump that pg_restore can read"),
        (Dump(16), GOOD, Refused, "web1: 0001-aaaaaaa is of PostgreSQL 16, and the server has 15"),
        (Dump(15), replace(GOOD, free=1), NotReady, "web1: the database takes 1024 MiB"),
        (Dump(16), replace(GOOD, free=1), Refused, "web1: 0001-aaaaaaa is of PostgreSQL 16"),
    ],
)
def test_a_dump_is_refused_before_anything_is_begun(
    dump: Dump, found: Databases, error: type[WindlassError], said: str
) -> None:
    host = seen(found)
    chosen = choose(CONFIG, host, "latest")
    with pytest.raises(error) as refused:
        decide(CONFIG, host, chosen, dump)
    assert refused.value.message.startswith(said)
    assert "nothing was changed" in refused.value.message


@pytest.mark.parametrize(
    ("named", "dump", "restored", "steps"),
    [
        ("latest", Dump(15), "0001-aaaaaaa", True),
        ("20261122-030000.dump", Dump(15), "20261122-030000", True),
        ("latest", None, "0001-aaaaaaa", True),  # a dry run of a file that is not sent
        (KEPT, None, KEPT, False),
    ],
)
def test_what_was_named_is_put_in_and_what_was_there_is_kept(
    named: str, dump: Dump | None, restored: str, steps: bool
) -> None:
    plan = plan_of(seen(), named, dump)
    assert plan.record["restored"] == restored
    assert plan.record["kept"] == "shop_before_restore_20261122_040500"
    assert ("restore into it" in titles(plan)) == steps


def test_a_file_is_named_for_the_moment_and_removed_at_the_end() -> None:
    chosen = choose(CONFIG, seen(), "/tmp/a.dump", "a.dump")
    assert str(chosen.source.dump) == "/srv/shop/backups/20261122-040500-sent.dump.partial"
    (plan,) = decide(CONFIG, seen(), chosen, Dump(15)).plans
    assert titles(plan)[-1] == "remove what was sent"


@pytest.mark.parametrize(
    ("host", "starts", "page"),
    [
        (at(), LIVE, True),
        (at(maintenance="deploy 0002-ccccccc"), LIVE, True),  # left up by one that failed: it is taken over
        (at(maintenance="by ana"), LIVE, False),  # somebody's own: it stays up
        (at(stopped="by ana"), None, None),
        (
            replace(without_node(), look=look(state(), tools=Tools("", "", "", {}), backups=BACKUPS)),
            None,
            None,
        ),
    ],
)
def test_what_is_live_starts_anew_behind_the_page(host: Seen, starts: str | None, page: bool | None) -> None:
    chosen = choose(CONFIG, host, "latest")
    assert (chosen.to and chosen.to.release, chosen.to and chosen.to.page_up) == (starts, page)
    steps = titles(plan_of(host, "latest", Dump(15)))
    assert ("put the page up" in steps, "take the page down" in steps) == (bool(page), bool(page))
    assert ("stop the processes" in steps) == (starts is not None)
    assert SWAP in steps


def test_the_hosts_that_share_the_database_are_named_before_a_file_is_sent() -> None:
    assert choose(CONFIG, seen(), "latest").said == ()
    (said,) = choose(CONFIG, seen(others=("web2", "web3")), "latest").said
    assert said.text.startswith("the app on web2, web3 is not stopped meanwhile")
    assert (said.host, said.warning) == (HOST, True)


@pytest.mark.parametrize(
    ("found", "name", "error", "said"),
    [
        (replace(GOOD, problem="refused"), KEPT, NotReady, "web1: the database did not answer (refused)"),
        (GOOD, "shop", UsageError, f"web1: no restore of shop kept a database shop (kept: {KEPT})"),
        (
            replace(GOOD, others=()),
            KEPT,
            UsageError,
            f"web1: no restore of shop kept a database {KEPT} (kept: none)",
        ),
    ],
)
def test_only_what_a_restore_kept_can_be_dropped(
    found: Databases, name: str, error: type[WindlassError], said: str
) -> None:
    with pytest.raises(error) as refused:
        decide_drop(CONFIG, HOST, found, name)
    assert refused.value.message.startswith(said)
    (plan,) = decide_drop(CONFIG, HOST, GOOD, KEPT).plans
    assert plan.record["dropped"] == KEPT


def plan_of(host: Seen, named: str, dump: Dump | None) -> Any:
    chosen: Choice = choose(CONFIG, host, named)
    (plan,) = decide(CONFIG, host, chosen, dump).plans
    return plan
