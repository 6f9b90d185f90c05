"""Near misses: what somebody probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def near_miss(word: str, known: Iterable[str]) -> str:
    """The known word that is spelled most like this one; "" where none is near."""
    candidates = {name.casefold(): name for name in known}
    found = get_close_matches(word.casefold(), candidates, n=1, cutoff=0.6)
    return candidates[found[0]] if found else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean X?` to be added to a message; "" where nothing is near."""
    near = near_miss(word, known)
    return f"; did you mean {near}?" if near else ""
