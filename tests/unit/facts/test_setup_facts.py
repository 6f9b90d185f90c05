"""What setup asks a server, parsed from what real ones print; the questions are bash."""

from __future__ import annotations

import pytest

from tests.unit import made
from tests.unit.bash import bash, is_bash
from windlass.facts import (
    apt,
    certbot,
    deploy_key,
    firewall,
    node,
    old_checkout,
    package_json,
    postgres,
    services,
    users,
)
from windlass.facts.deploy_key import Forge, forge
from windlass.layout import Layout
from windlass.question import Answer
from windlass.shell import cmd

CONFIG = made.config()


@pytest.mark.parametrize(
    "question",
    [
        apt.question({"git": cmd("true")}),
        certbot.question(CONFIG),
        deploy_key.question(CONFIG),
        firewall.question(),
        node.question("https://nodejs.org/dist"),
        old_checkout.question(CONFIG, Layout(CONFIG.layout.root).root, "root"),
        package_json.question(CONFIG, "main"),
        postgres.question(),
        services.question(["nginx"], []),
        users.question("deploy", "/srv/shop"),
    ],
    ids=lambda question: question.name,
)
def test_every_question_is_bash(question: made.Any) -> None:
    assert is_bash(question.command.text)


def test_a_package_is_missing_where_its_probe_fails() -> None:
    asked = apt.question({"there": cmd("true"), "not-there": cmd("false"), "odd": apt.program("no-such")})
    done = bash(asked.command).check()
    assert asked.parse(Answer(done.stdout)).missing == ("not-there", "odd")


@pytest.mark.parametrize(
    ("version", "known"),
    [("id debian\nversion 12", True), ("id debian\nversion 11", False), ("id ubuntu\nversion 22.04", True),
     ("id ubuntu\nversion 20.04", False), ("id debian\nversion ", False), ("id fedora\nversion 41", False)],
)  # fmt: skip
def test_setup_knows_what_it_was_made_for(version: str, known: bool) -> None:
    assert apt.parse(Answer(f"name Some Linux\n{version}\n")).known is known


@pytest.mark.parametrize(
    ("candidate", "version"),
    [("18.20.4+dfsg-1~deb12u1", "18.20.4"), ("12.22.9~dfsg-1ubuntu3.6", "12.22.9"), ("(none)", ""),
     ("22.11.0-1nodesource1", "22.11.0"), ("1:20.1.0-2", "20.1.0"), ("", "")],
)  # fmt: skip
def test_the_archives_node_is_read_without_what_debian_adds(candidate: str, version: str) -> None:
    assert apt.parse(Answer(f"id debian\nversion 12\nnodejs {candidate}\n")).node == version


def test_keys_with_options_are_not_handed_on() -> None:
    lines = [
        'login_key command="echo Please log in as ubuntu" ssh-ed25519 AAAAforced root',
        "login_key ssh-ed25519 AAAAplain ana@laptop",
        "login_key # a comment",
        "login_key ",
    ]
    assert users.parse(Answer("\n".join(lines))).login_keys == ("ssh-ed25519 AAAAplain ana@laptop",)


def test_a_key_is_the_same_whatever_its_comment() -> None:
    assert users.same_key("ssh-ed25519 AAAAone ana@laptop", 'from="10.0.0.1" ssh-ed25519 AAAAone x')
    assert not users.same_key("ssh-ed25519 AAAAone ana", "ssh-ed25519 AAAAtwo ana")


def test_the_firewalls_ports() -> None:
    text = "ssh 22\nssh \nssh 2222\nlistening 22\nlistening 9100\nallowed 80\nactive\n"
    seen = firewall.parse(Answer(text))
    assert (seen.ssh, seen.allowed, seen.active) == ({22, 2222}, {80}, True)
    assert seen.listening == {22, 9100}


def test_builds_that_cannot_be_had_are_a_problem_and_no_error() -> None:
    failed = node.parse(Answer("node-v22.20.0-linux-x64\n", "…\nurllib.error.URLError: refused", 1))
    assert (failed.builds, failed.here, failed.problem) == ((), "22.20.0", "urllib.error.URLError: refused")
    listed = node.parse(Answer('none\n[["v22.20.0", true, ["linux-x64"]]]'))
    assert (listed.here, listed.builds[0].version, listed.problem) == ("", "22.20.0", "")


@pytest.mark.parametrize(
    ("text", "asked"),
    [('{"engines": {"node": ">=20"}}', ">=20"), ("{}", ""), ('{"engines": null}', "")],
)
def test_engines_are_read(text: str, asked: str) -> None:
    assert package_json.read(text) == package_json.PackageJson(asked)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"engines": "node"}'])
def test_a_package_json_that_npm_would_not_read_is_a_problem(text: str) -> None:
    assert package_json.read(text).problem


@pytest.mark.parametrize(
    ("repository", "expected"),
    [
        ("git@github.com:o/n.git", Forge("github.com", 22)),
        ("ssh://git@forge.example:2222/o/n.git", Forge("forge.example", 2222)),
        ("ssh://[2001:db8::1]/n.git", Forge("2001:db8::1", 22)),
        ("forge:n.git", Forge("forge", 22)),
        ("https://github.com/o/n.git", None),
        ("/srv/git/n.git", None),
        ("./n.git", None),
    ],
)
def test_the_forge_of_a_repository(repository: str, expected: Forge | None) -> None:
    assert forge(repository) == expected
