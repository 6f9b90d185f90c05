"""Every word to the operator goes through a place that cleans it; nothing that a server says drives the terminal."""

from __future__ import annotations

import ast
import io
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.made import config, live
from windlass.clean import coloured, harmless
from windlass.operations.log_lines import Printer
from windlass.plans import restore
from windlass.report.sink import Sink
from windlass.tell import tell

CHECKOUT = Path(__file__).parents[2]
HOSTILE = "\x1b]52;c;cm0gLXJm\x07\x1b[2J\x9b31m\u202egnp\r\x1bP+q\x1b\\\x08\x7f\u2066x"
STREAMS = {"stdout", "stderr", "__stdout__", "__stderr__"}
WAYS = {
    "windlass/tell.py": {"print", "sys.stdout", "sys.stderr"},  # cleans
    "windlass/report/__init__.py": {"sys.stdout", "sys.stderr"},  # for a Sink, which cleans
    "windlass/report/asking.py": {"sys.stderr"},
    "windlass/report/demo.py": {"sys.stdout", "Console"},
    "windlass/report/tables.py": {"sys.stdout", "Console"},
    "windlass/report/terminal.py": {
        "sys.stdout",
        "sys.stderr",
        "Console",
    },  # a board, cleaned as events come in
    "windlass/cli/listing.py": {"print"},  # help and lists, of Windlass' own words
    "windlass/cli/program.py": {"print"},
    "windlass/cli/pipes.py": {"sys.stdout"},  # writes nothing
    "windlass/remote/ssh/terminal.py": {
        "sys.stdout",
        "os.write",
    },  # db.console: a program in the terminal, as by ssh
    "windlass/known_hosts.py": {"os.write", "os.fdopen"},  # a file
}
"""The modules with a way of their own to the terminal, and why that is none around the cleaning."""


def ways(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.Name(id="print" | "Console"):
                yield node.id
            case ast.Attribute(value=ast.Name(id="sys"), attr=name) if name in STREAMS:
                yield f"sys.{name}"
            case ast.Attribute(value=ast.Name(id="os"), attr="write" | "writev" | "fdopen"):
                yield f"os.{node.attr}"
            case ast.ImportFrom(module="sys" | "os", names=names):
                yield from (one.name for one in names if one.name in {*STREAMS, "write"})


def test_there_is_no_other_way_to_the_terminal() -> None:
    found = {
        str(file.relative_to(CHECKOUT)): set(ways(file))
        for folder in ("windlass", "tasks")
        for file in (CHECKOUT / folder).rglob("*.py")
        if not file.is_relative_to(CHECKOUT / "windlass/agent")  # runs on the server
        and not file.is_relative_to(
            CHECKOUT / "windlass/demo"
        )  # a server of the operator's own, for a moment
    }
    assert {file: known for file, known in found.items() if known} == WAYS


@given(st.text(alphabet=st.one_of(st.sampled_from("\x1b[]0;mP\x07\\\x9b\r\n\t\u202e"), st.characters())))
def test_what_is_told_holds_no_control_but_tab_and_line_break(text: str) -> None:
    assert all(letter.isprintable() or letter in "\n\t" for letter in harmless(text))
    without = re.sub(r"\x1b\[[0-9;]*m", "", coloured(text))
    assert all(letter.isprintable() or letter in "\n\t" for letter in without)


@pytest.mark.parametrize("text", ["größer\tals\n世界 👍 ½", "\x1b[1;31mred\x1b[0m"])
def test_what_windlass_draws_goes_through_a_sink_as_it_is(text: str) -> None:
    stream = io.StringIO()
    Sink(stream).write(text)
    assert stream.getvalue() == text


def test_a_sink_lets_nothing_through_but_colours() -> None:
    stream = io.StringIO()
    Sink(stream).write(f"\x1b[32mgood\x1b[0m {HOSTILE}\n")
    assert stream.getvalue() == "\x1b[32mgood\x1b[0m gnpx\n"


def test_a_text_keeps_its_tabs_and_loses_its_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    tell(f"a\tb {HOSTILE}")
    tell(HOSTILE, errors=True)
    assert capsys.readouterr() == ("a\tb gnpx\n", "gnpx\n")


def test_a_log_lines_label_slot_and_path_are_cleaned(capsys: pytest.CaptureFixture[str]) -> None:
    printer = Printer(many=True, json=False)
    named = {
        "slot": HOSTILE,
        "label": f"{HOSTILE}\nweb1  all is well",
        "text": f"\x1b[31mred\x1b[0m {HOSTILE}y",
    }
    printer.show("h", {"ev": "line", **named})
    printer.show("h", {"ev": "switched", "slot": HOSTILE, "release": HOSTILE})
    printer.show("h", {"ev": "unread", "path": HOSTILE, "problem": HOSTILE, "label": ""})
    printer.show("h", {"ev": "line", **named} | {"text": "ä\tb"})
    out, errors = capsys.readouterr()
    assert all(letter.isprintable() or letter == "\n" for letter in out + errors)
    assert len(out.splitlines()) == 2
    assert len(errors.splitlines()) == 2


@pytest.mark.parametrize("raised", ["WindlassError({0!r}, hint={0!r})", "ValueError({0!r})"])
def test_an_error_that_quotes_a_server_is_cleaned_even_as_a_traceback(raised: str) -> None:
    program = (
        "from invoke.collection import Collection; from invoke.tasks import task\n"
        "from windlass.cli.program import Windlass; from windlass.errors import WindlassError\n"
        f"@task\ndef go(ctx): raise {raised.format(HOSTILE + 'end')}\n"
        "Windlass(Collection(go)).run('windlass go')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False, cwd=CHECKOUT)
    said = done.stderr.decode()
    assert "gnpxend" in said
    assert all(letter.isprintable() or letter in "\n\t" for letter in said)


def test_a_hint_can_be_pasted_whatever_the_server_called_its_things() -> None:
    evil = "x$(touch /tmp/x)"
    source = restore.Source("dump", "the dump", None)
    plan = restore.plan(config(Path("/srv")), "h", live("0001-aaaaaaa"), source, evil, None)
    assert plan.outlook is not None
    said = " ".join(plan.outlook)
    assert f"fab db.restore {shlex.quote(evil)} -H h" in said
    assert f"fab db.drop {shlex.quote(evil)} -H h" in said
