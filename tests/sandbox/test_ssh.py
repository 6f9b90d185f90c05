"""The SSH layer against a real sshd on loopback."""

from __future__ import annotations

import contextlib
import getpass
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest

from tests.support.ports import free_port
from tests.support.processes import wait_until
from tests.support.sshd import Client, Sshd, generate_key, running_agent, running_sshd
from tests.support.tiers import require
from windlass.address import HostSpec, parse_host
from windlass.errors import (
    AuthenticationFailed,
    ConfigError,
    ConnectionFailed,
    HostKeyRefused,
    UsageError,
    WindlassError,
)
from windlass.remote.ssh import Channel, connect, fetch_host_key

USER = getpass.getuser()


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Somebody with a key and no agent."""
    require(bool(shutil.which("sshd", path="/usr/sbin")), "the SSH tests need openssh-server")
    made = Client.make(tmp_path / "home")
    monkeypatch.setenv("HOME", str(made.home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return made


@pytest.fixture
def sshd(tmp_path: Path, client: Client) -> Iterator[Sshd]:
    """A server that lets the client in, and that the client does not know yet."""
    with running_sshd(tmp_path / "sshd", home=client.home, key_types="ed25519 rsa ecdsa") as server:
        server.authorize(client.public_key)
        yield server


@pytest.fixture
def known(sshd: Sshd, client: Client) -> HostSpec:
    """The same server, known."""
    client.known_hosts.write_text(sshd.known_hosts_line())
    return parse_host(sshd.name)


def spec(port: int, user: str | None = USER, host: str = "127.0.0.1") -> HostSpec:
    return HostSpec(user, host, port, f"{user}@{host}:{port}")


def all_of(channel: Channel, seconds: float = 10) -> bytes:
    """Everything up to the end of the output."""
    received, deadline = b"", time.monotonic() + seconds
    while time.monotonic() < deadline:
        piece = channel.receive(1)
        if piece == b"":
            return received
        received += piece or b""
    raise AssertionError(f"no end within {seconds} s, only {received!r}")


def run(host: HostSpec, command: str, **options: bool) -> str:
    with connect(host, **options) as link:
        return all_of(link.open_agent(command)).decode()


def refusal(host: HostSpec, timeout: float = 5) -> WindlassError:
    with pytest.raises(WindlassError) as caught:
        connect(host, timeout=timeout).close()
    assert caught.value.hint
    return caught.value


# Who is it?


def test_a_known_server_runs_a_command(known: HostSpec) -> None:
    assert run(known, "echo $((6 * 7))") == "42\n"


def test_an_unknown_server_is_refused_and_told_how_to_trust_it(sshd: Sshd) -> None:
    error = refusal(parse_host(sshd.name))
    assert isinstance(error, HostKeyRefused)
    assert "is not a known host; it shows ED25519 SHA256:" in error.message
    assert f"fab trust -H {sshd.name}" in error.hint
    assert "Accepted publickey" not in sshd.log


def test_a_changed_key_is_refused_with_both_fingerprints(sshd: Sshd, client: Client, tmp_path: Path) -> None:
    generate_key(tmp_path / "other")
    other = " ".join((tmp_path / "other.pub").read_text().split()[:2])
    client.known_hosts.write_text(f"[127.0.0.1]:{sshd.port} {other}\n")
    error = refusal(parse_host(sshd.name))
    assert isinstance(error, HostKeyRefused)
    assert "HAS CHANGED" in error.message
    assert error.message.count("SHA256:") == 2
    assert f"{client.known_hosts}:1" in error.message
    assert "Accepted publickey" not in sshd.log


@pytest.mark.parametrize("key_type", ["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256"])
def test_a_server_known_by_any_type_of_key_is_that_server(sshd: Sshd, client: Client, key_type: str) -> None:
    client.known_hosts.write_text(sshd.known_hosts_line(key_type=key_type))
    assert run(parse_host(sshd.name), "echo yes") == "yes\n"


def test_another_file_of_known_hosts_is_found_by_ssh_config(sshd: Sshd, client: Client) -> None:
    client.config.write_text(
        "Host 127.0.0.1\n  UserKnownHostsFile ~/.ssh/none ~/.ssh/ours\n  StrictHostKeyChecking no\n"
    )
    assert isinstance(refusal(parse_host(sshd.name)), HostKeyRefused)
    (client.ssh / "ours").write_text(sshd.known_hosts_line())
    assert run(parse_host(sshd.name), "echo yes") == "yes\n"


@pytest.mark.parametrize("kind", ["a list of keys", "a KRL"])
def test_a_key_that_revokedhostkeys_lists_is_refused_though_known_hosts_trusts_it(
    sshd: Sshd, known: HostSpec, client: Client, tmp_path: Path, kind: str
) -> None:
    key, other = tmp_path / "key.pub", tmp_path / "other"
    key.write_text(sshd.known_hosts_line().split(" ", 1)[1])
    generate_key(other)
    revoked = tmp_path / "revoked hosts"
    client.config.write_text(f'RevokedHostKeys "{revoked}"\n')
    for listed, is_refused in ((other.with_suffix(".pub"), False), (key, True)):
        if kind == "a KRL":
            subprocess.run(["ssh-keygen", "-q", "-k", "-f", revoked, listed], check=True)
        else:
            revoked.write_text(f"# gone\n{listed.read_text()}")
        if is_refused:
            assert f"is revoked by {revoked}:" in refusal(known).message
            assert fetch_host_key(known).verdict.state == "revoked"
        else:
            assert run(known, "echo in") == "in\n"


def test_where_the_list_of_revoked_keys_cannot_be_read_no_host_is_trusted(
    known: HostSpec, client: Client, tmp_path: Path
) -> None:
    client.config.write_text(f"RevokedHostKeys {tmp_path}/none\n")
    assert f"{tmp_path}/none" in refusal(known).message
    (tmp_path / "none").write_bytes(b"SSHKRL\n\0 and nothing that ssh-keygen knows")
    assert "ssh-keygen cannot read it" in refusal(known).message


def test_ssh_config_says_where_a_short_name_is(sshd: Sshd, client: Client) -> None:
    shutil.move(client.key, client.ssh / "deploy")
    client.config.write_text(
        f"Host web1\n HostName 127.0.0.1\n Port {sshd.port}\n User {USER}\n"
        " IdentityFile ~/.ssh/deploy\n HostKeyAlias the-web\n"
    )
    client.known_hosts.write_text(f"the-web {sshd.host_keys['ssh-ed25519']}\n")
    assert run(parse_host("web1"), "echo yes") == "yes\n"


# Who am I?


def test_a_wrong_user_is_named_with_the_keys_that_were_offered(sshd: Sshd, known: HostSpec) -> None:
    error = refusal(spec(sshd.port, user="nobody-here"))
    assert isinstance(error, AuthenticationFailed)
    assert "the user nobody-here" in error.message
    assert "offered: ~/.ssh/id_ed25519" in error.message


def test_a_key_that_nobody_let_in_is_refused(sshd: Sshd, known: HostSpec, client: Client) -> None:
    (sshd.folder / "authorized_keys").write_text("")
    error = refusal(known)
    assert isinstance(error, AuthenticationFailed)
    assert "refused every key" in error.message


def test_without_any_key_the_hint_says_how_to_make_one(known: HostSpec, client: Client) -> None:
    client.key.unlink()
    error = refusal(known)
    assert "there is no key to offer" in error.message
    assert "ssh-keygen" in error.hint


def test_a_key_with_a_passphrase_is_named_and_nobody_is_asked(known: HostSpec, client: Client) -> None:
    client.key.unlink()
    generate_key(client.key, passphrase="secret")
    error = refusal(known)
    assert "protected by a passphrase" in error.message
    assert "ssh-add ~/.ssh/id_ed25519" in error.message


def test_a_key_that_others_may_read_is_not_used(known: HostSpec, client: Client) -> None:
    client.key.chmod(0o644)
    assert "chmod 600 ~/.ssh/id_ed25519" in refusal(known).message


def test_a_key_that_ssh_config_names_and_that_is_missing_or_broken_is_named(
    known: HostSpec, client: Client
) -> None:
    broken = client.ssh / "broken"
    broken.touch(mode=0o600)
    client.config.write_text("IdentityFile ~/.ssh/missing\nIdentityFile ~/.ssh/broken\n")
    error = refusal(known)
    assert "~/.ssh/missing: no such file" in error.message
    assert "~/.ssh/broken: not a private key" in error.message


def test_a_missing_key_does_not_stop_the_next_one(known: HostSpec, client: Client) -> None:
    client.config.write_text("IdentityFile ~/.ssh/missing\nIdentityFile ~/.ssh/id_ed25519\n")
    assert run(known, "echo yes") == "yes\n"


@pytest.mark.parametrize("key_type", ["rsa", "ecdsa"])
def test_older_types_of_keys_log_in(sshd: Sshd, known: HostSpec, client: Client, key_type: str) -> None:
    client.key.unlink()
    generate_key(client.ssh / f"id_{key_type}", key_type)
    sshd.authorize(client.ssh / f"id_{key_type}.pub")
    assert run(known, "echo yes") == "yes\n"


def test_an_agent_opens_what_a_passphrase_closes(
    known: HostSpec, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_agent(client.key) as agent:
        client.key.unlink()
        monkeypatch.setenv("SSH_AUTH_SOCK", agent)
        assert run(known, "echo yes") == "yes\n"
        client.config.write_text("IdentityAgent none\n")
        assert "no key to offer" in refusal(known).message


def test_among_many_keys_in_an_agent_the_configured_one_comes_first(
    known: HostSpec, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [tmp_path / f"other{number}" for number in range(7)]
    for other in others:
        generate_key(other)
    with running_agent(*others, client.key) as agent:
        monkeypatch.setenv("SSH_AUTH_SOCK", agent)
        client.config.write_text("IdentityFile ~/.ssh/id_ed25519\n")
        assert run(known, "echo yes") == "yes\n"
        client.config.write_text("IdentityFile ~/.ssh/none\n")
        error = refusal(known)
        assert "hung up after" in error.message
        assert "IdentitiesOnly" in error.hint


def test_an_agent_that_is_gone_is_named(
    known: HostSpec, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.key.unlink()
    monkeypatch.setenv("SSH_AUTH_SOCK", "/nonexistent/agent")
    assert "the agent at /nonexistent/agent" in refusal(known).message


# Is anybody there?


def test_a_closed_port_is_said_to_be_closed(client: Client) -> None:
    port = free_port()
    assert f"nothing listens on port {port}" in refusal(spec(port)).message


def test_a_name_that_does_not_exist_is_said_not_to(client: Client) -> None:
    error = refusal(HostSpec(None, "web1.invalid", None, "web1.invalid"))
    assert isinstance(error, ConnectionFailed)
    assert "web1.invalid" in error.message


@contextlib.contextmanager
def listening(answer: bytes | None = None, *, hang_up: bool = False) -> Iterator[int]:
    """A port that takes connections and then does as it is told, which is nothing at first."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken: list[socket.socket] = []

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    taken.append(connection)
                    if answer:
                        connection.sendall(answer)
                    if hang_up:
                        connection.close()

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        for connection in taken:
            connection.close()


