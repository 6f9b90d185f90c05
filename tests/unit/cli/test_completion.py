"""What a shell is offered for the last word of a command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from invoke.parser.argument import Argument
from invoke.parser.context import ParserContext
from invoke.parser.parser import Parser

from tasks import namespace
from windlass.cli.completion import candidates

HOSTS = Argument(names=("H", "hosts"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shop = '[targets.production]\nhosts = ["deploy@203.0.113.5", "web2"]\n'
    (tmp_path / "shop.toml").write_text(shop)
    (tmp_path / "blog.toml").write_text('[targets.staging]\nhosts = ["deploy@198.51.100.7"]\n')
    (tmp_path / "torn.toml").write_text("[targets")
    (tmp_path / "odd.toml").write_text("[targets]\nstaging = 3\n")
    return tmp_path


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("fab config.sch", {"config.schema", "deploy"}),
        ("fab deploy", {"deploy", "--dry-run", "--hosts"}),
        ("./.venv/bin/fab deploy --ma", {"--maintenance", "--help"}),
        ("fab deploy --app", {"shop", "blog"}),
        ("fab deploy --target", {"production", "staging"}),
        ("fab deploy --app blog --target", {"staging"}),
        ("fab deploy --app=blog --target=st", {"staging", "--target=staging"}),
        ("fab deploy --app = blog --target = st", {"staging"}),  # as bash takes it apart
        ("fab -H", {"deploy@203.0.113.5", "web2", "deploy@198.51.100.7"}),
        ("fab deploy --dry-run -H web2,dep", {"web2,deploy@203.0.113.5"}),
        ("fab deploy -H deploy @ 20", {"203.0.113.5"}),
    ],
)
def test_what_fits_is_offered(folder: Path, line: str, offered: set[str]) -> None:
    assert offered <= set(complete(folder, line))


@pytest.mark.parametrize(
    ("line", "kept_back"),
    [
        ("fab deploy --app blog --target", {"production"}),
        ("fab deploy --target", {"deploy", "--dry-run"}),
        ("fab deploy --revision", {"deploy"}),
        ("fab deploy -H web", {"203.0.113.5"}),
    ],
)
def test_what_does_not_fit_is_not(folder: Path, line: str, kept_back: set[str]) -> None:
    assert not kept_back & set(complete(folder, line))


def complete(folder: Path, line: str) -> list[str]:
    return candidates(line, ParserContext(args=[HOSTS]), Parser(namespace.to_contexts()), folder)
