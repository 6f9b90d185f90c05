"""The way to a host: the only package that imports Fabric or Paramiko."""

from windlass.remote.ssh.channel import Channel
from windlass.remote.ssh.link import Link, connect
from windlass.remote.ssh.offer import fetch_host_key
from windlass.remote.ssh.tunnel import Tunnel

__all__ = ["Channel", "Link", "Tunnel", "connect", "fetch_host_key"]
