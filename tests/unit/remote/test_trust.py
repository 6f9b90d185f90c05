from __future__ import annotations

from pathlib import Path

import pytest

from windlass.errors import HostKeyRefused, UsageError
from windlass.known_hosts import HostKey, KnownHosts, written
from windlass.remote.trust import Candidate, add, needs_consent, read_fingerprint

OLD = HostKey("ssh-ed25519", b"old")
NEW = HostKey("ssh-ed25519", b"new")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "known_hosts"


def candidate(file: Path, key: HostKey = NEW) -> Candidate:
    verdict = KnownHosts.read([file]).judge(("web1",), key)
    return Candidate("ana@web1", "web1", key, verdict, file)


def test_an_unknown_key_needs_a_yes(file: Path) -> None:
    assert needs_consent(candidate(file))


def test_an_unknown_key_with_the_expected_fingerprint_needs_none(file: Path) -> None:
    assert not needs_consent(candidate(file), fingerprint=NEW.fingerprint)


def test_another_fingerprint_than_the_expected_is_refused(file: Path) -> None:
    with pytest.raises(HostKeyRefused) as caught:
        needs_consent(candidate(file), fingerprint=OLD.fingerprint)
    assert f"shows ED25519 {NEW.fingerprint}, not {OLD.fingerprint}" in caught.value.message


def test_a_trusted_key_needs_nothing(file: Path) -> None:
    add(candidate(file))
    assert candidate(file).verdict.state == "trusted"
    assert not needs_consent(candidate(file))


def test_a_changed_key_is_refused_even_with_its_fingerprint(file: Path) -> None:
    file.write_text(written("web1", OLD))
    with pytest.raises(HostKeyRefused, match="HAS CHANGED") as caught:
        needs_consent(candidate(file), fingerprint=NEW.fingerprint)
    assert OLD.fingerprint in caught.value.message
    assert NEW.fingerprint in caught.value.message
    assert "--replace" in caught.value.hint


def test_a_changed_key_that_is_to_be_replaced_still_needs_a_yes_or_the_fingerprint(file: Path) -> None:
    file.write_text(written("web1", OLD))
    assert needs_consent(candidate(file), replace=True)
    assert not needs_consent(candidate(file), replace=True, fingerprint=NEW.fingerprint)


def test_a_revoked_key_is_refused_whatever_is_asked(file: Path) -> None:
    file.write_text("@revoked * " + written("", NEW).strip())
    with pytest.raises(HostKeyRefused, match="revokes"):
        needs_consent(candidate(file), replace=True, fingerprint=NEW.fingerprint)


def test_a_replaced_key_takes_the_old_one_out(file: Path) -> None:
    file.write_text(written("web0", OLD) + written("web1", OLD))
    add(candidate(file))
    assert file.read_text() == written("web0", OLD) + written("web1", NEW)


def test_an_old_key_in_another_file_is_not_touched(file: Path) -> None:
    shared = file.with_name("ssh_known_hosts")
    shared.write_text(written("web1", OLD))
    verdict = KnownHosts.read([file, shared]).judge(("web1",), NEW)
    with pytest.raises(HostKeyRefused, match="ssh_known_hosts:1"):
        add(Candidate("web1", "web1", NEW, verdict, file))
    assert not file.exists()


def test_an_old_key_under_a_pattern_is_not_touched(file: Path) -> None:
    file.write_text(written("web*", OLD))
    with pytest.raises(HostKeyRefused, match="known_hosts:1"):
        add(candidate(file))
    assert file.read_text() == written("web*", OLD)


@pytest.mark.parametrize("form", ["{}", "SHA256:{}", "SHA256:{}=", "  {} "])
def test_a_fingerprint_may_be_written_as_any_tool_prints_it(form: str) -> None:
    plain = NEW.fingerprint.removeprefix("SHA256:")
    assert read_fingerprint(form.format(plain)) == NEW.fingerprint


@pytest.mark.parametrize("text", ["", "yes", "SHA256:", "MD5:aa:bb:cc", "SHA256:abc", "SHA256:…"])
def test_what_is_no_fingerprint_is_refused_before_anybody_is_asked(text: str) -> None:
    with pytest.raises(UsageError):
        read_fingerprint(text)
