"""The READMEs agree with one another and with what there is to type."""

from __future__ import annotations

import re

from tasks import namespace
from tests.support.readme import CHECKOUT, READMES, blocks, forms, variants

ENGLISH, RUSSIAN = (path.read_text() for path in READMES)


def test_both_languages_show_the_same_commands() -> None:
    assert blocks(ENGLISH) == blocks(RUSSIAN)
    assert forms(ENGLISH) == forms(RUSSIAN)


def test_the_table_has_every_task_and_no_other() -> None:
    assert {form.split()[1] for form in forms(ENGLISH)} == set(namespace.task_names)


def test_every_option_of_the_table_is_one_of_the_task() -> None:
    for form in forms(ENGLISH):
        name, *words = form.split()[1:]
        known = {flag for argument in namespace[name].get_arguments() for flag in argument.names}
        for option in re.findall(r"--([a-z-]+)", " ".join(words)):
            assert option in known | {name.replace("_", "-") for name in known}, form


def leads_somewhere(link: str) -> bool:
    """Whether the file is there, and in it the heading that a forge makes this anchor of."""
    file, _, anchor = link.partition("#")
    if not (CHECKOUT / file).exists():
        return False
    headings = re.findall(r"^#+ (.+)$", (CHECKOUT / file).read_text(), re.MULTILINE) if anchor else []
    return not anchor or anchor in [re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings]


def test_every_link_leads_somewhere() -> None:
    for text in (ENGLISH, RUSSIAN):
        links = re.findall(r"\]\(([^):]+)\)", text)
        assert links
        assert [link for link in links if not leads_somewhere(link)] == []


def test_a_form_stands_for_itself_and_for_each_of_its_options() -> None:
    (form,) = forms("| `fab rollback [--commit C \\| --stable] [--dry-run]` | back |\n")
    assert variants(form, {"C": "abc"}) == [
        ["rollback"],
        ["rollback", "--commit", "abc"],
        ["rollback", "--stable"],
        ["rollback", "--dry-run"],
    ]


def test_a_comment_is_not_typed() -> None:
    assert blocks("text\n\n    uv tool install .   # or pipx\n    some/folder/\n") == ["uv tool install ."]
