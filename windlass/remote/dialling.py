"""Connections that are begun before they are asked for: the way to a host is long, and so is making up one's mind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from windlass.address import HostSpec

if TYPE_CHECKING:
    from windlass.remote.ssh import Link


@dataclass(frozen=True)
class Dial:
    """A host, and how it is connected to: `timeout` in seconds for each step of it."""

    spec: HostSpec
    timeout: float
    forward_agent: bool = False

    def connect(self) -> Link:
        """Raises what `ssh.connect` does."""
        from windlass.remote.ssh import connect  # noqa: PLC0415 - takes its time, which the background has

        return connect(self.spec, timeout=self.timeout, forward_agent=self.forward_agent)


class Dialling:
    """Makes connections, each in a thread of its own; asks nothing of a server but to let the operator in."""

    def __init__(self) -> None:
        self._begun: dict[Dial, Future[Link]] = {}
        self._known = threading.Event()

    def begin(self, find: Callable[[], Iterable[Dial]]) -> None:
        """Connect to what `find` finds, in the background: what that raises is left to who asks properly."""
        threading.Thread(target=self._begin, args=(find,), daemon=True).start()

    def connect(self, dial: Dial) -> Link:
        """The connection that was begun, once it is made; else a new one. Raises what `Dial.connect` does."""
        self._known.wait()
        begun = self._begun.pop(dial, None)
        return begun.result() if begun else dial.connect()

    def _begin(self, find: Callable[[], Iterable[Dial]]) -> None:
        # What is wrong is told where it is looked at in earnest.
        with suppress(Exception):
            for dial in find():
                made: Future[Link] = Future()
                self._begun[dial] = made
                threading.Thread(target=_make, args=(dial, made), daemon=True).start()
        self._known.set()


def _make(dial: Dial, made: Future[Link]) -> None:
    try:
        made.set_result(dial.connect())
    except BaseException as error:  # handed to who asks for the connection
        made.set_exception(error)