@pytest.mark.parametrize("answer", [None, b"SSH-2.0-silent\r\n"], ids=["no-banner", "no-key-exchange"])
def test_a_server_that_says_nothing_is_given_up_in_time(client: Client, answer: bytes | None) -> None:
    began = time.monotonic()
    with listening(answer) as port:
        error = refusal(spec(port), timeout=1)
    assert isinstance(error, ConnectionFailed)
    assert "within 1 s" in error.message
    assert time.monotonic() - began < 3


def test_a_server_that_hangs_up_at_once_is_not_taken_for_a_silent_one(client: Client) -> None:
    with listening(hang_up=True) as port:
        assert "hung up before anybody was logged in" in refusal(spec(port)).message


def test_what_is_no_ssh_server_raises_the_question_of_the_port(client: Client) -> None:
    with listening(b"HTTP/1.1 400 Bad Request\r\n\r\n", hang_up=True) as port:
        assert "is the port sshd's?" in refusal(spec(port)).hint


def test_a_server_without_a_safe_key_exchange_is_said_to_have_none(client: Client, tmp_path: Path) -> None:
    options = "KexAlgorithms diffie-hellman-group1-sha1"
    with running_sshd(tmp_path / "old", home=client.home, options=options) as server:
        assert "offers no kex algorithm that is safe" in refusal(spec(server.port)).message


