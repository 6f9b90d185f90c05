"""Python's compiled modules, which Invoke turns off for the whole process."""

from __future__ import annotations

import sys


def keep() -> None:
    """Have Python keep what it compiles, as it does by default: the next command starts 0.1 s sooner.

    Who asked Python not to (`-B`, PYTHONDONTWRITEBYTECODE) is obeyed.
    """
    sys.dont_write_bytecode = bool(sys.flags.dont_write_bytecode)
