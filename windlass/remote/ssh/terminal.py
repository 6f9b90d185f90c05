"""A program on the server in the operator's own terminal; in a pipe, a program that reads and writes it."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import sys
import termios
import tty
from collections.abc import Iterator
from typing import Any

from windlass.remote.ssh.peer import Peer
from windlass.remote.ssh.translation import cut, translated

PIECE = 64 * 1024


def has_terminal() -> bool:
    """Whether the operator both types and reads on a terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def ask_for_terminal(channel: Any) -> None:
    """Have the server give the channel's command a terminal like the operator's."""
    columns, rows = shutil.get_terminal_size()
    channel.get_pty(term=os.environ.get("TERM", "xterm"), width=columns, height=rows)


def attach(channel: Any, peer: Peer) -> int:
    """Pass on what is typed and what is printed until the command ends; its exit status.

    On a terminal every key is the command's, Ctrl-C too. Raises ConnectionFailed if the connection was cut.
    """
    with translated(peer), _raw_terminal(channel) if has_terminal() else contextlib.nullcontext():
        _pass_on(channel)
        if not channel.status_event.wait(5):
            raise cut(peer)
        status = int(channel.recv_exit_status())
    if status < 0:
        raise cut(peer)
    return status


def _pass_on(channel: Any) -> None:
    inputs = [channel, sys.stdin.fileno()]
    while True:
        ready = select.select(inputs, [], [])[0]
        if sys.stdin.fileno() in ready:
            typed = os.read(sys.stdin.fileno(), PIECE)
            if typed:
                channel.sendall(typed)
            else:
                channel.shutdown_write()
                inputs = [channel]
        if channel in ready:
            while channel.recv_stderr_ready():
                _write(2, channel.recv_stderr(PIECE))
            if not channel.recv_ready() and not channel.eof_received and not channel.closed:
                continue
            printed = channel.recv(PIECE)
            if not printed:
                while piece := channel.recv_stderr(PIECE):
                    _write(2, piece)
                return
            _write(1, printed)


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


@contextlib.contextmanager
def _raw_terminal(channel: Any) -> Iterator[None]:
    """Keys go through as they are, and the size follows the window's."""
    before = termios.tcgetattr(sys.stdin)

    def resize(*_: object) -> None:
        columns, rows = shutil.get_terminal_size()
        channel.resize_pty(width=columns, height=rows)

    handler = signal.signal(signal.SIGWINCH, resize)
    try:
        tty.setraw(sys.stdin)
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
        signal.signal(signal.SIGWINCH, handler)
