"""A yes is a yes; anything else is a no, and nobody waits where nobody can answer."""

import io
import os
import pty

import pytest

from windlass.report import ask


@pytest.mark.parametrize(
    ("typed", "agreed"), [("y\n", True), ("YES\n", True), ("\n", False), ("n\n", False), ("yep\n", False)]
)
def test_only_a_yes_agrees(typed: str, agreed: bool) -> None:
    controller, line = pty.openpty()
    try:
        os.write(controller, typed.encode())
        with os.fdopen(line) as answers:
            stream = io.StringIO()
            assert ask("Trust it?", answers=answers, stream=stream) is agreed
            assert stream.getvalue() == "Trust it? [y/N] "
    finally:
        os.close(controller)


def test_without_a_terminal_it_says_no_and_how_to_say_yes() -> None:
    stream = io.StringIO()
    assert (
        ask("Trust \x1b[2Jit?", hint="--fingerprint SHA256:…", answers=io.StringIO("y\n"), stream=stream)
        is False
    )
    assert stream.getvalue() == "Trust it?\nno terminal to answer on, so: no\n→ --fingerprint SHA256:…\n"
