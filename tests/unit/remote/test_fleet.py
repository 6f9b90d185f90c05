"""Several hosts with real agents: they settle together, or go back together, whatever becomes of a line."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from tests.support.local_agent import LocalWire
from tests.support.processes import wait_until
from windlass.errors import ConnectionFailed, ExitCode
from windlass.layout import Layout
from windlass.plan import Plan, Stage, Step
from windlass.remote.fleet import Fleet
from windlass.remote.legs import legs
from windlass.remote.opening import Opening
from windlass.remote.runner import Host, open_host
from windlass.shell import Command


class CutWire(LocalWire):
    """A line that can be cut: at once, or right before or after something is said. Or it falls silent."""

    def __init__(self) -> None:
        super().__init__()
        self.cut, self.silent = threading.Event(), threading.Event()
        self.before = self.after = b""

    def send(self, data: bytes) -> None:
        if self.before and self.before in data:
            self.sever()
        if self.cut.is_set():
            raise ConnectionFailed("the line is cut")
        super().send(data)
        if self.after and self.after in data:
            self.sever()

    def receive(self, timeout: float) -> bytes | None:
        deadline = time.monotonic() + timeout
        while not self.cut.is_set():
            if self.silent.is_set():
                return None
            found = super().receive(0.05)
            if found is not None or time.monotonic() > deadline:
                return found
        return b""

    def sever(self) -> None:
        """Both sides find the line closed."""
        self.cut.set()
        assert self.process.stdin is not None
        self.process.stdin.close()

    def exit_status(self) -> int | None:
        return None if self.cut.is_set() else super().exit_status()

    def errors(self) -> str:
        return "" if self.cut.is_set() else super().errors()

    def close(self) -> None:
        if not self.cut.is_set():
            super().close()


class One:
    """One host of a fleet: its folder, its line, and what happened there."""

    def __init__(self, root: Path) -> None:
        for folder in ("run", "releases", "logs", "shared"):
            (root / folder).mkdir(parents=True)
        self.root, self.wire = root, CutWire()
        opening = Opening("deploy", "shop", Layout(PurePosixPath(root)))
        self.host: Host = open_host(
            root.name, lambda: self.wire, opening, lambda event: None, time.monotonic()
        )

    def step(self, title: str, *, held: bool = False) -> Step:
        """A step that leaves a file of its name, and where it is held waits for `let`."""
        waits = f"; while [ ! -e {self.root}/{title}-go ]; do sleep 0.02; done" if held else ""
        return Step(title, Command(f"touch {self.root}/{title}{waits}"))

    def let(self, title: str) -> None:
        (self.root / f"{title}-go").touch()

    def did(self, title: str) -> bool:
        return (self.root / title).exists()

    def reached(self, title: str) -> None:
        wait_until(lambda: self.did(title), 20, f"{title} did not begin")

    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.root / "ledger.jsonl").read_text().splitlines()]

    def ended(self) -> None:
        """Return once the agent has put its host right, whoever listens."""
        wait_until(lambda: self.records()[-1]["event"] == "end", 20, "it did not end")

    def plan(self, *, held: str = "") -> Plan:
        """Start, cutover, soak and finish, with the step of one name held."""

        def step(title: str) -> Step:
            return self.step(title, held=title == held)

        return Plan(
            "Deploy",
            (
                Stage("start", (step("started"),)),
                Stage(
                    "cutover", (step("cut"),), undo=(self.step("undone"),), on_cancel="finish", ordered=True
                ),
                Stage("soak", (step("watched"),), on_cancel="keep"),
                Stage("finish", (step("drained"), step("stopped")), on_cancel="keep", settles=True),
            ),
            recovery=(self.step("recovered"),),
            record={"release": "0001-abc1234"},
        )


@pytest.fixture
def two(tmp_path: Path) -> Iterator[list[One]]:
    found = [One(tmp_path / name) for name in ("first", "second")]
    yield found
    for one in found:
        one.wire.close()
        one.wire.process.wait(30)


def start(two: list[One], plans: list[Plan]) -> Callable[[], None]:
    """Run the plans; what is returned waits for all to have ended."""
    fleet = Fleet([one.host for one in two], plans, lambda event: None)
    thread = threading.Thread(target=fleet._drive, daemon=True)
    thread.start()

    def join() -> None:
        thread.join(30)
        assert not thread.is_alive(), "it did not end"

    return join


def test_all_settle_together(two: list[One]) -> None:
    start(two, [one.plan() for one in two])()
    assert [one.host.end["outcome"] for one in two] == ["done", "done"]
    assert all(one.did("stopped") and not one.did("undone") for one in two)


def test_none_settles_before_all_have_watched(two: list[One]) -> None:
    first, second = two
    join = start(two, [first.plan(), second.plan(held="watched")])
    second.reached("watched")
    wait_until(lambda: "watched" in first.root.joinpath("lock").read_text(), 10, "it did not watch")
    assert not first.did("drained")
    second.let("watched")
    join()
    assert first.did("stopped")


def test_a_line_lost_while_one_finishes_takes_nothing_back(two: list[One]) -> None:
    first, second = two
    join = start(two, [first.plan(held="drained"), second.plan(held="drained")])
    for one in two:
        one.reached("drained")
    second.wire.sever()
    wait_until(lambda: second.host.lost is not None, 20, "nobody noticed")
    first.let("drained")
    second.let("drained")
    join()
    second.ended()
    assert (first.host.end["outcome"], first.host.end["kept"]) == ("done", False)
    assert first.did("stopped")
    assert not any(one.did("undone") for one in two)
    assert second.did("recovered")
    assert second.records()[-1]["outcome"] == "done"


def test_a_line_lost_in_the_soak_takes_all_back(two: list[One]) -> None:
    first, second = two
    join = start(two, [first.plan(held="watched"), second.plan(held="watched")])
    for one in two:
        one.reached("watched")
    second.wire.sever()
    join()
    second.ended()
    assert first.host.end["failure"]["reason"] == "soak was lost on second"
    assert all(one.did("undone") and one.did("recovered") and not one.did("drained") for one in two)


def test_a_line_lost_when_all_had_watched_takes_all_back(two: list[One]) -> None:
    second = two[1]
    second.wire.before = b'"op": "ready"'
    start(two, [one.plan() for one in two])()
    second.ended()
    assert all(one.did("watched") and one.did("undone") and not one.did("drained") for one in two)


def test_a_word_to_settle_holds_though_the_line_ends_right_after_it(two: list[One]) -> None:
    first, second = two
    second.wire.after = b'"stage": "finish"'
    start(two, [one.plan() for one in two])()
    second.ended()
    assert first.did("stopped")
    assert second.did("stopped") or second.did("recovered")
    assert not any(one.did("undone") for one in two)


@contextmanager
def ctrl_c_when(condition: Callable[[], bool]) -> Iterator[None]:
    """The operator presses Ctrl-C once this holds."""

    def press() -> None:
        wait_until(condition, 20, "no moment for Ctrl-C")
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    yield
    thread.join()


def test_ctrl_c_in_the_soak_keeps_the_release_on_all(two: list[One]) -> None:
    fleet = Fleet([one.host for one in two], [one.plan(held="watched") for one in two], lambda event: None)
    with ctrl_c_when(lambda: all(one.did("watched") for one in two)):
        fleet.run()
    assert [(one.host.end["outcome"], one.host.end["kept"]) for one in two] == [("done", True)] * 2
    assert all(one.did("recovered") and not one.did("undone") for one in two)


def test_ctrl_c_in_the_soak_takes_all_back_where_one_has_gone_unseen(two: list[One]) -> None:
    second = two[1]
    second.wire.before = b'"op": "ready"'
    fleet = Fleet([one.host for one in two], [one.plan(held="watched") for one in two], lambda event: None)
    with ctrl_c_when(lambda: all(one.did("watched") for one in two)):
        fleet.run()
    second.ended()
    assert all(one.did("undone") for one in two)


def test_where_the_first_cannot_be_told_to_settle_none_does(two: list[One]) -> None:
    first, second = two
    first.wire.before = b'"stage": "finish"'
    start(two, [one.plan() for one in two])()
    first.ended()
    assert second.host.end["failure"]["reason"] == "finish was lost on first"
    assert all(one.did("undone") and not one.did("drained") for one in two)


def test_on_one_host_alone_a_line_lost_in_the_soak_keeps_the_release(two: list[One]) -> None:
    first = two[0]
    join = start([first], [first.plan(held="watched")])
    first.reached("watched")
    first.wire.sever()
    join()
    first.ended()
    assert first.did("recovered")
    assert not first.did("undone")


def test_of_a_silent_line_it_is_not_known_whether_a_host_that_was_told_to_has_cut_over(
    two: list[One],
) -> None:
    first = two[0]
    join = start([first], [first.plan(held="started")])
    first.reached("started")
    first.wire.silent.set()
    join()
    assert not first.did("cut")
    assert first.host.lost
    assert first.host.lost.exit_code == ExitCode.NEEDS_PERSON
    first.let("started")
    first.ended()
    assert first.did("cut")


def test_one_of_several_hosts_on_a_silent_line_has_not_cut_over_before_it_was_told_to(two: list[One]) -> None:
    first, second = two
    join = start(two, [first.plan(held="started"), second.plan()])
    first.reached("started")
    first.wire.silent.set()
    join()
    assert first.host.lost
    assert first.host.lost.exit_code == ExitCode.FAILED
    first.let("started")


def choosing(one: One) -> Plan:
    """A plan without a start and without a soak, as where the app is stopped."""
    choose = Stage("cutover", (one.step("cut"),), undo=(one.step("undone"),), on_cancel="finish")
    return Plan("Choose", (choose, Stage("finish", (), settles=True)), record={"release": "0001-abc1234"})


@pytest.mark.parametrize("turned", [False, True])
def test_a_plan_of_another_shape_passes_what_it_lacks_and_settles_with_the_others(
    two: list[One], turned: bool
) -> None:
    plans = [choosing(two[0]), two[1].plan()] if turned else [two[0].plan(), choosing(two[1])]
    start(two, plans)()
    assert [one.host.end["outcome"] for one in two] == ["done", "done"]


def test_a_plan_of_another_shape_is_called_back_with_the_others(two: list[One]) -> None:
    first, second = two
    failing = Plan(
        "Deploy",
        (
            Stage("cutover", (first.step("cut"),), undo=(first.step("undone"),)),
            Stage("soak", (Step("watch", Command("exit 1")),)),
            Stage("finish", (first.step("stopped"),), settles=True),
        ),
        record={"release": "0001-abc1234"},
    )
    start(two, [failing, choosing(second)])()
    assert [one.host.end["outcome"] for one in two] == ["failed", "cancelled"]
    assert all(one.did("undone") for one in two)


def test_plans_whose_stages_come_in_another_order_are_refused_in_words(two: list[One]) -> None:
    first, second = two

    def plan(one: One, *names: str) -> Plan:
        return Plan(
            "Deploy", tuple(Stage(name, (one.step(name),)) for name in names), record={"release": "1"}
        )

    start(two, [plan(first, "a", "b"), plan(second, "b", "a")])()
    assert second.host.end["failure"]["reason"] == "the word was to begin a, and b comes next"
    assert first.host.end["outcome"] == "cancelled"


def test_the_legs_keep_the_order_of_every_plan() -> None:
    def plan(*names: str) -> Plan:
        return Plan("", tuple(Stage(name, ()) for name in names))

    plans = {"a": plan("start", "cutover", "finish"), "b": plan("page", "cutover", "soak", "finish", "tidy")}
    order = [leg.name for leg in legs(plans)]
    for each in plans.values():
        names = [stage.name for stage in each.stages]
        assert sorted(names, key=order.index) == names