def test_a_broken_ssh_config_is_named_before_anybody_is_called(client: Client) -> None:
    client.config.write_text("Host web1\n  Port twentytwo\n")
    error = refusal(parse_host("web1"))
    assert isinstance(error, ConfigError)
    assert "twentytwo" in error.message


def test_foreign_errors_print_nothing_of_their_own(client: Client, capfd: pytest.CaptureFixture[str]) -> None:
    with listening(hang_up=True) as port:
        refusal(spec(port))
    assert capfd.readouterr() == ("", "")


# A running command


def test_a_command_has_input_output_errors_and_a_status(known: HostSpec) -> None:
    with connect(known) as link:
        channel = link.open_agent("cat; echo problem >&2; exit 7")
        channel.send(b"one\0two\n")
        assert channel.receive(5) == b"one\0two\n"
        assert channel.receive(0.05) is None
        channel.shutdown_write()
        assert channel.receive(5) == b""
        assert channel.exit_status() == 7
        assert channel.errors() == "problem\n"


def test_what_a_bashrc_prints_arrives_first_and_harms_nothing(known: HostSpec, client: Client) -> None:
    (client.home / ".bashrc").write_text("echo welcome\n")
    require(pwd.getpwuid(os.getuid()).pw_shell.endswith("bash"), "this test needs a user whose shell is bash")
    assert run(known, "echo mark") == "welcome\nmark\n"


