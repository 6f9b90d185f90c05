"""What a command line starts: Next.js, or a file that node runs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_WITH_A_VALUE = {"-r", "--require", "--import", "--loader", "--experimental-loader", "-C", "--conditions"}
_MANAGERS = {"npm", "pnpm", "yarn"}
_DEEPEST = 5


@dataclass(frozen=True)
class Start:
    """`next`, a `node` script with its arguments, or something `other`: `text` is how it is written.

    `port` is what the command line sets, 0 for none.
    """

    kind: Literal["next", "node", "other"]
    text: str
    script: str = ""
    args: tuple[str, ...] = ()
    node_args: tuple[str, ...] = ()
    port: int = 0


def start(words: Sequence[str], scripts: Mapping[str, str], depth: int = 0) -> Start:
    """What these words start, those of npm, pnpm and yarn followed into the scripts of package.json."""
    text = shlex.join(words)
    words = _bare(words)
    if any(word in ("&&", "||", ";", "|", "&") for word in words) or not words:
        return Start("other", text)
    program, rest = words[0].rpartition("/")[2], words[1:]
    if program in _MANAGERS and depth < _DEEPEST:
        return _of_manager(rest, scripts, depth, text)
    if program == "next" and (not rest or rest[0] == "start" or rest[0].startswith("-")):
        return Start("next", text, port=_port(rest))
    if program == "node":
        return _of_node(rest, text)
    if re.search(r"\.[cm]?js$", program):
        return _of_node(words, text)
    return Start("other", text)


def start_of_text(text: str, scripts: Mapping[str, str], depth: int = 0) -> Start:
    """As `start`, from one line of shell."""
    spaced = re.sub(r"(&&|\|\||;|(?<!&)&(?!&)|(?<!\|)\|(?!\|))", r" \1 ", text)
    try:
        words = shlex.split(spaced)
    except ValueError:
        return Start("other", text)
    found = start(words, scripts, depth)
    return found if found.kind != "other" else Start("other", text)


def _bare(words: Sequence[str]) -> list[str]:
    """Without variables that are set in front, and without the helpers that set them."""
    rest = list(words)
    while rest and (_ASSIGNMENT.fullmatch(rest[0]) or rest[0] in ("cross-env", "env", "exec", "npx")):
        del rest[0]
    return rest


def _of_manager(rest: Sequence[str], scripts: Mapping[str, str], depth: int, text: str) -> Start:
    named = [word for word in rest if not word.startswith("-") and word not in ("run", "run-script")]
    script = scripts.get(named[0], "") if named else ""
    return start_of_text(script, scripts, depth + 1) if script else Start("other", text)


def _of_node(rest: Sequence[str], text: str) -> Start:
    options: list[str] = []
    at = 0
    while at < len(rest) and rest[at].startswith("-"):
        length = 2 if rest[at] in _WITH_A_VALUE else 1
        options += rest[at : at + length]
        at += length
    if at >= len(rest) or rest[at].startswith("/") or ".." in rest[at].split("/"):
        return Start("other", text)
    script, args = rest[at].removeprefix("./").rstrip("/"), tuple(rest[at + 1 :])
    if script in ("", "."):
        return Start("other", text)
    if re.search(
        r"(^|/)(node_modules/(next/dist/bin/next|\.bin/next)|\.next/standalone/(.+/)?server\.js)$", script
    ):
        return Start("next", text, port=_port(args))
    name = script if "." in script.rpartition("/")[2] else f"{script}.js"  # as node itself would find it
    return Start("node", text, name, args, tuple(options))


def _port(words: Sequence[str]) -> int:
    found = re.search(r"(?:^|\s)(?:-p|--port)[\s=]?(\d{1,5})(?:\s|$)", " ".join(words))
    return int(found[1]) if found else 0
