from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from windlass.errors import UsageError
from windlass.offsite import Store, store


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG")


@pytest.mark.parametrize(
    ("copy_to", "place"),
    [
        ("s3://bucket", "s3://bucket/a.dump"),
        ("s3://bucket/", "s3://bucket/a.dump"),
        ("s3://bucket/one/two", "s3://bucket/one/two/a.dump"),
    ],
)
def test_a_copy_has_the_backups_name_in_the_configured_folder(copy_to: str, place: str) -> None:
    found = store(copy_to, "")
    assert found is not None
    assert found.place("a") == place


def test_no_place_is_no_store() -> None:
    assert store("", "") is None


@pytest.mark.usefixtures("keys")
def test_the_address_is_of_one_file_for_a_time_and_does_not_hold_the_secret() -> None:
    url = Store("bucket", "ships", "http://127.0.0.1:9000").upload_url("a", 900)
    parts = urlsplit(url)
    assert (parts.netloc, parts.path) == ("127.0.0.1:9000", "/bucket/ships/a.dump")
    assert parse_qs(parts.query)["X-Amz-Expires"] == ["900"]
    assert "wJalrXUtnFEMI" not in url
    assert not set(url) & set('"\\ \n')  # what would end curl's text


def test_without_keys_it_is_said_before_anything_is_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(UsageError, match="nothing was touched"):
        Store("bucket", "", "").upload_url("a", 900)


def test_a_profile_that_is_not_there_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(UsageError, match="nobody"):
        Store("bucket", "", "").upload_url("a", 900)
