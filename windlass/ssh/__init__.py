"""The way to a host: the only package that imports Fabric or Paramiko."""

from windlass.ssh.channel import Channel
from windlass.ssh.link import Link, connect
from windlass.ssh.offer import fetch_host_key

__all__ = ["Channel", "Link", "connect", "fetch_host_key"]
