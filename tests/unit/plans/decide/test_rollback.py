"""Which releases hosts go back to, and what speaks against it; restart and resume beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.made import config, kept, live, look, went_well, with_database
from tests.unit.plans.reading import titles
from windlass.errors import NotReady, Refused, WindlassError
from windlass.facts.applied import Applied
from windlass.facts.nginx import NginxFacts
from windlass.facts.state import State
from windlass.manifest import manifest_of
from windlass.plans.decide import restart, resume
from windlass.plans.decide.rollback import Seen, choose, decide, with_nothing_to_go_back_to
from windlass.plans.look import Look

A, B = "0001-aaaaaaa", "0002-bbbbbbb"
NO_NGINX = NginxFacts("", False, False, "", "", ())


def at(current: str, **parts: Any) -> State:
    """A server that had A live and then B."""
    records = (*went_well(A), *went_well(B, A))
    return live(current, **{"records": records, "releases": kept(A, B), **parts})


def seen(host: str = "web1", current: str = B, **parts: Any) -> Seen:
    return Seen(host, look(at(current, **parts)))


def test_every_host_goes_back_to_the_release_before() -> None:
    hosts = [seen(), seen("web2")]
    chosen = choose(hosts, None, stable=False)
    assert chosen is not None
    assert [one.id for one in chosen] == [A, A]
    first, second = decide(config(), hosts, chosen).plans
    assert first.record["release"] == second.record["release"] == A
    assert first.record["rolled_from"] == B


@pytest.mark.parametrize("named", [A, "aaaaaaa"])
def test_a_release_is_named_by_its_id_or_its_commit(named: str) -> None:
    chosen = choose([seen()], named, stable=False)
    assert chosen
    assert chosen[0].id == A


def test_a_commit_that_one_host_does_not_keep_is_built() -> None:
    assert choose([seen(), seen("web2", releases=kept(B))], "aaaaaaa", stable=False) is None


def test_hosts_that_would_differ_are_refused_with_what_each_would_go_to() -> None:
    other = Seen("web2", look(live(B, records=(*went_well("0001-eeeeeee"), *went_well(B)),
                                   releases=kept("0001-eeeeeee", B))))  # fmt: skip
    with pytest.raises(Refused) as refused:
        choose([seen(), other], None, stable=False)
    assert f"(web1: {A}, web2: 0001-eeeeeee)" in refused.value.message


def test_where_nothing_is_good_or_marked_it_says_so_once() -> None:
    with pytest.raises(WindlassError) as refused:
        choose([seen(current=A), seen("web2", current=A)], None, stable=False)
    assert refused.value.message.count("there is no good release before") == 1
    with pytest.raises(Refused, match="no kept release is marked stable"):
        choose([seen()], None, stable=True)


def test_where_only_some_have_nothing_to_go_back_to_it_says_which() -> None:
    hosts = [seen(), seen("web2", current=A), seen("web3")]
    nothing = with_nothing_to_go_back_to(hosts, None, stable=False)
    assert list(nothing) == ["web2"]
    assert "there is no good release before" in nothing["web2"].message
    assert with_nothing_to_go_back_to(hosts, "fffffff", stable=False) == {}
    with pytest.raises(WindlassError, match="no kept release is marked stable"):
        with_nothing_to_go_back_to(hosts, None, stable=True)


def test_what_is_live_already_is_left_as_it_is() -> None:
    decided = decide(config(), [seen(current=A)], kept(A))
    assert (decided.plans, [one.live for one in decided.as_it_is]) == ((), [A])


def test_a_release_whose_migrations_were_taken_back_is_refused() -> None:
    undone = at(B, records=(*went_well(A), *went_well(B, A), {"event": "end", "undone": ["1_x"]}))
    one = Seen("web1", look(undone, applied=Applied(names=frozenset({"0_a"}))), frozenset({"0_a", "1_x"}))
    with pytest.raises(Refused, match=rf"web1: {A} needs migrations that were taken back \(1_x\)"):
        decide(with_database(), [one], kept(A))


def test_what_a_server_lacks_is_refused() -> None:
    with pytest.raises(NotReady, match="web1 is not ready"):
        decide(config(), [Seen("web1", look(at(B), nginx=NO_NGINX))], kept(A))


def test_a_stopped_app_has_its_release_chosen_and_nothing_started() -> None:
    (plan,) = decide(config(), [seen(stopped="by ana")], kept(A)).plans
    assert titles(plan) == ["choose the release"]


def test_what_stays_different_is_said_before_anything_is_run() -> None:
    records = (*went_well(A), *went_well(B, A, migrations=["1_x"]))
    decided = decide(with_database(), [seen(records=records)], kept(A))
    assert [one.host for one in decided.said] == ["web1"]
    assert "the database stays as it is" in decided.said[0].text
    taken_back = decide(with_database(), [seen(records=records)], kept(A), with_database=True)
    assert taken_back.said == ()


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (at(B, stopped="by ana"), "web1 is stopped (by ana)"),
        (live(B, live="", releases=()), "web1: nothing is live"),
    ],
)
def test_a_restart_wants_something_that_runs(of: State, said: str) -> None:
    with pytest.raises(Refused) as refused:
        restart.decide(config(), {"web1": look(of)})
    assert said in refused.value.message


def test_a_restart_starts_the_same_release_on_the_other_slot() -> None:
    (plan,) = restart.decide(config(), {"web1": look(at(B))}).plans
    assert plan.record["release"] == B
    assert "switch to green" in titles(plan)


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (at(B), "web1 is not stopped"),
        (live(B, live="", releases=(), stopped=""), "nothing was live before the stop"),
    ],
)
def test_a_resume_wants_what_was_stopped(of: State, said: str) -> None:
    with pytest.raises(Refused) as refused:
        resume.decide(config(), {"web1": look(of)})
    assert said in refused.value.message


def test_a_resume_starts_the_live_release_on_its_own_slot() -> None:
    (plan,) = resume.decide(config(), {"web1": look(at(B, stopped="by ana"))}).plans
    assert plan.record == {"release": B, "revision": kept(B)[0].revision, "resumed": True}
    assert "start on blue" in titles(plan)


def shares(count: int, current: str = B, **parts: Any) -> Look:
    """A host whose site shares each slot's visitors among so many."""
    ways = tuple(
        (f"shop_{slot}", tuple(f"127.0.0.1:{first + number}" for number in range(count)))
        for slot, first in (("blue", 3000), ("green", 3100))
    )
    known = look(at(current, **parts))
    return replace(known, nginx=replace(known.nginx, upstreams=ways, cpus=2))


