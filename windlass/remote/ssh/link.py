"""A connection to a host, through its jump hosts, to nobody who is not known."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from windlass.address import HostSpec
from windlass.errors import UsageError
from windlass.remote.ssh.channel import Channel
from windlass.remote.ssh.forward import forward_agent as forward
from windlass.remote.ssh.keys import agent_socket
from windlass.remote.ssh.peer import Peer
from windlass.remote.ssh.route import Hop, close_all, plan_route
from windlass.remote.ssh.silence import give_up_after
from windlass.remote.ssh.terminal import ask_for_terminal, attach, has_terminal
from windlass.remote.ssh.translation import translate, translated

# Paramiko logs tracebacks of what is translated here; without a handler Python would print them.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


class Link:
    """An authenticated connection; `peer` says to whom. Close it, or use it in a `with`."""

    def __init__(self, hops: Sequence[Hop], agent: str = "") -> None:
        self._hops = tuple(hops)
        self._agent = agent
        self.peer: Peer = hops[-1].peer

    def open_agent(self, command: str, *, for_good: bool = False) -> Channel:
        """Run a command without a terminal: one round trip to open, one to start it.

        `for_good` closes the link with the channel. Raises ConnectionFailed if the server does not start it,
        or not in time.
        """
        try:
            channel = self.start(command)
        except BaseException:
            if for_good:
                self.close()
            raise
        return Channel(channel, self.peer, self.close if for_good else lambda: None)

    def run_here(self, command: str) -> int:
        """Run a command in the operator's own terminal, or in the pipe that is there instead; its exit status.

        Raises ConnectionFailed, also where nothing is heard of the server for half a minute.
        """
        self.give_up_after(30)
        return attach(self.start(command, prepare=ask_for_terminal if has_terminal() else None), self.peer)

    def start(self, command: str, *, prepare: Callable[[Any], None] | None = None) -> Any:
        """Paramiko's channel of a started command; `prepare` is called before it is. Raises ConnectionFailed."""
        transport = self._hops[-1].connection.transport
        with translated(self.peer), _deadline(transport, self.peer):
            channel = transport.open_session()
            if self._agent:
                forward(channel, self._agent)
            if prepare:
                prepare(channel)
            channel.exec_command(command)
        return channel

    def reach(self, there: tuple[str, int], origin: tuple[str, int]) -> Any:
        """Paramiko's channel of a connection that the server makes for `origin`. Raises ConnectionFailed."""
        transport = self._hops[-1].connection.transport
        with translated(self.peer), _deadline(transport, self.peer):
            return transport.open_channel("direct-tcpip", there, origin)

    def give_up_after(self, seconds: float) -> None:
        """End the connection once nothing was acknowledged for so long; without this, nobody may ever notice."""
        for hop in self._hops:
            give_up_after(hop.connection.transport, seconds)

    @property
    def alive(self) -> bool:
        """Whether the connection is up, as far as this side knows."""
        return bool(self._hops[-1].connection.is_connected)

    def close(self) -> None:
        """Close every hop; never waits for the other side, and may be called twice."""
        close_all(self._hops)

    def __enter__(self) -> Link:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def connect(
    host: HostSpec,
    *,
    timeout: float = 10,
    forward_agent: bool = False,
    config_file: Path | None = None,
    identities: Sequence[Path] = (),
) -> Link:
    """Connect and authenticate, through the jump hosts of ssh_config.

    `timeout` is in seconds and counts for each stage of each hop. `config_file` replaces the user's and the
    system's ssh_config; `identities` are private keys to offer before those it names. Nothing is ever asked.
    Raises HostKeyRefused for a host that is not known, AuthenticationFailed, ConnectionFailed, ConfigError.
    """
    hops = plan_route(host, timeout, config_file, identities)
    agent = _agent_to_forward(hops[-1], forward_agent)
    try:
        for hop in hops:
            hop.open()
    except BaseException:
        close_all(hops)
        raise
    return Link(hops, agent)


def _agent_to_forward(hop: Hop, wanted: bool) -> str:
    """The agent's socket where the config or ssh_config says that it is lent; "" else."""
    path = agent_socket(hop.settings)
    if wanted and not path:
        raise UsageError(
            f"forward_agent is set for {hop.peer.name}, but there is no ssh-agent to forward",
            hint="eval $(ssh-agent) && ssh-add, then try again",
        )
    return path if wanted or hop.settings.on("forwardagent") else ""


@contextmanager
def _deadline(transport: Any, peer: Peer) -> Iterator[None]:
    """Close the transport if the body takes longer than the peer's time-out: Paramiko waits for ever."""
    timer = threading.Timer(peer.timeout, transport.close)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception as error:
        if timer.finished.is_set():
            raise translate(TimeoutError(), peer) from error
        raise
    finally:
        timer.cancel()
