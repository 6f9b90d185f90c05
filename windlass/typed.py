"""The program's own name: messages say `fab`, and who typed `windlass` shall read what to type next."""

from __future__ import annotations

import re
import sys
from pathlib import Path

_FAB = re.compile(r"\bfab (?=[a-z…-])")


def program() -> str:
    """`windlass` where that was typed, else `fab`."""
    return "windlass" if Path(sys.argv[0]).name == "windlass" else "fab"


def as_typed(text: str) -> str:
    """A message with the program that was typed wherever it says `fab …`."""
    return _FAB.sub(f"{program()} ", text)
