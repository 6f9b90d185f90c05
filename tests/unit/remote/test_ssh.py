from __future__ import annotations

import builtins
import errno
import importlib
import pkgutil
import socket
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import fabric
import invoke
import paramiko
import pytest
from paramiko import ssh_exception

from windlass.errors import (
    AuthenticationFailed,
    ConfigError,
    ConnectionFailed,
    HostKeyRefused,
    UsageError,
    WindlassError,
)
from windlass.known_hosts import HostKey, KnownHosts, parse, written
from windlass.remote.ssh import settings
from windlass.remote.ssh.peer import Peer
from windlass.remote.ssh.translation import TABLE, translate, translated
from windlass.remote.ssh.verify import Trust

PEER = Peer("ana@web1", "ana", "192.0.2.7", 22, 10)

# Raised by running commands locally, or by `fab` itself: nothing here does either.
INVOKES_OWN = {
    "AuthFailure", "CollectionNotFound", "CommandTimedOut", "Exit", "Failure", "ParseError", "PlatformError",
    "ResponseNotAccepted", "SubprocessPipeError", "ThreadException", "UnexpectedExit", "WatcherError",
}  # fmt: skip


def modules(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not set(found.name.split(".")) & {"_winapi", "win_openssh", "win_pageant", "vendor", "__main__"}:
            yield importlib.import_module(found.name)


def exceptions_of(package: ModuleType) -> set[type[BaseException]]:
    return {
        value
        for module in modules(package)
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Exception)
        and value.__module__.startswith(package.__name__ + ".")
        and ".vendor" not in value.__module__
    }


def os_errors() -> set[type[BaseException]]:
    found = {
        value for value in vars(builtins).values() if isinstance(value, type) and issubclass(value, OSError)
    }
    return found | {socket.gaierror, socket.herror, socket.timeout}


@pytest.mark.parametrize("package", [paramiko, fabric, invoke], ids=lambda package: package.__name__)
def test_every_exception_of_the_libraries_is_translated(package: ModuleType) -> None:
    own = {
        error
        for error in exceptions_of(package)
        if package is not invoke or error.__name__ not in INVOKES_OWN
    }
    assert own, "none were found: the walk is broken"
    assert {error for error in own if error not in TABLE} == set()


def test_every_error_of_the_operating_system_is_translated() -> None:
    assert os_errors() - set(TABLE) == set()


def paramiko_key() -> paramiko.PKey:
    return paramiko.ECDSAKey.generate()


SAMPLES: list[tuple[Exception, type[WindlassError], str]] = [
    (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), ConnectionFailed, "no host named"),
    (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), ConnectionFailed, "no answer from DNS"),
    (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), ConnectionFailed, "nothing listens on port 22"),
    (TimeoutError("timed out"), ConnectionFailed, "no answer .* within 10 s"),
    (OSError(errno.EHOSTUNREACH, "No route to host"), ConnectionFailed, "no way to"),
    (OSError(errno.ENETUNREACH, "Network is unreachable"), ConnectionFailed, "no way to"),
    (OSError(errno.ETIMEDOUT, "Connection timed out"), ConnectionFailed, "no answer"),
    (ConnectionResetError(errno.ECONNRESET, "reset"), ConnectionFailed, "hung up"),
    (EOFError(), ConnectionFailed, "hung up"),
    (OSError(errno.EMFILE, "Too many open files"), ConnectionFailed, "Too many open files"),
    (PermissionError(errno.EACCES, "Permission denied", "/k"), ConnectionFailed, "/k cannot be .*Permission"),
    (UnicodeError("label too long"), ConnectionFailed, "cannot be a host's name"),
    (ValueError("invalid literal for int(): 'x'"), ConfigError, "ssh/config cannot be used.*'x'"),
    (ssh_exception.ConfigParseError("Unparsable line foo"), ConfigError, "Unparsable line foo"),
    (ssh_exception.AuthenticationException("Authentication failed."), AuthenticationFailed, "user ana"),
    (ssh_exception.AuthenticationException("Authentication timeout."), ConnectionFailed, "no answer"),
    (ssh_exception.PasswordRequiredException("x"), AuthenticationFailed, "passphrase"),
    (ssh_exception.BadHostKeyException("h", paramiko_key(), paramiko_key()), HostKeyRefused, "HAS CHANGED"),
    (ssh_exception.IncompatiblePeer("Incompatible ssh peer (no acceptable kex algorithm)"), ConnectionFailed,
     "offers no kex algorithm"),
    (ssh_exception.ChannelException(1, "Administratively prohibited"), ConnectionFailed, "forbidden"),
    (ssh_exception.NoValidConnectionsError({("192.0.2.7", 22): ConnectionRefusedError()}),
     ConnectionFailed, "nothing listens"),
    (ssh_exception.ProxyCommandFailure("nc -X", "gone"), ConnectionFailed, "ProxyCommand .* failed: gone"),
    (ssh_exception.SSHException("something new"), ConnectionFailed, "something new"),
    (RuntimeError(""), ConnectionFailed, "RuntimeError"),
]  # fmt: skip


