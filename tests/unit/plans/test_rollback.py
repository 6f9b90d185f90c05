"""Which release a rollback goes to, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.bash import is_bash
from tests.unit.made import config, cutover, kept, live, past, record, state, went_well, went_wrong
from tests.unit.plans.reading import stage, step, text_of, titles, whole_text
from windlass.errors import Refused, UsageError
from windlass.facts.state import Release, State
from windlass.manifest import manifest_of
from windlass.plan import Gate, Plan
from windlass.plans.rollback import (
    choose,
    differences,
    is_standby,
    kept_for,
    newest_stable,
    previous,
    restart,
    rollback,
)

Records = list[Mapping[str, Any]]
A, B, C, D = "0001-aaaaaaa", "0002-bbbbbbb", "0003-ccccccc", "0004-ddddddd"
DEPLOYED = [*went_well(A), *went_well(B, A), *went_well(C, B)]


def server(current: str, *records: Records, releases: tuple[str, ...] = (A, B, C, D)) -> State:
    known = tuple(entry for group in records for entry in group)
    return live(current, records=known, releases=kept(*releases))


def watch(plan: Plan) -> Mapping[str, Any]:
    """What the gate before the cutover is given."""
    gate = step(plan, "healthy on port 3001").action
    assert isinstance(gate, Gate)
    return gate.arguments


def back(current: str, chosen: str) -> Records:
    return went_well(chosen, current, rolled_from=current)


def test_a_rollback_goes_to_the_release_before() -> None:
    assert previous(server(C, DEPLOYED)).id == B


def test_twice_in_a_row_goes_further_back_and_then_no_further() -> None:
    assert previous(server(B, DEPLOYED, back(C, B))).id == A
    with pytest.raises(Refused, match="no good release before 0001-aaaaaaa"):
        previous(server(A, DEPLOYED, back(C, B), back(B, A)))


def test_a_rollback_never_goes_forward_again() -> None:
    """C was live last before B, and is not what a rollback from B means."""
    named_again = server(B, DEPLOYED, back(C, A), back(A, B))
    with pytest.raises(Refused):
        previous(server(A, DEPLOYED, back(C, A)))
    with pytest.raises(Refused):  # A is bad by now
        previous(named_again)


def test_after_a_new_deploy_a_rollback_goes_to_what_was_live_before_it() -> None:
    assert previous(server(D, DEPLOYED, back(C, B), went_well(D, B))).id == B


def test_a_bad_release_is_not_chosen() -> None:
    went_back = went_wrong(C, B, "went-back")
    assert previous(server(D, went_well(A), went_well(B, A), went_back, went_well(D, B))).id == B
    rolled = [*DEPLOYED, *back(C, B), *back(B, A), *went_well(C, A), *went_well(D, C)]
    assert past(rolled).bad == {B}
    assert previous(server(C, rolled[:-3])).id == A


def test_a_release_that_is_not_kept_is_not_chosen() -> None:
    assert previous(server(C, DEPLOYED, releases=(A, C))).id == A


def test_a_restart_does_not_change_what_was_before() -> None:
    assert previous(server(C, DEPLOYED, went_well(C, C))).id == B


def test_where_only_one_release_ever_was_there_is_nothing_to_go_back_to() -> None:
    with pytest.raises(Refused, match="before 0001-aaaaaaa to go back to; nothing was changed") as refused:
        previous(server(A, went_well(A)))
    assert "fab rollback --commit" in refused.value.hint
    with pytest.raises(Refused, match="before the first"):
        previous(state())


def test_a_ledger_that_is_lost_leaves_what_it_still_knows() -> None:
    assert previous(server(D, went_well(B))).id == B


def test_the_newest_kept_stable_release_is_chosen() -> None:
    marks = [record("stable", A), record("stable", B), record("stable", "0009-fffffff")]
    assert newest_stable(server(C, DEPLOYED, marks)).id == B
    with pytest.raises(Refused, match="no kept release is marked stable"):
        newest_stable(server(C, DEPLOYED, [record("stable", "0009-fffffff")]))


def test_a_named_commit_is_the_newest_kept_release_of_it_that_is_good() -> None:
    again = "0005-aaaaaaa"
    found = kept_for(server(C, DEPLOYED, releases=(A, B, C, again)), "aaaaaaa")
    assert found is not None
    assert found.id == again
    found = kept_for(server(C, DEPLOYED, went_wrong(again, C), releases=(A, B, C, again)), "aaaaaaa")
    assert found is not None
    assert found.id == A


def test_digits_that_begin_several_kept_revisions_name_none() -> None:
    seen = live(
        C, records=DEPLOYED, releases=(*kept(A), Release("0002-aaaaaaa", "a" * 7 + "b" * 33, "stamp"))
    )
    with pytest.raises(UsageError, match=r"a{7}0{33} or commit a{7}b{33}"):
        kept_for(seen, "aaaaaaa")
    assert kept_for(seen, "a" * 7 + "0" * 33) == kept(A)[0]


def test_a_bad_release_may_be_named() -> None:
    found = kept_for(server(B, DEPLOYED, back(C, B)), "ccccccc")
    assert found is not None
    assert found.id == C


@pytest.mark.parametrize("named", ["aaaaaa", "", "fffffff", "main"])
def test_what_names_no_kept_release_is_built(named: str) -> None:
    assert kept_for(server(C, DEPLOYED), named) is None


TO = cutover(release=B, was=C, known=True, slot="green")


def test_going_back_installs_builds_and_prunes_nothing() -> None:
    plan = rollback(config(), server(C, DEPLOYED), TO)
    assert [one.name for one in plan.stages] == ["start", "cutover", "soak", "finish"]
    assert titles(plan)[:2] == ["end what runs on green", "start on green"]
    assert "remove what is too old" not in titles(plan)
    assert plan.record["rolled_from"] == C
    assert plan.recovery
    assert is_bash(whole_text(plan))


@pytest.mark.parametrize("seen", [live(C), live(C, standby="", slots={"blue": C, "green": B})])
def test_what_one_rolls_away_from_is_never_a_warm_standby(seen: State) -> None:
    warm = config(web={"standby": "warm"})
    for plan in (rollback(warm, seen, TO), restart(warm, seen, TO)):
        assert "keep blue as a warm standby" not in titles(plan)
        assert "stop blue" in titles(plan)


def test_a_restart_is_the_same_cutover_and_makes_nothing_bad() -> None:
    plan = restart(config(), server(C, DEPLOYED), cutover(release=C, was=C, known=True))
    assert [one.name for one in plan.stages] == ["start", "cutover", "soak", "finish"]
    assert "rolled_from" not in plan.record


def test_going_back_to_a_warm_standby_is_the_rename_alone() -> None:
    seen = live(C, standby="", slots={"blue": C, "green": B})
    assert is_standby(seen, TO)
    plan = rollback(config(web={"standby": "warm"}), seen, TO)
    assert titles(plan)[:6] == [
        "see that green runs",
        "healthy on port 3001",
        "nginx reaches green",
        "switch to green",
        "healthy through nginx",
        "publish",
    ]
    assert watch(plan)["standby"], "it was watched when it was started"
    assert not watch(rollback(config(), live(C), TO))["standby"]
    assert stage(plan, "cutover").undo[-1].title == "switch back to blue"
    assert stage(plan, "start").undo == ()  # a standby that is not healthy stays to be looked at
    assert "rm -f /srv/shop/run/standby" in text_of(step(plan, "publish"))


@pytest.mark.parametrize(
    "seen",
    [
        live(C, standby=None, slots={"blue": C, "green": B}),
        live(C, standby="", slots={"blue": C, "green": A}),
        live(C, standby="", slots={"blue": C, "green": ""}),
    ],
)
def test_what_is_no_standby_is_started(seen: State) -> None:
    assert not is_standby(seen, TO)
    assert "start on green" in titles(rollback(config(), seen, TO))


@pytest.mark.parametrize(("instances", "there"), [(2, True), (3, False), (1, False)])
def test_a_standby_of_another_number_of_web_processes_is_started_anew(instances: int, there: bool) -> None:
    web = {"ports": [3000, 3100]}
    known = manifest_of(config(web={**web, "instances": 2}), "green", B, "b" * 40, "/usr/bin")
    seen = live(C, standby="", slots={"blue": C, "green": B}, manifests={"green": known})
    to = replace(TO, instances=instances)
    assert is_standby(seen, to) == there


def test_while_the_app_is_stopped_a_release_is_chosen_and_nothing_is_started() -> None:
    plan = choose(config(), server(C, DEPLOYED), TO)
    text = text_of(step(plan, "choose the release"))
    assert "pm2" not in text
    assert "run/stopped" not in text
    assert text.index("slot-green") < text.index("mv -T /srv/shop/run/green.off") < text.index("shop/current")
    assert plan.record["rolled_from"] == C
    assert stage(plan, "cutover").on_cancel == "finish"
    assert stage(plan, "finish").settles


def told(seen: State, release: str = A) -> str:
    return "\n".join(differences(seen, release))


def migrating(release: str, before: str, outcome: str, *names: str) -> Records:
    if outcome == "done":
        return went_well(release, before, migrations=list(names))
    return went_wrong(release, before, outcome, migrations=list(names))


@pytest.mark.parametrize("outcome", ["done", "went-back"])
def test_migrations_of_later_deploys_are_told(outcome: str) -> None:
    said = told(server(B, went_well(A), migrating(B, A, outcome, "2_more", "3_most")))
    assert said.startswith(
        "the database stays as it is: it has migrations that 0001-aaaaaaa does not know (2_more, 3_most)"
    )


@pytest.mark.parametrize("outcome", ["failed", "cancelled", "interrupted", "needs-person"])
def test_a_deploy_that_ended_badly_may_have_migrated(outcome: str) -> None:
    assert "it may have migrations" in told(server(A, went_well(A), migrating(B, A, outcome, "2_more")))


def test_the_last_deploy_that_found_a_migration_pending_decides() -> None:
    seen = server(C, went_well(A), migrating(B, A, "failed", "2_more"), migrating(C, A, "done", "2_more"))
    assert "it has migrations" in told(seen)
    assert told(seen).count("2_more") == 1


def test_migrations_that_the_release_came_with_or_that_came_before_it_are_not() -> None:
    seen = server(C, migrating(A, "", "done", "1_init"), migrating(B, A, "done", "2_more"), went_well(C, B))
    assert told(seen, B) == ""
    assert "(2_more)" in told(seen, A)


def test_another_env_is_told() -> None:
    seen = server(B, went_well(A, env=1), went_well(B, A, env=2))
    assert ".env has changed since 0001-aaaaaaa went live with version 1" in told(seen)
    assert "the present one (version 2); fab env.use 1 puts" in told(seen)
    assert told(seen, B) == ""
    assert told(server(B, went_well(A, env=1), went_well(A, A, env=2))) == ""


def test_a_chosen_release_comes_with_its_differences_too() -> None:
    seen = server(C, went_well(A, env=1), went_well(B, A, env=1), went_well(C, B))
    assert choose(config(), seen, TO).notes == rollback(config(), seen, TO).notes != ()


def test_another_build_of_the_same_commit_is_said_to_be_one() -> None:
    again = "0002-aaaaaaa"
    seen = server(again, went_well(A), went_well(again, A), releases=(A, again))
    assert "0001-aaaaaaa is another build of the same commit" in told(seen)
    assert "same commit" not in told(server(B, went_well(A), went_well(B, A)))
