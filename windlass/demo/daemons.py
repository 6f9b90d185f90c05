"""The sshd and the nginx of the demo's server: their configuration, and the words that start them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_SSHD = """
ListenAddress 127.0.0.1:{port}
HostKey {folder}/sshd/host_key
AuthorizedKeysFile {folder}/sshd/authorized_keys
PidFile none
StrictModes no
UsePAM {pam}
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 100
Subsystem sftp internal-sftp
SetEnv {environment}
"""

_NGINX = """
{user}
worker_processes 1;
pid {folder}/nginx/pid;
error_log {folder}/nginx/error.log;
events {{ worker_connections 512; }}
http {{
    include {types};
    default_type application/octet-stream;
    access_log {folder}/nginx/access.log;
    client_body_temp_path {folder}/nginx/body;
    proxy_temp_path {folder}/nginx/proxy;
    fastcgi_temp_path {folder}/nginx/fastcgi;
    uwsgi_temp_path {folder}/nginx/uwsgi;
    scgi_temp_path {folder}/nginx/scgi;
    include {folder}/nginx/sites/*.conf;
    server {{ listen 127.0.0.1:{port} default_server; return 404; }}
}}
"""

_TYPES = Path("/etc/nginx/mime.types")


@dataclass(frozen=True)
class Daemon:
    """`command` runs it in the foreground; `log` has what it says, `port` answers when it is there."""

    command: tuple[str, ...]
    log: Path
    port: int


def sshd(folder: Path, port: int, environment: Mapping[str, str]) -> Daemon:
    """Configure an sshd below a server's folder, where its key is; its sessions have the environment."""
    as_root = os.geteuid() == 0
    if as_root:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd of root will not start without it
    config, log = folder / "sshd/config", folder / "sshd/log"
    text = _SSHD.format(
        folder=folder,
        port=port,
        pam="yes" if as_root else "no",
        environment=" ".join(f'"{name}={value}"' for name, value in environment.items()),
    )
    config.write_text(text)
    return Daemon(("/usr/sbin/sshd", "-D", "-f", str(config), "-E", str(log)), log, port)


def nginx(folder: Path, port: int) -> Daemon:
    """Configure an nginx below a server's folder; it reads nginx/sites/*.conf."""
    config = folder / "nginx/nginx.conf"
    text = _NGINX.format(
        folder=folder,
        port=port,
        user="user root;" if os.geteuid() == 0 else "",
        types=_TYPES if _TYPES.exists() else "/dev/null",
    )
    config.write_text(text)
    command = ("/usr/sbin/nginx", "-p", str(folder / "nginx"), "-c", str(config))
    return Daemon(command, folder / "nginx/error.log", port)
