"""The messages between the two sides, and the agent as it is sent."""

from __future__ import annotations

import ast
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import zlib
from importlib.resources import files
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.processes import run
from tests.unit.made import cutover, live, look, revision, with_database
from windlass.agent.channel import LONGEST_MESSAGE, MARK, Lines, TooLong
from windlass.agent.channel import Channel as AgentChannel
from windlass.errors import ConnectionFailed
from windlass.facts import Answer, Question
from windlass.plan import Plan, Stage, Step
from windlass.plans.deploy import Options, deploy
from windlass.remote.protocol import (
    MOST_CHATTER,
    Decoder,
    agent_command,
    agent_sources,
    encode,
    plan_fields,
    question_fields,
)
from windlass.remote.visit import Visit, Wire
from windlass.shell import Command

OLDEST = (3, 9)
GREETING = f"\n{MARK}\n".encode()
MESSAGES = b'{"ev": "a"}\n{"ev": "b", "text": "gr\xc3\xb6\xc3\x9fer"}\n'
DECODED = [{"ev": "a"}, {"ev": "b", "text": "größer"}]


def fed(decoder: Decoder, data: bytes, cuts: list[int]) -> list[dict[str, Any]]:
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return [message for start, end in itertools.pairwise(places) for message in decoder.feed(data[start:end])]


@given(st.lists(st.integers(0, 200)))
def test_messages_are_whole_however_the_bytes_are_cut(cuts: list[int]) -> None:
    assert fed(Decoder(), b"Welcome!\r\nquota: 80%\n" + GREETING + MESSAGES, cuts) == DECODED


@given(st.binary(max_size=300), st.lists(st.integers(0, 400)))
def test_whatever_a_shell_prints_before_the_greeting_does_no_harm(chatter: bytes, cuts: list[int]) -> None:
    assert fed(Decoder(), chatter + GREETING + MESSAGES, cuts) == DECODED


def test_a_message_before_the_greeting_is_not_believed() -> None:
    assert Decoder().feed(b'{"ev": "end", "outcome": "done"}\n' + GREETING) == []


def test_what_a_shell_printed_is_kept_to_be_shown_and_not_without_end() -> None:
    decoder = Decoder()
    decoder.feed(b"python3: command not found\n")
    assert b"python3: command not found" in decoder.chatter
    for _ in range(100):
        decoder.feed(b"x" * 1000 + b"\n")
    assert len(decoder.chatter) <= 4000


def test_lines_that_are_no_messages_are_left_out() -> None:
    assert Decoder().feed(GREETING + b"noise\n[1]\n\n" + MESSAGES) == DECODED


def test_a_line_without_an_end_is_not_kept_until_memory_is_full() -> None:
    decoder = Decoder()
    decoder.feed(GREETING)
    for _ in range(LONGEST_MESSAGE // 2**20):
        assert decoder.feed(b"x" * 2**20) == []
    with pytest.raises(TooLong, match="no message"):
        decoder.feed(b"x" * 2**20)


def test_chatter_without_an_end_is_not_listened_to_for_ever() -> None:
    decoder = Decoder()
    for _ in range(MOST_CHATTER // 2**16):
        assert decoder.feed(b"x" * (2**16 - 1) + b"\n") == []
    decoder.feed(b"\n")
    with pytest.raises(TooLong, match="no agent"):
        decoder.feed(b"\n")


def test_a_visit_to_a_server_that_sends_no_end_says_so() -> None:
    class Endless:
        def receive(self, timeout: float) -> bytes:
            return b"x" * 2**20

        def __getattr__(self, name: str) -> Any:
            return lambda *_: None

    with pytest.raises(ConnectionFailed, match="h is not to be understood"):
        Visit("h", cast("Wire", Endless()), lambda _: None).next()


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["ev", "op", "why"]) | st.text(), inner),
)
LINES = st.one_of(
    st.binary(),
    JSONS.map(lambda value: json.dumps(value).encode()),
    st.integers(0, 30_000).map(lambda depth: b"[" * depth),
    st.integers(0, 10_000).map(lambda digits: b'{"ev": ' + b"1" * digits + b"}"),
    st.just(MARK.encode()),
)


@given(st.lists(LINES), st.lists(st.integers(0, 50_000)))
def test_whatever_bytes_come_the_client_gets_messages_and_no_crash(
    lines: list[bytes], cuts: list[int]
) -> None:
    for message in fed(Decoder(), GREETING + b"\n".join(lines) + b"\n", cuts):
        assert isinstance(message, dict)
        assert isinstance(message["ev"], str)