@pytest.mark.parametrize(("foreign", "kind", "says"), SAMPLES, ids=lambda value: type(value).__name__)
def test_a_foreign_error_says_what_happened_and_what_to_do(
    foreign: Exception, kind: type[WindlassError], says: str
) -> None:
    with pytest.raises(kind, match=says) as caught, translated(PEER):
        raise foreign
    assert caught.value.hint
    assert caught.value.__cause__ is foreign
    assert "web1" in caught.value.message + caught.value.hint or "192.0.2.7" in caught.value.message


def test_errors_of_our_own_pass_through() -> None:
    ours = UsageError("ours")
    with pytest.raises(UsageError) as caught, translated(PEER):
        raise ours
    assert caught.value is ours


def test_a_mistyped_name_is_told_the_one_it_was_meant_to_be() -> None:
    peer = Peer("web1.exmaple.org", "ana", "web1.exmaple.org", 22, 10, ("db.example.org", "web1.example.org"))
    error = translate(socket.gaierror(socket.EAI_NONAME, "x"), peer)
    assert error.hint == "did you mean web1.example.org?"


def trust(*lines: str) -> Trust:
    return Trust(KnownHosts(tuple(parse("".join(lines)))), ("web1",), Path("known_hosts"), hashed=False)


def test_the_key_type_that_is_known_is_asked_for_first() -> None:
    offered = ("ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256")
    rsa, ecdsa = (
        written("web1", HostKey("ssh-rsa", b"r")),
        written("web1", HostKey("ecdsa-sha2-nistp256", b"e")),
    )
    assert trust().preferred(offered) == offered
    assert trust(rsa).preferred(offered) == (
        "rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519", "ecdsa-sha2-nistp256",
    )  # fmt: skip
    assert trust(ecdsa, rsa).preferred(offered)[:2] == ("ecdsa-sha2-nistp256", "rsa-sha2-512")
    assert trust(written("web1", HostKey("ssh-dss", b"d"))).preferred(offered) == offered


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    return tmp_path


def config(home: Path, text: str) -> Path:
    file = home / ".ssh" / "config"
    file.write_text(text)
    return file


def test_an_included_file_counts_and_does_not_swallow_what_follows(home: Path) -> None:
    (home / ".ssh" / "hosts.d").mkdir()
    (home / ".ssh" / "hosts.d" / "a").write_text("Host web1\n  HostName 192.0.2.7\n  Port 2222\n")
    text = "Include hosts.d/*\nUser ana\nHost web2\n  Port 3333\n  include ~/.ssh/none\n  ConnectTimeout 9\n"
    read = settings.read(config(home, text))
    web1, web2 = settings.lookup(read, "web1"), settings.lookup(read, "web2")
    assert (web1.text("hostname"), web1.text("port"), web1.text("user")) == ("192.0.2.7", "2222", "ana")
    assert (web2.text("port"), web2.text("user"), web2.text("connecttimeout")) == ("3333", "ana", "9")
    assert settings.lookup(read, "web3").text("connecttimeout") == ""


def test_a_file_that_includes_itself_ends(home: Path) -> None:
    settings.read(config(home, "Include config\nHost a\n"))


@pytest.mark.parametrize(
    ("text", "hops"),
    [
        ("Host web1\n  ProxyJump ana@a:2222,b\n", ["ana@a:2222", "b"]),
        ("Host web1\n  ProxyJump none\n", []),
        ("Host *\n  ProxyJump a\n", ["a"]),
        ("Host web1\n  ProxyJump a\nHost a\n  ProxyJump b\n", ["b", "a"]),
        ("Host web1\n  ProxyJump a\nHost a\n  ProxyJump web1\n", ["a"]),
        ("", []),
    ],
)
def test_jump_hosts_are_visited_in_the_order_that_openssh_does(
    home: Path, text: str, hops: list[str]
) -> None:
    assert settings.jumps(settings.read(config(home, text)), "web1") == hops


def test_known_hosts_files_are_those_that_ssh_config_names(home: Path) -> None:
    read = settings.read(config(home, 'Host web1\n  UserKnownHostsFile ~/.ssh/ours "/etc/our hosts"\n'))
    assert settings.lookup(read, "web1").known_hosts_files()[:2] == [
        home / ".ssh" / "ours",
        Path("/etc/our hosts"),
    ]
    assert settings.lookup(read, "web2").known_hosts_files()[0] == home / ".ssh" / "known_hosts"
