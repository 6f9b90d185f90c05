"""The agent's side of the line, over real pipes."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.processes import wait_until
from windlass.agent.channel import MARK, OUTPUT_BACKLOG, Channel


class Line:
    """A channel, and the client's ends of its two pipes."""

    def __init__(self, **times: float) -> None:
        reader, self.to_agent = os.pipe()
        self.from_agent, writer = os.pipe()
        self._ends = [reader, self.to_agent, self.from_agent, writer]
        os.set_blocking(self.from_agent, False)
        self.channel = Channel(reader, writer, **times)

    def say(self, data: bytes) -> None:
        os.write(self.to_agent, data)

    def hang_up(self, end: int) -> None:
        os.close(end)
        self._ends.remove(end)

    def heard(self) -> list[dict[str, Any]]:
        """Every message that the client can read now; it must not have been cut in two."""
        data = b""
        while self.channel.backlog or not data.endswith(b"\n"):
            try:
                data += os.read(self.from_agent, 1 << 20)
            except BlockingIOError:
                if not self.channel.backlog:
                    break
            self.channel.pump(0)
        return [json.loads(line) for line in data.splitlines() if line.startswith(b"{")]

    def close(self) -> None:
        signal.set_wakeup_fd(-1)
        for end in list(self._ends):
            self.hang_up(end)


@pytest.fixture
def line() -> Iterator[Line]:
    found = Line()
    yield found
    found.close()


def test_a_message_that_comes_in_pieces_is_one_message(line: Line) -> None:
    text = json.dumps({"op": "go", "stage": "größer"}, ensure_ascii=False).encode() + b"\n"
    for index in range(len(text)):
        line.say(text[index : index + 1])
        line.channel.pump(0)
    assert line.channel.receive() == {"op": "go", "stage": "größer"}


def test_several_messages_in_one_piece_come_in_their_order(line: Line) -> None:
    line.say(b'{"op": "a"}\n{"op": "b"}\nnonsense\n[1]\n\n{"op": "c"}\n')
    assert [line.channel.receive() for _ in range(3)] == [{"op": "a"}, {"op": "b"}, {"op": "c"}]


def test_whoever_waits_for_one_message_leaves_the_others_for_later(line: Line) -> None:
    line.say(b'{"op": "ask"}\n{"op": "go"}\n')
    assert line.channel.receive("go") == {"op": "go"}
    assert line.channel.receive() == {"op": "ask"}


def test_a_beat_is_no_message(line: Line) -> None:
    line.say(b'{"op": "beat"}\n{"op": "bye"}\n')
    assert line.channel.receive() == {"op": "bye"}


def test_the_first_reason_to_cancel_is_the_one_that_is_told(line: Line) -> None:
    line.say(b'{"op": "cancel", "reason": "Ctrl-C"}\n{"op": "back", "reason": "another host failed"}\n')
    assert line.channel.receive() is None
    assert (line.channel.cancelled, line.channel.called_back) == ("Ctrl-C", True)


def test_a_client_that_hangs_up_cancels(line: Line) -> None:
    line.say(b'{"op": "go"}\n{"op": "ha')
    line.hang_up(line.to_agent)
    assert line.channel.receive() == {"op": "go"}
    assert line.channel.receive() is None
    assert line.channel.cancelled == "the connection to the operator ended"


def test_a_client_that_falls_silent_counts_as_gone() -> None:
    line = Line(beat=0.05, patience=0.3)
    try:
        assert line.channel.receive() is None
        assert line.channel.cancelled == "the operator's machine was silent for 0 s"
        assert {"ev": "beat"} in line.heard()
    finally:
        line.close()


def test_a_client_that_beats_does_not() -> None:
    line = Line(beat=0.05, patience=1.0)
    try:
        for _ in range(30):
            line.say(b'{"op": "beat"}\n')
            line.channel.pump(0.05)
        assert line.channel.cancelled == ""
    finally:
        line.close()


def test_the_greeting_stands_alone_on_its_line(line: Line) -> None:
    line.channel.greet()
    assert os.read(line.from_agent, 1000) == f"\n{MARK}\n".encode()


def test_a_client_that_does_not_read_misses_output_and_no_event(line: Line) -> None:
    lines = 3 * OUTPUT_BACKLOG // 1000
    for number in range(lines):
        line.channel.send("out", text="x" * 1000, number=number)
        if number % 100 == 0:
            line.channel.send("step", number=number)
    assert line.channel.backlog < 2 * OUTPUT_BACKLOG
    line.heard()
    line.channel.send("end")
    told = line.heard()
    assert told[-1] == {"ev": "end"}
    assert "lines not shown (the log has them)" in told[0]["text"]


def test_what_was_left_out_is_counted(line: Line) -> None:
    lines = 3 * OUTPUT_BACKLOG // 1000
    for number in range(lines):
        line.channel.send("out", text="x" * 1000)
        if number % 100 == 0:
            line.channel.send("step", number=number)
    told = line.heard()
    line.channel.send("end")
    told += line.heard()
    shown = [message for message in told if message["ev"] == "out" and message["text"].startswith("x")]
    left_out = [message["text"] for message in told if "lines not shown" in message.get("text", "")]
    assert sum(int(text.split()[1]) for text in left_out) == lines - len(shown)
    assert [message["number"] for message in told if message["ev"] == "step"] == list(range(0, lines, 100))


def test_a_client_that_is_not_there_any_more_is_no_error(line: Line) -> None:
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    line.hang_up(line.from_agent)
    line.channel.send("out", text="x" * 100_000)
    line.channel.send("end")
    line.channel.drain(5)
    assert line.channel.backlog == 0


def test_what_is_watched_is_told_until_it_is_not(line: Line) -> None:
    reader, writer = os.pipe()
    calls: list[bytes] = []
    line.channel.watch(reader, lambda: calls.append(os.read(reader, 10)))
    os.write(writer, b"one")
    line.channel.pump(1)
    assert calls == [b"one"]
    os.write(writer, b"two")
    line.channel.unwatch(reader)
    line.channel.pump(0)
    assert calls == [b"one"]
    os.close(reader)
    os.close(writer)


def test_a_signal_wakes_the_channel_at_once(line: Line) -> None:
    before = signal.signal(signal.SIGUSR1, lambda *_: line.channel.cancel("USR1"))
    try:
        os.kill(os.getpid(), signal.SIGUSR1)
        wait_until(lambda: line.channel.receive() is None, 5, "it was not cancelled")
        assert line.channel.cancelled == "USR1"
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_what_was_left_out_is_told_before_the_next_event(line: Line) -> None:
    for _ in range(3 * OUTPUT_BACKLOG // 1000):
        line.channel.send("out", text="x" * 1000)
    line.channel.send("end")
    *_, left_out, end = line.heard()
    assert end == {"ev": "end"}
    assert "lines not shown (the log has them)" in left_out["text"]
