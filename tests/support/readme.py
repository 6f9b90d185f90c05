"""What a README tells people to type."""

from __future__ import annotations

import re
import shlex
from itertools import chain
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
READMES = (CHECKOUT / "README.md", CHECKOUT / "README.ru.md")
PROGRAMS = ("fab", "windlass", "make", "uv", "pipx", "cd")


def blocks(text: str) -> list[str]:
    """The commands of indented blocks, without their comments."""
    lines = [line[4:].partition(" #")[0].strip() for line in text.splitlines() if line.startswith("    ")]
    return [line for line in lines if line.split(" ")[0] in PROGRAMS]


def forms(text: str) -> list[str]:
    """The forms in the first column of the table of commands: `fab deploy [--revision R] [--force]`."""
    cells = [
        line.replace(r"\|", "\0").split("|")[1] for line in text.splitlines() if line.startswith("| `fab ")
    ]
    return [
        form.replace("\0", "|")
        for form in chain.from_iterable(re.findall("`([^`]+)`", cell) for cell in cells)
    ]


def variants(form: str, values: dict[str, str]) -> list[list[str]]:
    """A form without its options, and with each by itself: words behind the program's name.

    `values` stand for the words in capitals.
    """
    options = [one.strip() for group in re.findall(r"\[([^]]+)\]", form) for one in group.split("|")]
    bare = re.sub(r"\[[^]]+\]", "", form)
    filled = [
        [values.get(word, word) for word in shlex.split(f"{bare} {option}")] for option in ["", *options]
    ]
    return [words[1:] for words in filled]
