"""What a pushed file, or an earlier version, does on each host, and what it then asks of the app."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.unit import made
from windlass.errors import Refused
from windlass.facts.env import ServerEnv, Version, parse
from windlass.facts.state import State
from windlass.plans.due import due, remarks, stale
from windlass.plans.env import Change, back, pushed, put
from windlass.question import Answer

H = "deploy@203.0.113.5"
LIVE = "0001-aaaaaaa"
FIRST = {"URL": "u1", "NEXT_PUBLIC_API": "n1", "OLD": "o1"}
SECOND = {"URL": "u2", "NEXT_PUBLIC_API": "n1", "NEW": "w1"}
THIRD = {"URL": "u2", "NEXT_PUBLIC_API": "n2", "NEW": "w1"}
VERSIONS = (Version(1, 0, FIRST), Version(2, 0, SECOND), Version(3, 0, THIRD))


def server(number: int = 1, **parts: Any) -> ServerEnv:
    """A host that has the three versions, this one in use."""
    present = VERSIONS[number - 1]
    known = ServerEnv(number, 0.0, True, present.variables, frozenset(), VERSIONS, 4)
    return replace(known, **parts)


EDITED = {"version": 0, "variables": {"URL": "u9"}}
NONE = ServerEnv()


def content(number: int) -> Mapping[str, str]:
    """A pushed file's; the fourth is new to every host."""
    return {"URL": "u4"} if number == 4 else VERSIONS[number - 1].variables


def state(built: int = 1, running: int | None = None, **parts: Any) -> State:
    """A server whose live release was built with one version and last started with another."""
    records = [*made.went_well(LIVE, env=built), *made.went_well(LIVE, LIVE, env=running or built)]
    return made.live(LIVE, records=tuple(records), **parts)


def numbers(changes: list[Change]) -> list[tuple[int | None, int, bool, bool]]:
    return [(change.was, change.version, change.send, change.unchanged) for change in changes]


def test_a_new_content_gets_one_number_on_all_hosts() -> None:
    seen = [NONE, server(2), server(1, next=7), server(1, **EDITED)]
    assert numbers(pushed(seen, content(4))) == [
        (None, 7, True, False),
        (2, 7, True, False),
        (1, 7, True, False),
        (4, 7, True, False),
    ]


def test_a_new_number_is_past_that_of_an_edited_env_which_is_kept_first() -> None:
    [change] = pushed([server(1, **EDITED)], content(4))
    assert (change.adopt, change.was, change.version) == (True, 4, 5)


def test_a_content_that_is_kept_already_is_that_version_again() -> None:
    [known, new] = pushed([server(3), NONE], content(2))
    assert numbers([known, new]) == [(3, 2, False, False), (None, 4, True, False)]


def test_what_is_there_already_is_unchanged_unless_others_may_read_it() -> None:
    edited = server(1, **{**EDITED, "variables": {"URL": "u4"}})
    assert numbers(pushed([server(2)], content(2))) == [(2, 2, False, True)]
    assert numbers(pushed([edited], content(4))) == [(4, 4, False, True)]
    assert numbers(pushed([server(2, private=False)], content(2))) == [(2, 2, False, False)]


def test_the_names_that_change_are_told() -> None:
    [change] = pushed([server(1)], content(2))
    assert change.words() == "added: NEW; changed: URL; removed: OLD"
    assert pushed([NONE], content(4))[0].words() == "added: URL"
    assert Change(server(1), 2, FIRST).words() == ""


def test_what_setup_wrote_on_a_server_stays_where_the_file_has_none() -> None:
    without = {"NEW": "w2"}
    [first, second, none] = pushed([server(1), server(2, variables={"URL": "u5"}), NONE], without, ["URL"])
    assert (first.variables, first.keeps) == ({"URL": "u1", "NEW": "w2"}, ("URL",))
    assert second.variables == {"URL": "u5", "NEW": "w2"}
    assert (none.variables, none.keeps) == (without, ())
    assert "kept, since the file has none: URL" in first.words()
    assert pushed([server(1)], {"URL": ""}, ["URL"])[0].keeps == ()
    [again] = pushed([server(1)], {key: FIRST[key] for key in FIRST if key != "URL"}, ["URL"])
    assert again.unchanged


def test_going_back_wants_the_same_version_everywhere() -> None:
    assert numbers(back([H, "other"], [server(3), server(1)], 1)) == [
        (3, 1, False, False),
        (1, 1, False, True),
    ]
    with pytest.raises(Refused, match=r"other has no version 9 of .env \(it has 1, 2, 3\); nothing"):
        back(["other"], [server()], 9)
    with pytest.raises(Refused, match="it has none"):
        back([H], [NONE], 1)
    elsewhere = server(versions=(Version(1, 0, {**FIRST, "URL": "another"}),))
    with pytest.raises(Refused, match=r"version 1 of \.env is not the same on all"):
        back([H, "other"], [server(), elsewhere], 1)
    assert len(back([H, "other"], [server(), elsewhere], 1, ["URL"])) == 2


