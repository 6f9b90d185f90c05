"""The app of a repository is the only one, or the one that is named."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.init.made import EXPRESS, NEXT, tree
from windlass.errors import UsageError
from windlass.init.apps import SeveralApps, chosen_app

MONO: dict[str, Any] = {
    "package.json": {"workspaces": ["apps/*"], "scripts": {"start": "turbo start"}},
    "apps/web/package.json": NEXT,
    "packages/ui/package.json": {"name": "ui"},
    "examples/demo/package.json": EXPRESS,
}


def chosen(files: dict[str, Any], folder: str = "") -> str:
    return chosen_app(tree(files), folder, "the repository")


def test_the_only_app_of_a_monorepo_is_found_among_libraries_and_examples() -> None:
    assert chosen(MONO) == "apps/web"


def test_of_several_one_must_be_named() -> None:
    files = {**MONO, "apps/api/package.json": EXPRESS}
    with pytest.raises(SeveralApps, match="has 2: apps/api, apps/web") as refused:
        chosen(files)
    assert "--folder apps/api" in refused.value.hint
    assert chosen(files, "./apps/api/") == "apps/api"


def test_a_named_folder_may_be_what_nobody_would_take_for_an_app() -> None:
    assert chosen(MONO, "packages/ui") == "packages/ui"
    with pytest.raises(UsageError, match=r"no package\.json in apps") as refused:
        chosen(MONO, "apps")
    assert "apps/web" in refused.value.hint


def test_a_plain_package_is_the_app_whatever_starts_it() -> None:
    assert chosen({"package.json": {"main": "x.js"}}) == "."


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "no package.json"),
        ({"requirements.txt": "fastapi"}, "looks like a Python app"),
        ({"package.json": {"workspaces": ["packages/*"]}}, "no app in its workspaces"),
    ],
)
def test_where_there_is_no_app_it_is_said_what_can_be_deployed(files: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match="Windlass deploys node apps today") as refused:
        chosen(files)
    assert said in refused.value.message


def test_an_app_with_a_broken_package_json_is_not_passed_over() -> None:
    assert chosen({"apps/web/package.json": "{"}) == "apps/web"