@given(st.lists(LINES))
def test_whatever_bytes_come_the_agent_gets_messages_and_no_crash(lines: list[bytes]) -> None:
    reader, writer = os.pipe()
    out = os.open(os.devnull, os.O_WRONLY)
    channel = AgentChannel(reader, out)
    try:
        for start in range(0, len(sent := b"\n".join([*lines, b""])), 60_000):
            os.write(writer, sent[start : start + 60_000])
            channel.pump(0)
        os.close(writer)
        while (message := channel.receive()) is not None:
            assert isinstance(message, dict)
    finally:
        signal.set_wakeup_fd(-1)
        for descriptor in (reader, out, channel._wake_reader, channel._wake_writer):
            os.close(descriptor)


def test_the_agent_hears_no_more_of_a_client_whose_line_has_no_end() -> None:
    lines = Lines(longest=10)
    assert lines.feed(b"0123456789\n012") == [b"0123456789"]
    with pytest.raises(TooLong):
        lines.feed(b"34567890")


def test_a_message_to_the_agent_is_one_line() -> None:
    message = encode("open", what="two\nlines", who="ä")
    assert message.count(b"\n") == 1
    assert json.loads(message) == {"op": "open", "what": "two\nlines", "who": "ä"}


def test_a_whole_deploy_can_be_sent() -> None:
    plan = deploy(
        with_database(), look(live("0001-aaaaaaa")), revision(migrations=("1_init",)), cutover(), Options()
    )
    fields = plan_fields(plan)
    assert json.loads(json.dumps(fields)) == fields
    assert [stage["name"] for stage in fields["stages"]] == [stage.name for stage in plan.stages]
    steps = [step for stage in fields["stages"] for step in stage["steps"]]
    assert all(("gate" in step) != ("script" in step) for step in steps)


def test_a_plan_without_a_record_leaves_none() -> None:
    fields = plan_fields(Plan("Fetch", (Stage("fetch", (Step("fetch", Command("true")),)),)))
    assert fields["record"] is None


def test_a_question_is_a_script_or_a_call() -> None:
    def parse(answer: Answer) -> str:
        return answer.out

    script = Question("one", Command("uptime"), parse)
    call = Question("two", Command(""), parse, call="state", arguments={"root": "/srv/shop"})
    fields = question_fields([script, call])
    assert json.loads(json.dumps(fields)) == fields
    assert (fields[0]["script"], fields[1]["call"]) == ("uptime", "state")


def sources() -> dict[str, str]:
    packed = agent_sources()
    found: dict[str, str] = json.loads(zlib.decompress(packed[8:]))
    assert int(packed[:8]) == len(packed) - 8
    return found


def test_all_of_the_agent_is_sent() -> None:
    modules = [entry.name for entry in files("windlass.agent").iterdir() if entry.name.endswith(".py")]
    assert len(sources()) == len(modules)
    assert {"windlass_agent", "windlass_agent.gates"} <= set(sources())


@pytest.mark.parametrize("name", sorted(sources()))
def test_the_agent_needs_nothing_but_an_old_python(name: str) -> None:
    tree = ast.parse(sources()[name], name, feature_version=OLDEST)
    imported: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            imported.add((node.module or "").split(".")[0])
    assert imported - {"psutil"} <= sys.stdlib_module_names


def pythons() -> list[str]:
    """This one, and the oldest that a server may have, where this machine has that."""
    oldest = shutil.which(f"python{OLDEST[0]}.{OLDEST[1]}")
    works = oldest and run([oldest, "-c", ""]).exit_code == 0
    return [sys.executable, *([oldest] if oldest and works else [])]


@pytest.mark.parametrize("python", pythons())
def test_the_agent_starts_from_what_is_sent_and_every_module_of_it_loads(python: str) -> None:
    names = [name for name in sources() if name != "windlass_agent"]
    load_all = f"\nimport importlib\nfor name in {names!r}: importlib.import_module(name)\n"
    load_all += "print('loaded', flush=True)\n"
    changed = sources()
    changed["windlass_agent"] += load_all
    packed = zlib.compress(json.dumps(changed).encode())
    done = subprocess.run(
        ["bash", "-c", agent_command(python)],
        input=b"%08d" % len(packed) + packed,
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (done.stderr, done.returncode) == (b"", 0)
    assert done.stdout == b"loaded\n" + GREETING


def test_a_client_that_goes_away_before_the_agent_is_sent_leaves_no_traceback() -> None:
    done = subprocess.run(
        ["bash", "-c", agent_command(sys.executable)],
        input=agent_sources()[:1000],
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (done.stdout, done.stderr) == (b"", b"")
