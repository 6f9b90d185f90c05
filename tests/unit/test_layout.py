"""Where things are on the server."""

from __future__ import annotations

import json
from pathlib import PurePosixPath

from windlass.layout import SLOTS, Layout, other

ROOT = PurePosixPath("/srv/shop")
LAYOUT = Layout(ROOT)
NESTED = Layout(ROOT, PurePosixPath("apps/web"))


def properties(layout: Layout) -> dict[str, PurePosixPath]:
    found = {name: getattr(layout, name) for name, kind in vars(Layout).items() if isinstance(kind, property)}
    slots = {f"slot {slot}": layout.slot_release(slot) for slot in SLOTS}
    files = {f"config {slot}": layout.slot_config(slot) for slot in SLOTS}
    releases = {"release": layout.release("1-a"), "partial": layout.partial("1-a")}
    return {**found, **slots, **files, **releases}


def test_everything_is_below_the_apps_root_and_in_a_place_of_its_own() -> None:
    places = properties(NESTED)
    assert all(ROOT in place.parents for place in places.values())
    assert len(set(places.values())) == len(places)


def test_the_other_slot_is_the_one_beside() -> None:
    assert [other(slot) for slot in SLOTS] == list(reversed(SLOTS))


def test_an_app_in_a_subfolder_runs_and_builds_there() -> None:
    assert str(NESTED.workspace_app) == "/srv/shop/workspace/apps/web"
    assert str(NESTED.release_app("0001-abc1234")) == "/srv/shop/releases/0001-abc1234/apps/web"
    assert LAYOUT.workspace_app == LAYOUT.workspace
    assert LAYOUT.release_app("0001-abc1234") == LAYOUT.release("0001-abc1234")


def test_what_is_renamed_lies_beside_what_it_becomes() -> None:
    assert LAYOUT.partial("0001-abc1234").parent == LAYOUT.release("0001-abc1234").parent
    assert LAYOUT.green_off.parent == LAYOUT.green.parent


def test_a_release_that_is_not_whole_does_not_look_like_one() -> None:
    assert LAYOUT.partial("0001-abc1234").name.startswith(".")


def test_stamps_lie_where_no_clean_removes_them() -> None:
    assert {LAYOUT.install_stamp.parent, LAYOUT.generate_stamp.parent} == {LAYOUT.workspace / ".git"}


def test_the_agent_is_told_the_same_places_as_plain_text() -> None:
    paths = LAYOUT.paths()
    assert json.loads(json.dumps(paths)) == paths
    assert paths["flag"] == "/srv/shop/run/green"
    assert paths["slots"] == {"blue": "/srv/shop/run/slot-blue", "green": "/srv/shop/run/slot-green"}
    assert (paths["maintenance"], paths["stopped"]) == (str(LAYOUT.maintenance), str(LAYOUT.stopped))


def test_backups_are_private_and_every_folder_is_made_after_the_one_that_holds_it() -> None:
    paths = LAYOUT.paths()
    assert str(LAYOUT.backups) in paths["private"]
    assert str(LAYOUT.backups) not in paths["folders"]
    assert str(LAYOUT.workspace) not in paths["folders"]  # a clone takes its name by a rename
    made: list[str] = []
    for folder in [*paths["folders"], *paths["private"]]:
        assert not any(later.startswith(folder + "/") for later in made)
        made.append(folder)
