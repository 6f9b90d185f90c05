"""The messages between the two sides, and the agent as it is sent."""

from __future__ import annotations

import ast
import itertools
import json
import shutil
import subprocess
import sys
import zlib
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.processes import run
from tests.unit.made import cutover, live, look, revision, with_database
from windlass.agent.channel import MARK
from windlass.facts import Answer, Question
from windlass.plan import Plan, Stage, Step
from windlass.plans.deploy import Options, deploy
from windlass.remote.protocol import (
    Decoder,
    agent_command,
    agent_sources,
    encode,
    plan_fields,
    question_fields,
)
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
