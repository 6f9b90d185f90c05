"""The one way of plain words to the operator; what is drawn goes through `windlass.report.sink`.

Both clean what they write: a word of a server's is not looked for at every place that may hold one.
"""

from __future__ import annotations

import sys
import threading
import traceback
from types import TracebackType

from windlass.clean import harmless


def tell(text: str = "", *, end: str = "\n", errors: bool = False) -> None:
    """Write the text, cleaned, and flush it: to standard output, or with `errors` to standard error.

    Raises BrokenPipeError where the reader has gone.
    """
    print(harmless(text), end=end, file=sys.stderr if errors else sys.stdout, flush=True)


def tell_tracebacks_cleaned() -> None:
    """From here on, an error of Windlass' own may quote a server, too."""
    sys.excepthook = _tell_traceback
    threading.excepthook = lambda failed: _tell_traceback(
        failed.exc_type, failed.exc_value, failed.exc_traceback
    )


def _tell_traceback(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    if issubclass(kind, SystemExit):
        return
    tell("".join(traceback.format_exception(kind, error, trace)), end="", errors=True)
