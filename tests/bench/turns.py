"""Where the round trips of one command go, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from tests.bench.far import Turn

WHAT = (
    "both say which SSH they speak",
    "what either can encrypt with",
    "the exchange of keys",
    "the keys hold; may I log in?",
    "the signature by the user's key",
    "a channel",
    "python3 in it",
    "the agent itself, and what the command is about; it takes the lock",
    "the look, `git fetch`, and what the revision holds: three requests sent at once",
    "is the live release well?",
    "goodbye, once the lock was given back",
    "the end of the connection",
)
"""What a deploy with nothing to do says in each turn."""


def turns_table(turns: Sequence[Turn]) -> str:
    """Every turn of the client's, which costs a round trip: when, how much, and what for where that is known."""
    known = WHAT if len(turns) == len(WHAT) else ("",) * len(turns)
    lines = [
        f"| {number} | {turn.at:.2f} | {turn.sent} | {turn.received} | {what} |"
        for number, (turn, what) in enumerate(zip(turns, known, strict=True), 1)
    ]
    head = (
        "The turns of the client in a deploy with nothing to do, after the one in which TCP connects; each but the "
        "last waits for an answer, so that it costs a round trip. A deploy adds one for the plan, and none for its "
        "stages and steps.\n\n"
        "| turn | s since connecting | bytes sent | received | what |\n| --- | --- | --- | --- | --- |"
    )
    return "\n".join([head, *lines])