@pytest.mark.parametrize("instances", [2, 4, "cpus"])
def test_a_rollback_starts_as_many_web_processes_as_the_configuration_has_whatever_the_site_and_the_release(
    instances: int | str,
) -> None:
    wanted = config(web={"instances": instances, "ports": [3000, 3100]})
    before = manifest_of(config(web={"instances": 7, "ports": [3000, 3100]}), "blue", A, "a" * 40, "/usr/bin")
    kept_before = replace(kept(A)[0], manifest=before)
    host = Seen("web1", shares(3, releases=(kept_before, *kept(B))))
    plan, *_ = decide(wanted, [host], [kept_before]).plans
    assert f"healthy on ports 3100 to {3099 + wanted.counted(2).instances}" in titles(plan)
    assert not any("instances" in note for note in plan.notes)


def test_a_restart_waits_for_the_site_that_its_number_needs() -> None:
    wanted = config(web={"instances": 2, "ports": [3000, 3100]})
    assert restart.decide(wanted, {"web1": shares(2)}).plans
    with pytest.raises(NotReady, match=r"nginx shares blue's visitors among 3, and \[web\] instances is 2"):
        restart.decide(wanted, {"web1": shares(3)})


def test_what_was_stopped_is_started_whatever_the_site_shares() -> None:
    (plan,) = resume.decide(
        config(web={"instances": 2, "ports": [3000, 3100]}), {"web1": shares(3, stopped="by ana")}
    ).plans
    assert "healthy on ports 3000 to 3001" in titles(plan)
