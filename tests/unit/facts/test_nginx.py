"""What the server says about nginx: real output, real files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.nginx import PATH
from tests.support.processes import run
from tests.unit import made
from windlass.config.model import Config
from windlass.facts import Answer
from windlass.facts.nginx import NginxFacts, NginxRights, nginx, rights

BROKEN = (
    '2026/11/21 23:50:02 [emerg] 4242#4242: unknown directive "nonsense" in /etc/nginx/conf.d/x.conf:1\n'
    "nginx: configuration file /etc/nginx/nginx.conf test failed\n"
)
STOCK = "server {\n\tlisten 80 default_server;\n\tlisten [::]:80 default_server;\n\troot /var/www/html;\n}\n"


@pytest.mark.parametrize(
    ("green", "stopped", "serves"), [(False, False, "blue"), (True, False, "green"), (True, True, None)]
)
def test_visitors_get_the_slot_that_the_flag_names_and_none_while_the_app_is_stopped(
    tmp_path: Path, green: bool, stopped: bool, serves: str | None
) -> None:
    (tmp_path / "run").mkdir()
    for slot in ("blue", "green"):
        (tmp_path / f"run/slot-{slot}").symlink_to("../releases/0001-aaaaaaa")
    for name in [*(["green"] if green else []), *(["stopped"] if stopped else [])]:
        (tmp_path / "run" / name).touch()
    asked = nginx(made.config(tmp_path))
    done = run(["bash", "-c", asked.command.text], env={"PATH": PATH}, timeout=30)
    assert asked.parse(Answer(done.stdout)).serves == serves


def test_a_server_with_a_loaded_site() -> None:
    out = (
        "version 1.22.1\nlistening\nipv6\n"
        f"sha256 {'ab' * 32}  /etc/nginx/conf.d/shop.conf\n"
        "loaded shop 0123456789abcdef\n"
        "catch_all /etc/nginx/sites-enabled/a\ncatch_all /etc/nginx/sites-enabled/b\n"
    )
    assert nginx(configured()).parse(Answer(out)) == NginxFacts(
        version="1.22.1",
        listening=True,
        ipv6=True,
        sha256="ab" * 32,
        loaded="shop 0123456789abcdef",
        catch_all=("/etc/nginx/sites-enabled/a", "/etc/nginx/sites-enabled/b"),
    )


def test_a_server_without_nginx() -> None:
    assert nginx(configured()).parse(Answer("")) == NginxFacts("", False, False, "", "", ())


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer("own\n", "nginx: … test is successful\n"), NginxRights("own", valid=True)),
        (Answer("sudo\n", BROKEN, 1), NginxRights("sudo", valid=False, complaint=BROKEN.strip())),
        (Answer("none\n"), NginxRights("none")),
        (Answer("", "timed out", 124), NginxRights("none")),
    ],
)
def test_rights(answer: Answer, expected: NginxRights) -> None:
    assert rights(configured()).parse(answer) == expected


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("server { listen 80 default_server; }", True),
        ("server {\n  listen 0.0.0.0:80 deferred default_server;\n}", True),
        ("server {\n  listen [::]:80 default_server;\n}", True),
        ("server {\n  listen 8080 default_server;\n}", False),
        ("server {\n  # listen 80 default_server;\n  listen 80;\n}", False),
        (STOCK, False),
    ],
)
def test_other_default_servers_of_the_port_are_named_but_for_debians_example(
    tmp_path: Path, text: str, named: bool
) -> None:
    file = tmp_path / "another site.conf"
    file.write_text(text)
    (tmp_path / "shop.conf").write_text("server {\n  listen 80 default_server;\n}")
    found = asked(configured(site=str(tmp_path / "shop.conf"))).catch_all
    assert (str(file) in found) == named
    assert str(tmp_path / "shop.conf") not in found


def test_the_question_says_nothing_wrong_where_there_is_nothing(tmp_path: Path) -> None:
    facts = asked(configured(site=str(tmp_path / "none/shop.conf"), listen=1))
    assert (facts.sha256, facts.loaded, facts.listening) == ("", "", False)


def asked(config: Config) -> NginxFacts:
    question = nginx(config)
    completed = run(
        ["bash", "-euo", "pipefail", "-c", question.command.text], env={"PATH": PATH, "LC_ALL": "C.UTF-8"}
    )
    return question.parse(Answer(completed.check().stdout))


def configured(**settings: object) -> Config:
    app = {"name": "shop", "repository": "git@example.com:x.git"}
    return Config.model_validate({"app": app, "nginx": settings})
