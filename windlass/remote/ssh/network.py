"""What is said where a host could not be reached at all."""

from __future__ import annotations

import socket

from windlass.errors import ConnectionFailed, WindlassError
from windlass.near import near_miss
from windlass.remote.ssh.peer import Peer


def no_answer(_error: BaseException, peer: Peer) -> WindlassError:
    return ConnectionFailed(
        f"no answer from {peer.where} within {peer.timeout:g} s",
        hint="is the server up, and does a firewall let you in? A slow link may need a longer"
        " connect_timeout under [ssh]",
    )


def refused(_error: BaseException, peer: Peer) -> WindlassError:
    return ConnectionFailed(
        f"{peer.where} is up, but nothing listens on port {peer.port}",
        hint="does sshd run there, and on this port? Another is given as host:port",
    )


def no_banner(_error: BaseException, peer: Peer) -> WindlassError:
    return ConnectionFailed(
        f"{peer.where} takes connections, but did not answer as an SSH server does within {peer.timeout:g} s",
        hint="is the port sshd's? If so, the server may be overloaded: try again, or look at its console",
    )


def hung_up(_error: BaseException, peer: Peer) -> WindlassError:
    return ConnectionFailed(
        f"{peer.where} hung up before anybody was logged in",
        hint="is the port sshd's? If so, it may be full (MaxStartups) or refuse this address (fail2ban)",
    )


def no_route(_error: BaseException, peer: Peer) -> WindlassError:
    return ConnectionFailed(
        f"there is no way to {peer.where} from this machine", hint="are network and VPN of this machine up?"
    )


def unresolved(error: socket.gaierror, peer: Peer) -> WindlassError:
    if error.errno == socket.EAI_AGAIN:
        return ConnectionFailed(
            f"the name {peer.address} could not be looked up: no answer from DNS",
            hint="is this machine online? If others can be reached, try again in a minute",
        )
    near = near_miss(peer.address, (name for name in peer.neighbours if name != peer.address))
    hint = (
        f"did you mean {near}?" if near else "check the spelling; short names may be set up in ~/.ssh/config"
    )
    return ConnectionFailed(f"there is no host named {peer.address}", hint=hint)


def no_name(_error: BaseException, peer: Peer) -> WindlassError:
    return ConnectionFailed(f"{peer.address!r} cannot be a host's name", hint="fab … -H [user@]host[:port]")