def test_a_great_deal_flows_both_ways_at_once(known: HostSpec) -> None:
    size = 8 * 1024 * 1024  # four times the window
    with connect(known) as link:
        channel = link.open_agent("cat")
        writer = threading.Thread(target=lambda: (channel.send(b"x" * size), channel.shutdown_write()))
        writer.start()
        assert len(all_of(channel, 60)) == size
        writer.join(10)
        assert not writer.is_alive()


def test_errors_without_end_block_nothing_and_only_their_end_is_kept(known: HostSpec) -> None:
    with connect(known) as link:
        channel = link.open_agent("yes problem | head -c 6000000 >&2; echo last >&2; echo done")
        assert all_of(channel, 60) == b"done\n"
        assert channel.errors().endswith("last\n")
        assert len(channel.errors()) <= 64 * 1024


def test_a_command_that_does_not_read_holds_the_sender_but_not_the_receiver(
    known: HostSpec, tmp_path: Path
) -> None:
    go, size = tmp_path / "go", 4_000_000
    with connect(known) as link:
        channel = link.open_agent(f"while [ ! -e {go} ]; do sleep 0.02; done; head -c {size} | wc -c")
        writer = threading.Thread(target=channel.send, args=(b"y" * size,))
        writer.start()
        assert [channel.receive(0.1) for _ in range(5)] == [None] * 5
        assert writer.is_alive(), "nothing held the sender, so the test shows nothing"
        go.touch()
        assert all_of(channel, 30) == b"%d\n" % size
        writer.join(10)
        assert not writer.is_alive()


def test_sending_to_a_command_that_has_ended_leaves_its_end_to_be_received(known: HostSpec) -> None:
    with connect(known) as link:
        channel = link.open_agent("exit 127")
        assert channel.exit_status() == 127
        channel.send(b"z" * 100_000)
        assert channel.receive(5) == b""


