"""Draws docs/deploy.svg: what a terminal shows at the end of a real deploy to the demo's server.

`python -m docs.picture` makes it anew.
"""

from __future__ import annotations

import io
import os
import re
import sys
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from tests.support.terminal import Terminal
from windlass.demo import programs
from windlass.demo.history import build_history
from windlass.demo.operator import APP, HOST, Operator
from windlass.demo.repository import move_branch
from windlass.demo.server import Server

PICTURE = Path(__file__).with_name("deploy.svg")
COLUMNS = 96
SHOW_CURSOR = "\x1b[?25h"
"""The live tree ends with it; what follows is the whole, drawn once."""


def second_deploy() -> str:
    """What is on the terminal at the end of a deploy to a server that has a release live."""
    server = Server(programs.tools(print))
    try:
        server.start()
        repository = server.folder / f"{APP}.git"
        versions = build_history(repository)
        operator = Operator(server, repository)
        operator.prepare("nginx.install")
        move_branch(repository, versions["good"])
        operator.prepare("deploy")
        move_branch(repository, versions["better"])
        terminal = Terminal([operator.command, "deploy"], env=dict(os.environ), columns=COLUMNS)
        done = terminal.wait(60).check()
    finally:
        server.stop()
    return done.output.rpartition(SHOW_CURSOR)[2].replace("\r\n", "\n").strip("\n")


def draw(text: str) -> str:
    """An SVG of a terminal with this text, colours as ANSI sequences, below the command that was typed."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, highlight=False)
    console.print(Text.assemble(("$ ", "dim"), ("fab deploy", "bold")))
    console.print(Text.from_ansi(text))
    without_fetched_fonts = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    return console.export_svg(title="fab deploy", unique_id=HOST, code_format=without_fetched_fonts)


if __name__ == "__main__":
    sys.argv[0] = str(Path(sys.prefix) / "bin/fab")  # the demo's operator types what it was started with
    PICTURE.write_text(draw(second_deploy()))
