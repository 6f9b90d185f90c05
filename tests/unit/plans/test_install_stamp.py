"""What an install is made of: the same stamp means that it need not run, a similar one that little has to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit import made
from windlass.facts.revision import Revision
from windlass.plans import install
from windlass.plans.build import tooling
from windlass.plans.look import Look

PACKAGE = {"name": "shop", "dependencies": {"next": "16"}, "scripts": {"build": "next build"}}


def asking(blobs: dict[str, str] | None = None, **package: Any) -> Revision:
    """A revision with these files in place of a lock file, and these keys of package.json."""
    found = blobs or {"package-lock.json": "1234"}
    return Revision(made.NEW, "Sell", 0, blobs=found, package={**PACKAGE, **package})


def stamp(**package: Any) -> str:
    return tooling(made.config(), made.look(), asking(**package)).stamp


def way(
    before: Revision, now: Revision, seen: Look | None = None, ending: str = "", **options: bool
) -> install.Way:
    """How the install of `now` goes about it, where the last finished one was of `before`."""
    written = tooling(made.config(), made.look(), before).stamp + ending
    then = seen or made.look()
    then = replace(then, state=replace(then.state, install_stamp=written, cloned=True))
    return install.way(then, now, tooling(made.config(), then, now).stamp, **options)


@pytest.mark.parametrize(
    "change",
    [
        {"dependencies": {"next": "16", "forgotten": "1"}},
        {"devDependencies": {"forgotten": "1"}},
        {"overrides": {"next": "15"}},
        {"packageManager": "npm@11.0.0"},
        {"scripts": {"build": "next build", "postinstall": "node patch.js"}},
    ],
)
def test_what_an_install_would_do_otherwise_changes_the_stamp(change: dict[str, Any]) -> None:
    assert stamp(**change) != stamp()


@pytest.mark.parametrize("change", [{"version": "2"}, {"scripts": {"build": "next build --turbo"}}])
def test_what_no_install_looks_at_does_not(change: dict[str, Any]) -> None:
    assert stamp(**change) == stamp()


ANOTHER = {"package-lock.json": "5678"}


def test_other_packages_alone_are_a_change_of_what_is_there() -> None:
    assert way(asking(), asking()) == "stands"
    assert way(asking(), asking(ANOTHER)) == "change"
    assert way(asking(), asking(ANOTHER, dependencies={"next": "16", "clsx": "2"})) == "change"


def test_what_did_not_finish_or_is_not_to_be_trusted_is_made_afresh() -> None:
    now = asking(ANOTHER)
    blank = made.look()
    assert install.way(blank, now, tooling(made.config(), blank, now).stamp) == "afresh"
    assert way(asking(), now, force=True) == "afresh"
    assert way(now, now, force=True) == "afresh"


@pytest.mark.parametrize(
    "now",
    [
        asking({**ANOTHER, ".npmrc": "9"}),
        asking({"yarn.lock": "5678"}),
        asking(ANOTHER, packageManager="npm@11.0.0"),
        asking(ANOTHER, overrides={"next": "15"}),
        asking(ANOTHER, scripts={"postinstall": "prisma generate"}),
    ],
)
def test_other_rules_of_installing_want_a_fresh_tree(now: Revision) -> None:
    assert way(asking(), now) == "afresh"


@pytest.mark.parametrize("tool", [{"node_version": "24.0.0"}, {"npm_version": "99.0.0"}])
def test_another_node_or_npm_wants_a_fresh_tree(tool: dict[str, str]) -> None:
    seen = made.look()
    newer = replace(seen, tools=replace(seen.tools, **tool))
    assert way(asking(), asking(ANOTHER), newer) == "afresh"


@pytest.mark.parametrize(
    ("hook", "wanted"),
    [
        ("prisma generate", "change"),
        ("npx prisma generate && husky || true", "change"),
        ("patch-package", "afresh"),
        ("prisma generate && node patch.js", "afresh"),
    ],
)
def test_a_hook_that_may_do_otherwise_the_second_time_gets_a_fresh_tree(hook: str, wanted: str) -> None:
    scripts = {"postinstall": hook}
    assert way(asking(scripts=scripts), asking(ANOTHER, scripts=scripts)) == wanted


def test_a_changed_tree_stands_until_a_build_with_it_has_failed() -> None:
    before, now = asking(), asking(ANOTHER)
    assert way(now, now, ending=install.CHANGED) == "stands"
    assert way(now, now, ending=install.DOUBTED) == "afresh"
    for ending in (install.CHANGED, install.DOUBTED):
        assert way(before, now, ending=ending) == "afresh"