@pytest.mark.parametrize(("was", "undone"), [(None, "rm -f"), (1, ".env.versions/0001")])
def test_a_plan_that_fails_puts_back_what_was_there(was: int | None, undone: str) -> None:
    [change] = pushed([NONE if was is None else server(was)], content(4))
    plan = put(made.config(), H, state(), change)
    first, second = plan.stages
    assert undone in str(first.undo[0].action)
    assert second.steps == ()  # where a host waits for the others, while it can still go back
    assert plan.record == {"env": change.version, "env_was": was, "reason": change.words()}


def test_a_host_that_has_the_version_changes_nothing_and_undoes_nothing() -> None:
    [change] = pushed([server(2)], content(2))
    first, _ = put(made.config(), H, state(), change).stages
    assert first.steps[0].unchanged
    assert first.undo == ()


def test_a_dry_run_says_what_is_written_before_the_first_step() -> None:
    [change] = pushed([server(1, **EDITED)], content(4))
    names, kept, sent = put(made.config(), H, state(), change).notes
    assert "changed: URL" in names
    assert "/srv/shop/shared/.env.versions/0004" in kept
    assert "/srv/shop/shared/.env.versions/0005" in sent


def outlook(of: State, number: int, version: int = 1) -> tuple[str, str]:
    [change] = pushed([server(version)], content(number))
    return put(made.config(), H, of, change).outlook


def test_a_release_that_runs_with_an_earlier_version_wants_a_restart() -> None:
    said, hint = outlook(state(1), 2)
    assert said == f"version 2 of .env is in place; {LIVE} still runs with version 1"
    assert hint.startswith(f"fab restart -H {H}")


def test_a_release_that_was_built_with_another_compiled_in_value_wants_a_new_build() -> None:
    said, hint = outlook(state(1), 3)
    assert "was built with another NEXT_PUBLIC_API" in said
    assert hint.startswith("fab deploy --force")
    # A restart since has not built it anew.
    assert "was built with another" in outlook(state(1, 3), 3)[0]
    assert "was built with another" not in outlook(state(3, 1), 3)[0]


def test_what_the_config_says_is_compiled_in_decides() -> None:
    config = made.config(build={"env_prefixes": ["URL", "VITE_"]})
    said, _ = due(config, H, state(1), server(1), 2, SECOND)
    assert said == f"{LIVE} was built with another URL"
    assert due(made.config(build={"env_prefixes": []}), H, state(1), server(1), 3, THIRD)[1].startswith(
        "fab restart"
    )


def test_nothing_is_due_where_the_release_runs_with_the_version() -> None:
    assert outlook(state(1, 2), 2) == (f"version 2 of .env is in place; {LIVE} runs with it", "")
    assert outlook(state(1), 1) == (f"version 1 of .env is in place already; {LIVE} runs with it", "")


def test_where_nothing_runs_the_next_command_is_named() -> None:
    assert outlook(made.state(), 2) == ("version 2 of .env is in place", f"fab deploy -H {H}")
    assert outlook(state(1, stopped="by ana"), 2)[1].startswith(f"fab emergency-resume -H {H}")


def test_a_release_that_no_record_tells_of_is_said_to_run_with_an_earlier_one() -> None:
    said, hint = outlook(made.live(LIVE), 2)
    assert "still runs with an earlier one" in said
    assert hint.startswith("fab restart")


def test_the_variables_that_the_live_release_lacks_are_known() -> None:
    assert stale(state(1), server(2)) == ["NEW", "OLD", "URL"]
    assert stale(state(1), server(1)) == []
    assert stale(made.live(LIVE), server(2)) == []


def told(of: State, seen: ServerEnv, **tables: Any) -> str:
    return "\n".join(remarks(made.config(**tables), H, of, seen))


def test_what_is_odd_about_an_env_is_said() -> None:
    assert told(state(1), server(1)) == ""
    assert "there is no .env yet: fab env.push FILE" in told(state(1), NONE)
    assert "it was made by hand" in told(state(1), server(1, **EDITED))
    assert "chmod 600 /srv/shop/shared/.env" in told(state(1), server(1, private=False))
    assert "MAIL: missing" in told(state(1), server(1), shared={"required": ["URL", "MAIL"]})
    assert "fab restart" in told(state(1), server(2))
    assert told(state(1, stopped="by ana"), server(2)) == ""


def test_what_could_not_be_looked_at_has_a_problem() -> None:
    assert parse(Answer("", "PermissionError: .env", 1)).problem == "PermissionError: .env"
    assert parse(Answer("", "", 124)).problem == "no answer in time"
