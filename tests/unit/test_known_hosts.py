from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.sshd import generate_key
from windlass.known_hosts import HostKey, KnownHosts, append, lookup_names, parse, rewrite, without, written

OLD = HostKey("ssh-ed25519", b"\0\0\0\x0bssh-ed25519 old")
NEW = HostKey("ssh-ed25519", b"\0\0\0\x0bssh-ed25519 new")
RSA = HostKey("ssh-rsa", b"\0\0\0\x07ssh-rsa")


def known(*lines: str) -> KnownHosts:
    return KnownHosts(tuple(parse("".join(lines), Path("known_hosts"))))


@pytest.fixture
def real_key(tmp_path: Path) -> HostKey:
    generate_key(tmp_path / "key")
    (entry,) = parse("host " + (tmp_path / "key.pub").read_text())
    return entry.key


def test_the_fingerprint_is_the_one_that_ssh_keygen_prints(tmp_path: Path, real_key: HostKey) -> None:
    printed = subprocess.run(
        ["ssh-keygen", "-lf", tmp_path / "key.pub"], capture_output=True, text=True, check=True
    )
    assert real_key.fingerprint in printed.stdout.split()


@pytest.mark.parametrize(
    ("names", "host", "port"),
    [
        ("web1", "web1", 22),
        ("web1", "WEB1", 22),
        ("web1,192.0.2.7", "192.0.2.7", 22),
        ("[web1]:2222", "web1", 2222),
        ("web1", "web1", 2222),
        ("*.example.org", "a.example.org", 22),
        ("web?", "web1", 22),
        ("[*]:2222", "web1", 2222),
        ("2001:db8::7", "2001:db8::7", 22),
    ],
)
def test_a_key_is_trusted_where_openssh_would(names: str, host: str, port: int) -> None:
    assert known(written(names, OLD)).judge(lookup_names(host, port), OLD).state == "trusted"


@pytest.mark.parametrize(
    ("names", "host", "port"),
    [
        ("[web1]:2222", "web1", 22),
        ("web1", "web10", 22),
        ("web.1", "webx1", 22),
        ("*.example.org,!a.example.org", "a.example.org", 22),
        ("!web1", "web1", 22),
    ],
)
def test_a_key_is_unknown_where_openssh_would_not_know_it(names: str, host: str, port: int) -> None:
    assert known(written(names, OLD)).judge(lookup_names(host, port), OLD).state == "unknown"


def test_names_that_ssh_keygen_has_hashed_are_found(tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_text(written("web1", OLD) + written("[web2]:2222", OLD))
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", file], check=True, capture_output=True)
    assert "web1" not in file.read_text()
    hosts = KnownHosts.read([file])
    assert hosts.judge(lookup_names("web1"), OLD).state == "trusted"
    assert hosts.judge(lookup_names("web2", 2222), OLD).state == "trusted"
    assert hosts.judge(lookup_names("web3"), OLD).state == "unknown"


@pytest.mark.parametrize("name", ["web1", "[web1]:2222"])
def test_ssh_keygen_finds_a_name_that_was_hashed_here(tmp_path: Path, name: str, real_key: HostKey) -> None:
    file = tmp_path / "known_hosts"
    append(file, written(name, real_key, hashed=True))
    assert "web1" not in file.read_text()
    subprocess.run(["ssh-keygen", "-F", name, "-f", file], check=True, capture_output=True)


def test_another_key_for_a_known_host_has_changed_and_says_which_was_known() -> None:
    verdict = known("# ours\n", written("web1", RSA), written("web1", OLD)).judge(lookup_names("web1"), NEW)
    assert verdict.state == "changed"
    assert verdict.entry
    assert (verdict.entry.key, verdict.entry.place) == (OLD, "known_hosts:3")


def test_a_key_of_a_type_that_was_never_seen_has_changed_too() -> None:
    assert known(written("web1", OLD)).judge(lookup_names("web1"), RSA).state == "changed"


def test_any_of_several_keys_of_a_host_is_trusted() -> None:
    hosts = known(written("web1", OLD), written("web1", NEW), written("web1", RSA))
    assert {hosts.judge(("web1",), key).state for key in (OLD, NEW, RSA)} == {"trusted"}
    assert hosts.types(("web1",)) == ["ssh-ed25519", "ssh-rsa"]


def test_a_revoked_key_is_revoked_even_where_another_line_trusts_it() -> None:
    hosts = known(written("web1", OLD), "@revoked * " + written("", OLD).strip() + "\n")
    assert hosts.judge(("web1",), OLD).state == "revoked"


def test_a_certificate_authority_is_no_host_key() -> None:
    hosts = known("@cert-authority *.example.org " + written("", OLD).strip() + "\n")
    assert hosts.judge(("a.example.org",), OLD).state == "unknown"
    assert hosts.has_authority(("a.example.org",))
    assert not hosts.has_authority(("web1",))


@given(st.text(max_size=200))
def test_no_line_is_too_broken_to_be_passed_over(text: str) -> None:
    lines = text + "\n" + written("web1", OLD)
    KnownHosts(tuple(parse(lines))).judge(("web1",), NEW)


@pytest.mark.parametrize(
    "line",
    ["web1 ssh-ed25519", "web1 ssh-ed25519 %%%", "|1|x|y ssh-ed25519 AAAA", "@other web1 ssh-ed25519 AAAA"],
)
def test_a_torn_line_does_not_hide_the_next(line: str) -> None:
    assert known(line + "\n", written("web1", OLD)).judge(("web1",), OLD).state == "trusted"


def test_a_file_that_is_not_there_knows_nobody(tmp_path: Path) -> None:
    assert KnownHosts.read([tmp_path / "none"]).entries == ()


def test_the_first_key_makes_the_folder_and_the_file_private(tmp_path: Path) -> None:
    file = tmp_path / ".ssh" / "known_hosts"
    append(file, written("web1", OLD))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_line_is_added_whole_after_one_without_its_end(tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_text(written("web1", OLD).rstrip())
    append(file, written("web2", NEW))
    assert [entry.names for entry in parse(file.read_text())] == ["web1", "web2"]


def test_taking_a_host_out_leaves_everything_else_as_it_was() -> None:
    text = (
        "# mine\n"
        + written("web1", OLD)
        + written("web1,web2", RSA)
        + written("web3", OLD)
        + written("web1", OLD, hashed=True)
        + "@revoked web1 ssh-rsa AAAA\n"
        + written("web*", NEW)
    )
    expected = (
        "# mine\n"
        + written("web2", RSA)
        + written("web3", OLD)
        + "@revoked web1 ssh-rsa AAAA\n"
        + written("web*", NEW)
    )
    assert without(text, "web1") == expected


def test_rewriting_keeps_the_old_text_the_mode_and_a_link_to_elsewhere(tmp_path: Path) -> None:
    real, link = tmp_path / "dotfiles", tmp_path / "known_hosts"
    real.write_text("old\n")
    real.chmod(0o644)
    link.symlink_to(real)
    rewrite(link, "new\n")
    rewrite(link, "newer\n")
    assert link.is_symlink()
    assert real.read_text() == "newer\n"
    assert (tmp_path / "dotfiles.old").read_text() == "new\n"
    assert stat.S_IMODE(real.stat().st_mode) == 0o644
