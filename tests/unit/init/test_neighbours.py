"""Two apps of one server get ports of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.init import made
from windlass.init.neighbours import beside_neighbours
from windlass.init.questions import QUESTIONS
from windlass.init.setting import replaced, value_of

BLOG = '[app]\nname = "blog"\nrepository = "git@h:b.git"\n[targets.x]\nhosts = ["root@web.example:22"]\n'


@pytest.mark.parametrize(
    ("host", "ports"),
    [("deploy@WEB.example", [3002, 3003]), ("deploy@other.example", None), ("", None)],
)
def test_ports_of_another_app_are_taken_only_where_it_has_the_same_host(
    tmp_path: Path, host: str, ports: list[int] | None
) -> None:
    (tmp_path / "blog.toml").write_text(BLOG)
    (tmp_path / "broken.toml").write_text("[app")
    entries = made.entries({"package.json": made.NEXT})
    if host:
        hosts = next(question for question in QUESTIONS if question.flag == "hosts")
        entries = replaced(entries, [hosts.given(host)])
    assert value_of(beside_neighbours(entries, tmp_path), "web", "ports") == ports


def test_an_app_does_not_stand_in_its_own_way(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text(BLOG.replace("blog", "shop"))
    hosts = next(question for question in QUESTIONS if question.flag == "hosts")
    entries = replaced(made.entries({"package.json": made.NEXT}), [hosts.given("web.example")])
    assert value_of(beside_neighbours(entries, tmp_path), "web", "ports") is None


@pytest.mark.parametrize(("instances", "ports"), [("4", [3004, 3005]), ('"cpus"', [3064, 3065])])
def test_all_ports_of_another_app_are_taken(tmp_path: Path, instances: str, ports: list[int]) -> None:
    web = f"[web]\ninstances = {instances}\nports = [3000, 3100]\n"
    (tmp_path / "blog.toml").write_text(BLOG + web)
    hosts = next(question for question in QUESTIONS if question.flag == "hosts")
    entries = replaced(made.entries({"package.json": made.NEXT}), [hosts.given("web.example")])
    assert value_of(beside_neighbours(entries, tmp_path), "web", "ports") == ports