def test_a_connection_that_is_cut_is_not_taken_for_the_end_of_the_output(sshd: Sshd, known: HostSpec) -> None:
    with connect(known) as link:
        channel = link.open_agent("echo $PPID; exec sleep 60")
        session = int(channel.receive(5) or b"0")
        os.kill(session, signal.SIGKILL)
        with pytest.raises(ConnectionFailed, match="was cut"):
            all_of(channel)
        with pytest.raises(ConnectionFailed, match="was cut"):
            channel.send(b"anybody?")
        wait_until(lambda: not link.alive, 5, "the link believes itself alive")


def test_a_server_that_stops_answering_is_given_up_and_left_at_once(known: HostSpec) -> None:
    with connect(known, timeout=1) as link:
        channel = link.open_agent("echo $PPID; cat")
        session = int(channel.receive(5) or b"0")
        os.kill(session, signal.SIGSTOP)
        try:
            began = time.monotonic()
            with pytest.raises(ConnectionFailed, match="no answer"):
                link.open_agent("cat")
            channel.close()
            link.close()
            assert time.monotonic() - began < 3
        finally:
            os.kill(session, signal.SIGCONT)


class NeverStarts(paramiko.ServerInterface):
    """Lets everybody in, opens every channel, and leaves the wish to run something unanswered."""

    def __init__(self) -> None:
        self.over = threading.Event()

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return int(paramiko.AUTH_SUCCESSFUL)

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return int(paramiko.OPEN_SUCCEEDED)

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        self.over.wait(30)
        return False


def test_a_command_that_is_never_started_is_given_up_in_time(client: Client) -> None:
    host_key, behaviour = paramiko.ECDSAKey.generate(), NeverStarts()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        client.known_hosts.write_text(f"[127.0.0.1]:{port} {host_key.get_name()} {host_key.get_base64()}\n")

        def serve() -> None:
            transport = paramiko.Transport(listener.accept()[0])
            transport.add_server_key(host_key)
            transport.start_server(server=behaviour)

        threading.Thread(target=serve, daemon=True).start()
        began = time.monotonic()
        with connect(spec(port), timeout=1) as link, pytest.raises(ConnectionFailed, match="within 1 s"):
            link.open_agent("true")
        assert time.monotonic() - began < 5
        behaviour.over.set()


def test_closing_a_channel_ends_the_input_of_its_command(known: HostSpec, tmp_path: Path) -> None:
    ended = tmp_path / "ended"
    with connect(known) as link:
        channel = link.open_agent(f"cat; touch {ended}")
        channel.close()
        wait_until(ended.exists, 10, "the command did not see the end of its input")
        assert channel.receive(1) == b""


def test_closing_a_channel_that_was_opened_for_good_closes_the_link(known: HostSpec) -> None:
    link = connect(known)
    channel = link.open_agent("cat", for_good=True)
    channel.close()
    assert not link.alive
    link.close()


def test_a_server_that_takes_no_more_sessions_says_so(client: Client, tmp_path: Path) -> None:
    with running_sshd(tmp_path / "full", home=client.home, options="MaxSessions 1") as server:
        server.authorize(client.public_key)
        client.known_hosts.write_text(server.known_hosts_line())
        with connect(parse_host(server.name)) as link:
            link.open_agent("cat")
            with pytest.raises(ConnectionFailed, match="not opened"):
                link.open_agent("cat")


# Through other hosts


@pytest.fixture
def behind(sshd: Sshd, client: Client, tmp_path: Path) -> Iterator[Sshd]:
    """A second server, `inner`, that ssh_config reaches through the first, `bastion`."""
    with running_sshd(tmp_path / "inner", home=client.home) as inner:
        inner.authorize(client.public_key)
        client.config.write_text(
            f"Host bastion\n HostName 127.0.0.1\n Port {sshd.port}\n"
            f"Host inner\n HostName localhost\n Port {inner.port}\n ProxyJump {USER}@bastion\n"
        )
        yield inner


def test_a_jump_host_leads_to_the_server_behind_it(sshd: Sshd, behind: Sshd, client: Client) -> None:
    client.known_hosts.write_text(sshd.known_hosts_line() + behind.known_hosts_line("localhost"))
    assert run(parse_host("inner"), "echo $SSH_CONNECTION").split()[3] == str(behind.port)
    assert "Accepted publickey" in sshd.log


