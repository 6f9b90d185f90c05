"""A configuration is never lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from windlass.errors import UsageError, WindlassError
from windlass.init.place import write


def test_a_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    file = tmp_path / "new/config/shop.toml"
    assert write(file, "1", force=False) is None
    assert file.read_text() == "1"
    assert [path.name for path in file.parent.iterdir()] == ["shop.toml"]


def test_what_is_there_is_not_replaced(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text("mine")
    with pytest.raises(UsageError, match="is there already") as refused:
        write(file, "new", force=False)
    assert "--force" in refused.value.hint
    assert file.read_text() == "mine"


def test_what_is_replaced_is_kept_under_the_next_number(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    kept = []
    for text in ("1", "2", "3"):
        kept.append(write(file, text, force=True))
    assert kept == [None, tmp_path / "shop.toml.1", tmp_path / "shop.toml.2"]
    assert [(tmp_path / f"shop.toml{end}").read_text() for end in (".1", ".2", "")] == ["1", "2", "3"]


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file")
    with pytest.raises(WindlassError, match="was not written"):
        write(tmp_path / "config/shop.toml", "1", force=False)
