"""What a deploy does about what it saw: a table of cases, without a host."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.made import NEW, config, kept, live, look, revision, state, went_well, with_database
from tests.unit.plans.reading import running, step
from windlass.errors import ExitCode, NotReady, Refused, UsageError, WindlassError
from windlass.facts.applied import Applied
from windlass.facts.databases import Databases
from windlass.facts.tools import Tools
from windlass.facts.visitors import Reply, Visitors
from windlass.manifest import manifest_of
from windlass.plans.decide.deploy import Seen, decide
from windlass.plans.deploy import Options

LIVE = "0001-ccccccc"
MIGRATION = "20260101_rows"


def seen(host: str = "web1", **parts: Any) -> Seen:
    """A host that runs an older commit and is ready for the revision."""
    known: dict[str, Any] = {"look": look(live("0001-aaaaaaa")), "revision": revision(), **parts}
    return Seen(host, **known)


def up_to_date(host: str = "web1", problem: str = "", **parts: Any) -> Seen:
    """A host that has the revision live; `problem` is how its slot answers."""
    at = live(LIVE, live_revision=NEW, **parts)
    return seen(host, look=look(at), visitors=Visitors((Reply(500 if problem else 200, 0.1, problem),)))


def with_pending(**parts: Any) -> Seen:
    return seen(revision=revision(migrations=(MIGRATION,)), **parts)


@pytest.mark.parametrize(
    ("hosts", "error", "said"),
    [
        (
            [seen(look=look(state(disk_free=0), tools=Tools("", "", "", {})))],
            NotReady,
            "web1 is not ready; visitors saw nothing, nothing was started:\n  git: apt-get",
        ),
        ([seen(revision=None)], UsageError, "web1: the repository has no branch, tag or commit 'main'"),
        (
            [seen(revision=revision(package={"engines": {"node": ">=99"}}))],
            NotReady,
            "engines.node in package.json of ccccccc asks for >=99",
        ),
        (
            [seen(), seen("web2", revision=revision(hash="d" * 40))],
            Refused,
            "the hosts see different commits as main; nothing was changed",
        ),
        (
            [seen(look=look(live("0001-aaaaaaa", stopped="by ana")))],
            Refused,
            "web1 is stopped (by ana); nothing was changed",
        ),
        (
            [seen(look=look(live("0001-aaaaaaa"), applied=Applied(failed=("1_x",))))],
            NotReady,
            "1_x was begun, did not finish and is not resolved",
        ),
        (
            [seen(look=look(live("0001-aaaaaaa"), applied=Applied(problem="refused")))],
            NotReady,
            "web1: the database did not answer (refused)",
        ),
    ],
)
def test_what_speaks_against_a_deploy_is_refused(
    hosts: list[Seen], error: type[WindlassError], said: str
) -> None:
    with pytest.raises(error) as refused:
        decide(with_database(), "main", hosts, Options())
    assert said in refused.value.message


def test_the_hosts_that_refuse_are_told_of_together_with_the_worst_exit_code() -> None:
    with pytest.raises(WindlassError) as refused:
        decide(config(), "main", [seen(revision=None), seen(), seen("web3", revision=None)], Options())
    assert [line.split(":")[0] for line in refused.value.message.splitlines()] == ["web1", "web3"]
    assert refused.value.exit_code == ExitCode.USAGE


def test_what_is_missing_comes_before_what_is_wrong_with_the_revision() -> None:
    with pytest.raises(NotReady, match="is not ready"):
        decide(config(), "main", [seen(look=look(state(disk_free=0)), revision=None)], Options())


def test_what_is_live_everywhere_is_left_as_it_is() -> None:
    decided = decide(config(), "main", [up_to_date(), up_to_date("web2")], Options())
    assert decided.plans == ()
    assert [(one.host, one.live, one.text) for one in decided.as_it_is] == [
        ("web1", LIVE, ""),
        ("web2", LIVE, ""),
    ]


def test_an_env_that_has_changed_since_is_told_where_there_is_nothing_to_do() -> None:
    records = tuple(went_well(LIVE, env=1))
    (one,) = decide(config(), "main", [up_to_date(records=records)], Options()).as_it_is
    assert one.text == ".env has changed since: the app still runs with the old one"
    assert one.hint.startswith("fab restart -H web1")


@pytest.mark.parametrize(
    ("hosts", "options", "said"),
    [
        ([up_to_date()], Options(force=True), []),
        ([up_to_date(), seen("web2")], Options(), []),
        (
            [up_to_date(), up_to_date("web2", problem="status 500")],
            Options(),
            [("web2", "the live release is not well, so it is deployed anew: status 500")],
        ),
        ([replace(up_to_date(), revision=revision(migrations=("1_x",)))], Options(), []),
    ],
)
def test_what_is_live_is_deployed_anew_where_something_is_to_be_done(
    hosts: list[Seen], options: Options, said: list[tuple[str, str]]
) -> None:
    decided = decide(with_database(), "main", hosts, options)
    assert len(decided.plans) == len(hosts)
    assert [(one.host, one.text) for one in decided.said] == said


def test_the_first_of_several_hosts_migrates() -> None:
    pending = revision(migrations=(MIGRATION,))
    hosts = [seen(revision=pending), seen("web2", revision=pending)]
    first, second = decide(with_database(), "main", hosts, Options()).plans
    assert "migrate" in running(first)
    assert "migrate" not in running(second)


@pytest.mark.parametrize(
    ("there", "wanted", "puts_up"),
    [
        (None, False, False),
        (None, True, True),
        ("deploy 0001-x", False, True),
        ("by ana", True, False),
    ],
)
def test_a_page_that_an_earlier_run_left_up_is_taken_over_and_a_persons_is_not(
    there: str | None, wanted: bool, puts_up: bool
) -> None:
    on = seen(look=look(live("0001-aaaaaaa", maintenance=there)))
    (plan,) = decide(with_database(), "main", [on], Options(page=wanted)).plans
    assert ("put the page up" in running(plan)) is puts_up


def test_complaints_about_migrations_are_warnings_and_refused_where_the_config_is_strict() -> None:
    on = with_pending(complaints={MIGRATION: ["line 1: drops a column"], "2_y": None, "3_z": ["unread"]})
    decided = decide(with_database(), "main", [on], Options())
    assert [(one.text.split(" (")[0], one.warning) for one in decided.said] == [
        ("line 1: drops a column", True),
        ("2_y was not looked through: squawk is not there", True),
    ]
    with pytest.raises(NotReady, match="not fit to run beside the live release"):
        decide(with_database(strict=True), "main", [on], Options())


def test_a_rehearsal_wants_a_copy_and_something_that_is_pending() -> None:
    nothing = decide(with_database(), "main", [seen()], Options(rehearse=True))
    assert [(one.text, one.warning) for one in nothing.said] == [
        ("no migration is pending: there is nothing to rehearse", False)
    ]
    unable = Databases(name="shop", role="shop", creates=False, owns=True, version=15)
    with pytest.raises(NotReady, match="may make no database"):
        decide(with_database(), "main", [with_pending(databases=unable)], Options(rehearse=True))


def test_a_release_is_numbered_past_all_that_are_known() -> None:
    on = seen(look=look(live("0001-aaaaaaa", releases=kept("0001-aaaaaaa", "0007-bbbbbbb"))))
    (plan,) = decide(config(), "main", [on], Options()).plans
    assert plan.record["release"] == "0008-ccccccc"
    assert step(plan, "publish")


CPUS = config(web={"instances": "cpus", "ports": [3000, 3100]})


def test_each_host_has_as_many_web_processes_as_it_has_cores() -> None:
    hosts = [
        seen(host, look=look(live("0001-aaaaaaa"), nginx=replace(look().nginx, cpus=cpus)))
        for host, cpus in (("web1", 2), ("web2", 4), ("web3", 1))
    ]
    plans = decide(CPUS, "main", hosts, Options()).plans
    assert [[title for title in running(plan) if "healthy on" in title] for plan in plans] == [
        ["healthy on ports 3100 to 3101"],
        ["healthy on ports 3100 to 3103"],
        ["healthy on port 3100"],
    ]


@pytest.mark.parametrize(("cpus", "due"), [(2, False), (4, True)])
def test_a_host_with_other_cores_than_when_it_was_started_is_deployed_anew(cpus: int, due: bool) -> None:
    started = manifest_of(CPUS.counted(2), "blue", LIVE, NEW, "/usr/bin")
    host = up_to_date(manifests={"blue": started})
    host = replace(host, look=replace(host.look, nginx=replace(host.look.nginx, cpus=cpus)))
    decided = decide(CPUS, "main", [host], Options())
    assert bool(decided.plans) == due
    assert any("[web] instances" in one.text for one in decided.said) == due


def test_one_of_several_that_does_not_answer_has_the_live_release_deployed_anew() -> None:
    replies = Reply(200, 0.1, "", 3000), Reply(0, 0.1, "connection refused", 3001)
    decided = decide(config(), "main", [replace(up_to_date(), visitors=Visitors(replies))], Options())
    assert decided.said[0].text.endswith("deployed anew: port 3001: connection refused")