def test_an_unknown_jump_host_is_refused_by_its_own_name(sshd: Sshd, behind: Sshd, client: Client) -> None:
    client.known_hosts.write_text(behind.known_hosts_line("localhost"))
    error = refusal(parse_host("inner"))
    assert isinstance(error, HostKeyRefused)
    assert f"fab trust -H {USER}@bastion" in error.hint
    assert "Accepted publickey" not in sshd.log


def test_an_unknown_server_behind_a_jump_host_is_refused(sshd: Sshd, behind: Sshd, client: Client) -> None:
    client.known_hosts.write_text(sshd.known_hosts_line())
    error = refusal(parse_host("inner"))
    assert isinstance(error, HostKeyRefused)
    assert "fab trust -H inner" in error.hint


def test_the_key_of_a_server_behind_a_jump_host_can_be_fetched(
    sshd: Sshd, behind: Sshd, client: Client
) -> None:
    client.known_hosts.write_text(sshd.known_hosts_line())
    candidate = fetch_host_key(parse_host("inner"))
    assert candidate.listed == f"[localhost]:{behind.port}"
    assert candidate.verdict.state == "unknown"


def test_a_server_that_a_jump_host_cannot_reach_is_named(sshd: Sshd, client: Client) -> None:
    port = free_port()
    client.known_hosts.write_text(sshd.known_hosts_line())
    client.config.write_text(f"Host inner\n HostName localhost\n Port {port}\n ProxyJump {sshd.name}\n")
    error = refusal(parse_host("inner"))
    assert "inner (localhost port" in error.message
    assert "jump host" in error.hint


RELAY = """
import os, socket, sys, threading
server = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
def up():
    while data := os.read(0, 65536):
        server.sendall(data)
threading.Thread(target=up, daemon=True).start()
while data := server.recv(65536):
    os.write(1, data)
"""


def test_a_proxy_command_leads_to_the_server(sshd: Sshd, known: HostSpec, client: Client) -> None:
    relay = client.home / "relay.py"
    relay.write_text(RELAY)
    client.config.write_text(f"Host 127.0.0.1\n ProxyCommand {sys.executable} {relay} {sshd.port}\n")
    assert run(known, "echo yes") == "yes\n"


def test_a_proxy_command_that_fails_is_told_from_a_silent_server(known: HostSpec, client: Client) -> None:
    client.config.write_text("Host 127.0.0.1\n ProxyCommand false\n")
    assert isinstance(refusal(known, timeout=2), ConnectionFailed)


# The agent's keys over there


def lasting_threads() -> set[threading.Thread]:
    """Threads that keep the process from ending."""
    return {thread for thread in threading.enumerate() if not thread.daemon}


def test_a_forwarded_agent_signs_on_the_server(
    known: HostSpec, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = lasting_threads()
    with running_agent(client.key) as agent:
        monkeypatch.setenv("SSH_AUTH_SOCK", agent)
        assert "id_ed25519" in run(known, "ssh-add -l", forward_agent=True)
        assert run(known, 'echo "${SSH_AUTH_SOCK:-none}"') == "none\n"
        client.config.write_text("ForwardAgent yes\n")
        assert "id_ed25519" in run(known, "ssh-add -l")
    wait_until(lambda: lasting_threads() <= before, 5, "a thread keeps the process from ending")


def test_a_forwarded_agent_that_goes_away_is_only_gone(
    known: HostSpec, client: Client, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with running_agent(client.key) as agent:
        monkeypatch.setenv("SSH_AUTH_SOCK", agent)
        link = connect(known, forward_agent=True)
    with link:
        assert all_of(link.open_agent("ssh-add -l || echo status $?")).startswith(b"status")
    assert capfd.readouterr().err == ""


def test_forwarding_without_an_agent_is_refused_before_connecting(sshd: Sshd, known: HostSpec) -> None:
    with pytest.raises(UsageError, match="no ssh-agent"):
        connect(known, forward_agent=True)
    assert "Accepted" not in sshd.log
