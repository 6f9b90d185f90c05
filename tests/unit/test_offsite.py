from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from tests.unit.bash import bash
from tests.unit.made import config
from windlass.commands import backups
from windlass.errors import UsageError
from windlass.offsite import Store, key_for, store


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


def test_a_key_is_below_its_app_and_host_and_is_never_the_same_twice() -> None:
    first, second = (key_for("shop", "deploy@web1:22", "20260101-120000") for _ in range(2))
    assert first != second
    assert re.fullmatch(r"shop/deploy@web1_22/20260101-120000-[0-9a-f]{12}", first)
    assert key_for("shop", "h", "../../other/a?b").count("/") == 2
    assert "/../" not in key_for("shop", "..", "..")


@pytest.fixture
def bucket(keys: None) -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    boto3.client("s3", endpoint_url=address, region_name="us-east-1").create_bucket(Bucket="ships")
    yield address
    server.stop()


def test_a_server_cannot_replace_an_older_copy(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    layout = config(tmp_path).layout
    layout_backups = Path(layout.backups)
    layout_backups.mkdir(parents=True)
    found = Store("ships", "", bucket)
    url = found.upload_url("shop/h/a-1", 900)
    assert "if-none-match" in parse_qs(urlsplit(url).query)["X-Amz-SignedHeaders"][0].split(";")
    copy = backups.copy(layout, "a", found.place("shop/h/a-1"))
    environment = {"PATH": "/usr/bin:/bin", "UPLOAD_URL": url}
    (layout_backups / "a.dump").write_text("the good one")
    bash(copy, env=environment).check()
    (layout_backups / "a.dump").write_text("an evil one")
    done = bash(copy, env=environment)
    assert done.exit_code != 0
    assert "412" in done.stderr
    stored = boto3.client("s3", endpoint_url=bucket).get_object(Bucket="ships", Key="shop/h/a-1.dump")
    assert stored["Body"].read() == b"the good one"


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
