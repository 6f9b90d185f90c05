"""A prompt of the app's database on the server, and a port of this machine that leads to it."""

from __future__ import annotations

import json
import socket
import struct
from contextlib import ExitStack

from tests.support.processes import Running
from tests.support.terminal import CTRL_C
from tests.vps.apps.tiny import ENV, MIGRATING, ROOT, Deployed
from tests.vps.hosts.images import DATABASE_PASSWORD, DATABASE_URL, DATABASE_USER

START = struct.pack("!i", 3 << 16) + f"user\0{DATABASE_USER}\0database\0prompthub\0\0".encode()
"""What a client of PostgreSQL says first; the answer begins with R, the wish for a password, or E, an error."""


def test_the_console_is_psql_as_the_app_on_a_terminal_and_in_a_pipe(deployed: Deployed) -> None:
    deployed.configure(**MIGRATING)
    refused = deployed.fab("db.console")
    assert refused.exit_code == 1, refused
    assert f"{ROOT}/shared/.env has no DATABASE_URL that names a PostgreSQL" in refused.output, refused

    deployed.give_database()
    terminal = deployed.operator.terminal("db.console", "-H", deployed.host)
    terminal.wait_for("prompthub=>")
    terminal.type("SELECT current_user, 40 + 2;\r")
    terminal.wait_for("prompthub    |       42")
    assert DATABASE_PASSWORD not in deployed.vps.run("ps -eo args").stdout
    terminal.type("SELECT pg_sleep(100);\r")
    terminal.wait_for("pg_sleep(100);\r\n")
    terminal.type(CTRL_C)
    terminal.wait_for("canceling statement due to user request")
    terminal.type("\\q\r")
    terminal.wait(20).check()

    # As root it is the app's owner, as every look is.
    piped = ["db.console", "-H", f"root@{deployed.vps.address}"]
    done = deployed.operator.fab(*piped, stdin="SELECT 1 AS one;\n\\! id -un\n").check()
    assert "one" in done.stdout
    assert done.stdout.rstrip().endswith("deploy"), done
    failed = deployed.operator.fab(*piped, stdin="SELECT nothing;\nSELECT 1 AS one;\n")
    assert failed.exit_code == 1, failed
    assert 'column "nothing" does not exist' in failed.stderr
    assert "one" not in failed.stdout


def test_a_tunnel_leads_to_the_database_by_tcp_and_by_its_socket_until_ctrl_c(deployed: Deployed) -> None:
    deployed.configure(**MIGRATING)
    deployed.give_database()
    tunnel = deployed.start("db.tunnel", "--json")
    port = port_of(tunnel)
    with ExitStack() as opened:
        # More at once than sshd lets one connection have sessions (MaxSessions).
        answers = [answer(opened, port) for _ in range(12)]
    assert answers == [b"R"] * 12
    taken = deployed.fab("db.tunnel", "--port", str(port))
    assert taken.exit_code == 2, taken
    assert f"port {port} of this machine cannot be had: Address already in use" in taken.output, taken
    tunnel.interrupt()
    tunnel.wait(20).check()
    assert DATABASE_PASSWORD not in tunnel.output

    by_socket = DATABASE_URL.replace("127.0.0.1:5432", "localhost") + "?host=/var/run/postgresql"
    deployed.vps.write(f"{ROOT}/shared/.env", f"{ENV}DATABASE_URL={by_socket!r}\n")
    tunnel = deployed.start("db.tunnel", "--json")
    port = port_of(tunnel)
    with ExitStack() as opened:
        assert answer(opened, port) == b"E"  # deploy is not the role's name: "Peer authentication failed"
    deployed.vps.run("rm /var/run/postgresql/.s.PGSQL.5432")
    with ExitStack() as opened:
        assert answer(opened, port) == b""
    deployed.vps.kill()
    done = tunnel.wait(60)
    assert done.exit_code == 1, done
    assert "was cut" in done.output, done
    assert "Traceback" not in done.output, done


def port_of(tunnel: Running) -> int:
    tunnel.wait_for('"url"')
    told = json.loads(tunnel.stdout)
    assert told["url"] == f"postgresql://{DATABASE_USER}@127.0.0.1:{told['port']}/prompthub"
    return int(told["port"])


def answer(opened: ExitStack, port: int) -> bytes:
    """The first byte that the server says to a client, b"" where it hangs up; it stays open until the end."""
    client = opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
    client.sendall(struct.pack("!i", len(START) + 4) + START)
    try:
        return client.recv(1)
    except ConnectionError:
        return b""
