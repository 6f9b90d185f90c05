"""Log lines as the agent sends them: the last ones, and what is added, across rotations and cutovers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.local_agent import Conversation


class App:
    """An app's folder with two slots, and a conversation that reads its logs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("run", "releases/0001-aaaaaaa", "releases/0002-bbbbbbb", "logs/app", "shared"):
            (root / folder).mkdir(parents=True)
        (root / "run/slot-blue").symlink_to("../releases/0001-aaaaaaa")
        (root / "run/slot-green").symlink_to("../releases/0002-bbbbbbb")
        (root / "shared/.env").write_text("TOKEN=correct-horse-battery\n")

    def log(self, slot: str) -> Path:
        return self.root / f"logs/app/{slot}.log"

    def add(self, slot: str, text: str) -> None:
        with self.log(slot).open("a") as file:
            file.write(text)

    def cut_over(self) -> None:
        (self.root / "run/green").write_text("")

    def request(self, **changes: Any) -> dict[str, Any]:
        sources = [{"slot": slot, "label": "out", "path": str(self.log(slot))} for slot in ("blue", "green")]
        return {"sources": sources, "lines": 3, "follow": False, "grep": "", **changes}


@pytest.fixture
def app(tmp_path: Path) -> App:
    return App(tmp_path / "app")


@pytest.fixture
def ask(app: App) -> Iterator[Callable[..., Conversation]]:
    open_ones: list[Conversation] = []

    def start(**changes: Any) -> Conversation:
        found = Conversation(app.root, what="logs", mode="unlocked").open()
        open_ones.append(found)
        found.visit.send("tail", **app.request(**changes))
        return found

    yield start
    for conversation in open_ones:
        conversation.wire.close()
        conversation.wire.process.wait(30)


def lines(conversation: Conversation) -> list[str]:
    conversation.visit.expect("tailed")
    return [message["text"] for message in conversation.told if message["ev"] == "line"]


def next_line(conversation: Conversation) -> str:
    text: str = conversation.visit.expect("line")["text"]
    return text


def test_the_last_lines_of_the_live_slot_are_sent_in_order(
    app: App, ask: Callable[..., Conversation]
) -> None:
    app.add("blue", "".join(f"line {number}\n" for number in range(100)))
    app.add("green", "not live\n")
    assert lines(ask()) == ["line 97", "line 98", "line 99"]


def test_the_first_line_of_a_short_file_is_not_lost(app: App, ask: Callable[..., Conversation]) -> None:
    app.add("blue", "one\ntwo\n")
    assert lines(ask()) == ["one", "two"]


def test_lines_are_whole_across_the_blocks_that_a_large_file_is_read_in(
    app: App, ask: Callable[..., Conversation]
) -> None:
    wanted = [f"{number:05d} {'x' * 91}" for number in range(4000)]
    app.add("blue", "\n".join([*wanted, ""]))
    assert lines(ask(lines=3000)) == wanted[-3000:]


def test_a_search_finds_what_is_far_from_the_end_whatever_its_case(
    app: App, ask: Callable[..., Conversation]
) -> None:
    app.add("blue", "Needle one\n" + "hay\n" * 50_000 + "a NEEDLE\n" + "hay\n" * 50_000)
    assert lines(ask(grep="needle")) == ["Needle one", "a NEEDLE"]


def test_a_secret_is_masked(app: App, ask: Callable[..., Conversation]) -> None:
    app.add("blue", "the token is correct-horse-battery\n")
    assert lines(ask()) == ["the token is ********"]


def test_a_secret_of_an_earlier_env_is_masked(app: App, ask: Callable[..., Conversation]) -> None:
    versions = app.root / "shared/.env.versions"
    versions.mkdir()
    (versions / "0001").write_text("TOKEN=earlier-horse-battery\n")
    app.add("blue", "with earlier-horse-battery and correct-horse-battery\n")
    assert lines(ask()) == ["with ******** and ********"]


def test_a_secret_that_a_followed_line_without_an_end_is_cut_in_is_masked(
    app: App, ask: Callable[..., Conversation]
) -> None:
    app.add("blue", "begins\n")
    conversation = ask(follow=True)
    assert next_line(conversation) == "begins"
    shown = ""
    for at in range(1, 12):
        app.add("blue", "." * 17_000 + "correct-horse-battery"[:at])
        shown += next_line(conversation)
        app.add("blue", "correct-horse-battery"[at:])
    app.add("blue", "\nend\n")
    while (line := next_line(conversation)) != "end":
        shown += line
    assert "corr" not in shown
    assert "tery" not in shown
    assert set(shown) == {".", "*"}


@pytest.mark.parametrize("count", [0, 3])
def test_a_secret_that_is_half_written_when_following_begins_is_masked(
    app: App, ask: Callable[..., Conversation], count: int
) -> None:
    app.add("blue", "one\ntoken correct-hor")
    conversation = ask(follow=True, lines=count)
    if count:
        assert next_line(conversation) == "one"
    app.add("blue", "se-battery\n")
    assert next_line(conversation) == "token ********"


def test_what_is_no_text_and_what_never_ends_are_shown_as_far_as_can_be(
    app: App, ask: Callable[..., Conversation]
) -> None:
    app.log("blue").write_bytes(b"\xff\xfe\n" + b"y" * 100_000 + b"\n")
    first, second = lines(ask())
    assert first == "\N{REPLACEMENT CHARACTER}" * 2
    assert set(second) == {"y"}


def test_a_file_that_is_not_there_is_said(app: App, ask: Callable[..., Conversation]) -> None:
    found = ask()
    assert found.visit.expect("unread")["problem"] == "No such file or directory"
    assert lines(found) == []


def test_what_is_added_is_sent_in_whole_lines(app: App, ask: Callable[..., Conversation]) -> None:
    app.add("blue", "before\n")
    found = ask(follow=True)
    assert next_line(found) == "before"
    app.add("blue", "half")
    app.add("blue", " and half\n")
    assert next_line(found) == "half and half"


def test_a_file_that_was_rotated_or_emptied_is_followed_on(
    app: App, ask: Callable[..., Conversation]
) -> None:
    app.add("blue", "a line before\n")
    found = ask(follow=True)
    assert next_line(found) == "a line before"
    app.log("blue").rename(app.root / "old.log")
    app.add("blue", "rotated\n")
    assert next_line(found) == "rotated"
    app.log("blue").write_text("")
    app.add("blue", "new\n")
    assert next_line(found) == "new"


def test_a_cutover_is_said_and_the_new_slots_lines_join_from_their_first(
    app: App, ask: Callable[..., Conversation]
) -> None:
    app.add("blue", "old release\n")
    app.add("green", "an earlier life of green\n")
    found = ask(follow=True)
    assert next_line(found) == "old release"
    app.add("green", "starting\n")
    app.cut_over()
    assert found.visit.expect("switched")["release"] == "0002-bbbbbbb"
    assert next_line(found) == "starting"
    app.add("blue", "draining\n")
    assert next_line(found) == "draining"


def test_following_ends_with_the_next_word_of_the_client(app: App, ask: Callable[..., Conversation]) -> None:
    app.add("blue", "before\n")
    found = ask(follow=True)
    assert next_line(found) == "before"
    found.visit.close()
    assert found.wire.process.wait(10) == 0


def test_a_client_that_does_not_read_loses_no_line(app: App, ask: Callable[..., Conversation]) -> None:
    wanted = [f"{number:05d} {'z' * 500}" for number in range(4000)]
    app.add("blue", "\n".join([*wanted, ""]))
    assert lines(ask(lines=4000)) == wanted
