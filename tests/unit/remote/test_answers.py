"""Answers that are cut, torn or another's: an error in words, whichever question was asked."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from tests.support.local_agent import Conversation
from tests.unit.made import with_database
from windlass.errors import WindlassError
from windlass.facts import (
    apt,
    backups,
    certbot,
    commits,
    database,
    databases,
    deploy_key,
    dump,
    env,
    firewall,
    ground,
    history,
    lock,
    losses,
    migrations,
    nginx,
    node,
    old_checkout,
    package_json,
    papers,
    postgres,
    revision,
    services,
    shipped,
    sites,
    sizes,
    state,
    system,
    tools,
    traces,
    users,
    visitors,
)
from windlass.question import Question
from windlass.remote.answers import parsed
from windlass.shell import Command, cmd
from windlass.sql import Change

CONFIG = with_database()
LAYOUT = CONFIG.layout
CHANGE = Change("table", "ports", made=False)
FOLDER = PurePosixPath("/srv/old")
QUESTIONS: list[Question[Any]] = [
    apt.question({"git": Command("true")}),
    backups.question(LAYOUT),
    certbot.question(CONFIG),
    commits.question(LAYOUT),
    database.question(),
    database.place(),
    databases.question(),
    deploy_key.question(CONFIG),
    dump.question(FOLDER),
    env.question(LAYOUT, "salt"),
    firewall.question(),
    ground.question(CONFIG),
    history.question(LAYOUT, 20),
    lock.question(LAYOUT),
    losses.question([CHANGE]),
    *migrations.questions(CONFIG),
    *migrations.errors(CONFIG),
    nginx.nginx(CONFIG),
    nginx.rights(CONFIG),
    node.question("https://nodejs.org/dist"),
    old_checkout.question(CONFIG, FOLDER, "root"),
    package_json.question(CONFIG, "main"),
    papers.folders(CONFIG, {"0001-aaaaaaa": "a" * 40}),
    papers.texts(CONFIG, {"1_init": "a" * 40}, ["0001-aaaaaaa"], ("migration.sql", "down.sql")),
    postgres.question(),
    revision.question(CONFIG, "main"),
    services.question(["nginx"], [FOLDER]),
    shipped.question(CONFIG),
    sites.question(),
    sizes.question(LAYOUT),
    state.question(LAYOUT),
    system.figures([FOLDER], [1], []),
    system.pm2_list(),
    tools.question(None),
    traces.question([CHANGE]),
    users.question("deploy", "/srv/shop"),
    visitors.question(CONFIG),
]
TORN = [
    "",
    "{",
    "[",
    "null",
    "7",
    "[1]",
    "[[]]",
    "{}",
    '{"live": 1}',
    '"text"',
    "a b\tc",
    "a\n\n\x00\n",
    "\ufffd:1\n=\n",
]


def refusal(asked: Question[Any], answer: dict[str, Any] | None) -> WindlassError | None:
    """What is said where the answer cannot be read; any other exception is one too many."""
    try:
        parsed("web1", asked, answer)
    except WindlassError as error:
        return error
    return None


@pytest.mark.parametrize(
    "asked", QUESTIONS, ids=[f"{place} {one.name}" for place, one in enumerate(QUESTIONS)]
)
def test_whatever_a_host_answers_no_parser_ends_in_a_traceback(asked: Question[Any]) -> None:
    for out in TORN:
        for code in (0, 1, 124, 127):
            said = refusal(asked, {"out": out, "err": "bash: no", "code": code, "cut": False})
            assert said is None or (said.hint and "\n" not in said.message)
    for answer in (None, {"code": 0}, {"out": "", "more": 1}):
        said = refusal(asked, answer)
        assert said is not None
        assert said.message.startswith(f"web1: the answer to '{asked.name}' cannot be read: ")


def test_a_cut_answer_is_said_to_be_cut() -> None:
    answer = {"out": json.dumps([{"event": "end"}]), "err": "", "code": 0, "cut": True}
    with pytest.raises(
        WindlassError, match="web1: the answer to 'history' is too long to be sent whole"
    ) as raised:
        parsed("web1", history.question(LAYOUT, 20), answer)
    assert "--lines" in raised.value.hint


def test_an_agent_says_that_it_cut_an_answer(tmp_path: Path) -> None:
    def asked(size: int) -> Question[int]:
        return Question("zeros", cmd("head", "-c", str(size), "/dev/zero"), lambda answer: len(answer.out))

    conversation = Conversation(tmp_path)
    try:
        conversation.visit.open(conversation.opening)
        assert conversation.visit.ask(asked(4 * 1024 * 1024)) == {"zeros": 4 * 1024 * 1024}
        with pytest.raises(WindlassError, match="here: the answer to 'zeros' is too long to be sent whole"):
            conversation.visit.ask(asked(4 * 1024 * 1024 + 1))
        assert conversation.visit.ask(asked(3)) == {"zeros": 3}
    finally:
        conversation.visit.close()
