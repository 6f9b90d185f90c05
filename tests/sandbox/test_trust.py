"""`fab trust` as a process, against a real sshd."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import Completed
from tests.support.processes import run as run_to_its_end
from tests.support.sshd import Client, Sshd, running_sshd
from tests.support.tiers import require

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def client(tmp_path: Path) -> Client:
    require(bool(shutil.which("sshd", path="/usr/sbin")), "the SSH tests need openssh-server")
    made = Client.make(tmp_path / "home")
    made.config.write_text("HashKnownHosts no\n")  # Debian's own setting is yes
    return made


@pytest.fixture
def sshd(tmp_path: Path, client: Client) -> Iterator[Sshd]:
    with running_sshd(tmp_path / "sshd", home=client.home) as server:
        yield server


class Fab:
    """`fab trust`, typed by somebody with a home of their own."""

    def __init__(self, client: Client) -> None:
        self.environment = {**os.environ, "HOME": str(client.home)}
        self.words = [Path(sys.executable).with_name("fab"), "trust"]

    def __call__(self, *words: str) -> Completed:
        return run_to_its_end([*self.words, *words], env=self.environment, cwd=CHECKOUT, timeout=60)

    def typing(self, answer: str, *words: str) -> subprocess.CompletedProcess[str]:
        """The same at a terminal, where somebody types an answer."""
        keyboard, terminal = pty.openpty()
        try:
            os.write(keyboard, answer.encode() + b"\n")
            return subprocess.run(
                [*self.words, *words],
                stdin=terminal, capture_output=True, text=True, timeout=60, check=False,
                env=self.environment, cwd=CHECKOUT,
            )  # fmt: skip
        finally:
            os.close(keyboard)
            os.close(terminal)


@pytest.fixture
def fab(client: Client) -> Fab:
    return Fab(client)


def fingerprint(sshd: Sshd) -> str:
    printed = run_to_its_end(["ssh-keygen", "-lf", sshd.folder / "host_ed25519.pub"]).check()
    return printed.stdout.split()[1]


def test_a_typed_yes_trusts_the_shown_key(fab: Fab, sshd: Sshd, client: Client) -> None:
    done = fab.typing("yes", "-H", sshd.name)
    assert done.returncode == 0, done.stderr
    assert fingerprint(sshd) in done.stdout
    assert client.known_hosts.read_text() == sshd.known_hosts_line()


@pytest.mark.parametrize("answer", ["no", "y", ""])
def test_anything_else_than_yes_trusts_nobody(fab: Fab, sshd: Sshd, client: Client, answer: str) -> None:
    assert fab.typing(answer, "-H", sshd.name).returncode == 1
    assert not client.known_hosts.exists()


def test_without_a_terminal_somebody_has_to_say_which_fingerprint(
    fab: Fab, sshd: Sshd, client: Client
) -> None:
    refused = fab("-H", sshd.name)
    assert refused.exit_code == 2
    assert "--fingerprint SHA256:" in refused.stderr
    assert fingerprint(sshd) in refused.stderr
    assert not client.known_hosts.exists()


def test_the_right_fingerprint_asks_nobody_and_the_second_time_changes_nothing(
    fab: Fab, sshd: Sshd, client: Client
) -> None:
    fab("-H", sshd.name, "--fingerprint", fingerprint(sshd)).check()
    assert client.known_hosts.read_text() == sshd.known_hosts_line()
    again = fab("-H", sshd.name).check()
    assert "trusted already" in again.stdout
    assert client.known_hosts.read_text() == sshd.known_hosts_line()


def test_a_wrong_fingerprint_trusts_nobody(fab: Fab, sshd: Sshd, client: Client) -> None:
    refused = fab("-H", sshd.name, "--fingerprint", "SHA256:" + "A" * 43)
    assert refused.exit_code == 1
    assert fingerprint(sshd) in refused.stderr
    assert not client.known_hosts.exists()


def test_a_changed_key_takes_the_old_ones_place_only_where_that_is_said(
    fab: Fab, sshd: Sshd, client: Client
) -> None:
    old = f"[127.0.0.1]:{sshd.port} ssh-ed25519 {'A' * 68}\n"
    client.known_hosts.write_text(old)
    refused = fab("-H", sshd.name, "--fingerprint", fingerprint(sshd))
    assert refused.exit_code == 1
    assert "HAS CHANGED" in refused.stderr
    assert client.known_hosts.read_text() == old
    fab("-H", sshd.name, "--fingerprint", fingerprint(sshd), "--replace").check()
    assert client.known_hosts.read_text() == sshd.known_hosts_line()


def test_a_hashed_name_is_written_where_ssh_config_wants_it(fab: Fab, sshd: Sshd, client: Client) -> None:
    client.config.write_text("HashKnownHosts yes\n")
    fab("-H", sshd.name, "--fingerprint", fingerprint(sshd)).check()
    assert client.known_hosts.read_text().startswith("|1|")
    assert "trusted already" in fab("-H", sshd.name).check().stdout


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("-H", "a b"),
        ("-H", "web1", "--fingerprint", "yes"),
        ("-H", "a,b", "--fingerprint", "SHA256:" + "A" * 43),
    ],
)
def test_wrong_words_are_refused_before_anybody_is_called(fab: Fab, words: tuple[str, ...]) -> None:
    refused = fab(*words)
    assert refused.exit_code == 2
    assert "Traceback" not in refused.output
