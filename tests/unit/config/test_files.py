"""Where a configuration is found, and what is said where it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from windlass.config.files import load
from windlass.config.folders import config_folder
from windlass.errors import ConfigError, ExitCode, UsageError

SHOP = '[app]\nname = "shop"\nrepository = "git@example.com:shop.git"\n'


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text)
    return folder


def test_the_only_app_needs_no_choosing(tmp_path: Path) -> None:
    config = load(write(tmp_path, shop=SHOP), None)
    assert config.app.name == "shop"
    assert config.app.root == "/srv/shop"
    assert config.nginx.site == "/etc/nginx/conf.d/shop.conf"
    assert config.nginx.access_log == "/var/log/nginx/shop.access.log"


def test_several_apps_are_listed_where_none_was_chosen(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="blog, shop") as caught:
        load(write(tmp_path, shop=SHOP, blog=""), None)
    assert caught.value.exit_code == ExitCode.USAGE
    assert "--app blog" in caught.value.hint


def test_a_misspelled_app_gets_a_suggestion(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean shop"):
        load(write(tmp_path, shop=SHOP, blog=""), "shpo")


@pytest.mark.parametrize("name", ["../shop", "shop.toml", "", "/etc/passwd"])
def test_an_app_is_a_name_and_never_a_path(tmp_path: Path, name: str) -> None:
    (tmp_path / "config").mkdir()
    write(tmp_path, shop=SHOP)
    with pytest.raises(UsageError, match="no app"):
        load(write(tmp_path / "config", blog=SHOP), name)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere: No such file or directory") as caught:
        load(tmp_path / "nowhere", None)
    assert "WINDLASS_CONFIG" in caught.value.hint


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no"):
        load(tmp_path, None)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[app]\nname = \n", "shop.toml:2:8: Invalid value"),
        (b"[app]\nname = 'a'\nname = 'b'", "shop.toml:3: a key is given twice"),
        (b"[app]\n# \xff\n", "shop.toml:2: is not UTF-8 text"),
    ],
)
def test_a_file_that_is_not_toml_is_named_with_the_line(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "shop.toml").write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, None)
    assert said in caught.value.message
    assert caught.value.exit_code == ExitCode.USAGE


def test_a_file_saved_with_a_byte_order_mark_and_crlf_is_read(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_bytes(b"\xef\xbb\xbf" + SHOP.replace("\n", "\r\n").encode())
    assert load(tmp_path, None).app.name == "shop"


def test_an_error_holds_every_problem_and_the_files_name(tmp_path: Path) -> None:
    write(tmp_path, shop=SHOP + "[web]\nports = [3000, 99999]\ndrain = '1'\n")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "shop")
    assert caught.value.problems == (
        "web.ports[1]: 99999 is not a port",
        "web.drain: expected a number, got text",
    )
    assert caught.value.message.startswith(f"{tmp_path}/shop.toml has 2 problems")
    assert "fab config.check --app shop" in caught.value.hint


def test_the_files_name_and_the_apps_must_agree(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"app.name: is 'shop' in a file that is called blog.toml"):
        load(write(tmp_path, blog=SHOP), None)


def test_the_folder_is_the_variables_then_the_current_ones_then_the_fabfiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, fabfile = tmp_path / "here", tmp_path / "fabfile"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.delenv("WINDLASS_CONFIG", raising=False)
    assert config_folder(fabfile) == fabfile / "config"
    (here / "config").mkdir()
    assert config_folder(fabfile).resolve() == here / "config"
    monkeypatch.setenv("WINDLASS_CONFIG", "/elsewhere")
    assert config_folder(fabfile) == Path("/elsewhere")
