"""Rendering: whose template wins, and what a broken one says."""

from __future__ import annotations

from pathlib import Path

import pytest

from windlass.config.sections import Nginx
from windlass.errors import ConfigError
from windlass.packaged import TEMPLATES
from windlass.render import nginx_string, render


def test_a_template_of_the_users_own_wins(tmp_path: Path) -> None:
    (tmp_path / "maintenance.html.j2").write_text("our own page for {{ app }}\n")
    assert render("maintenance.html.j2", folders=[tmp_path], app="shop") == "our own page for shop\n"


def test_the_first_folder_that_has_the_template_wins(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("missing", "empty", "first", "second")]
    for folder in folders[1:]:
        folder.mkdir()
    for folder in folders[2:]:
        (folder / "a.j2").write_text(folder.name)
    assert render("a.j2", folders=folders) == "first"


def test_without_one_the_packaged_template_is_used(tmp_path: Path) -> None:
    assert "shop is being looked after" in render("maintenance.html.j2", folders=[tmp_path], app="shop")


@pytest.mark.parametrize(
    "reaching",
    [
        "cycler.__init__.__globals__.os.system('touch MARK')",
        "app.__class__.__mro__[-1].__subclasses__()",
        "self.__init__.__globals__.__builtins__.__import__('os').system('touch MARK')",
        "(site | attr('__class__')).__mro__",
        "site.parse_file('/etc/hostname')",
        "site.parse_raw('cos\\nsystem\\n(S\"touch MARK\"\\ntR.', proto='pickle', allow_pickle=True)",
        "(site | attr('parse_raw'))('cos\\nsystem\\n(S\"touch MARK\"\\ntR.', proto='pickle', allow_pickle=True)",
        "'{0.__class__}'.format(site)",
        "file.read_text()",
    ],
)
def test_a_strangers_template_runs_and_reads_nothing_of_the_operators(tmp_path: Path, reaching: str) -> None:
    mark = tmp_path / "mark"
    (tmp_path / "secret").write_text("a secret")
    (tmp_path / "evil.j2").write_text("{{ " + reaching.replace("MARK", str(mark)) + " }}")
    with pytest.raises(ConfigError):
        render("evil.j2", folders=[tmp_path], app="shop", site=Nginx(), file=tmp_path / "secret")
    assert not mark.exists()


def test_a_page_escapes_what_it_shows() -> None:
    assert "&lt;b&gt;" in render("maintenance.html.j2", app="<b>")


def test_a_value_that_was_not_given_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "a.conf.j2"
    file.write_text("{{ given }}\n\n{% if true %}\n{{ not_given }}\n{% endif %}\n")
    assert complaint(tmp_path, given=1) == f"template {file}, line 4: 'not_given' is undefined"


def test_a_key_that_is_not_there_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "a.conf.j2"
    file.write_text("\n{{ given.colour }}")
    assert complaint(tmp_path, given={"size": 1}) == (
        f"template {file}, line 2: 'dict object' has no attribute 'colour'"
    )


def test_a_syntax_error_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "a.conf.j2"
    file.write_text("fine\n{% if %}\n")
    assert complaint(tmp_path).startswith(f"template {file}, line 2: ")


def test_an_error_in_an_included_template_names_that_one(tmp_path: Path) -> None:
    (tmp_path / "a.conf.j2").write_text("{% include 'b.conf.j2' %}")
    (tmp_path / "b.conf.j2").write_text("\n\n{{ nothing }}")
    assert complaint(tmp_path).startswith(f"template {tmp_path / 'b.conf.j2'}, line 3: ")


@pytest.mark.parametrize(
    "text", ["{{ 1 / 0 }}", "{{ 'a' + 1 }}", "{{ range(3)[9].x }}", "{{ [] | no_filter }}"]
)
def test_no_mistake_in_a_template_is_a_traceback(tmp_path: Path, text: str) -> None:
    file = tmp_path / "a.conf.j2"
    file.write_text(f"\n{text}")
    assert complaint(tmp_path).startswith(f"template {file}, line 2: ")


def test_a_template_that_is_not_there_says_where_it_was_sought(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        render("nothing.j2", folders=[tmp_path])
    assert caught.value.message == "there is no template nothing.j2"
    assert caught.value.hint == f"looked in {tmp_path}, {TEMPLATES}"


def test_a_value_that_nginx_cannot_hold_is_refused_with_the_line(tmp_path: Path) -> None:
    file = tmp_path / "a.conf.j2"
    file.write_text("root {{ root | nginx }};")
    assert complaint(tmp_path, root="/srv/$host").startswith(
        f"template {file}, line 1: '/srv/$host' cannot be"
    )


@pytest.mark.parametrize(
    ("value", "written"),
    [("/srv/a b", '"/srv/a b"'), ('a"b', r'"a\"b"'), ("a\\b", r'"a\\b"'), ("a;}", '"a;}"'), (80, '"80"')],
)
def test_nginx_strings_are_quoted(value: object, written: str) -> None:
    assert nginx_string(value) == written


@pytest.mark.parametrize("value", ["$host", "a\nb", "a\0b"])
def test_nginx_strings_that_cannot_be_written_are_refused(value: str) -> None:
    with pytest.raises(ValueError, match="cannot be written in an nginx file"):
        nginx_string(value)


def complaint(folder: Path, **values: object) -> str:
    with pytest.raises(ConfigError) as caught:
        render("a.conf.j2", folders=[folder], **values)
    return caught.value.message
