"""The way to a host: the only package that imports Fabric or Paramiko."""

from windlass.ssh.channel import Channel
from windlass.ssh.link import Link, connect
from windlass.ssh.offer import fetch_host_key
from windlass.ssh.tunnel import Tunnel

__all__ = ["Channel", "Link", "Tunnel", "connect", "fetch_host_key"]
