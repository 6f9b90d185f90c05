"""A plan as a text to be typed by hand: bash reads all of it, and nothing of it lasts that should not."""

from __future__ import annotations

import pytest

from tests.unit import made
from tests.unit.bash import bash, is_bash
from windlass.facts.applied import Applied
from windlass.operations.printing import planned, print_plan, text_of
from windlass.plan import Plan, Stage, Step
from windlass.plans import deploy, rollback
from windlass.shell import Command

KINDS = ("step", "undo", "recovery")
LIVE = made.live("0001-aaaaaaa", releases=made.kept("0001-aaaaaaa", "0000-0000000"))


def printed(plan: Plan, capsys: pytest.CaptureFixture[str]) -> str:
    print_plan("deploy@h", plan)
    return capsys.readouterr().out


def test_a_whole_deploy_is_bash(capsys: pytest.CaptureFixture[str]) -> None:
    config = made.with_database()
    look = made.look(LIVE, applied=Applied(frozenset({"1_a"})))
    wanted = made.revision(migrations=("1_a", "2_b"))
    to = made.cutover(release="0002-ccccccc", was="0001-aaaaaaa", page_up=True)
    plan = deploy.deploy(config, look, wanted, to, deploy.Options(page=True))
    text = printed(plan, capsys)
    assert is_bash(text)
    for step in (step for stage in plan.stages for step in stage.steps):
        assert f". {step.title}" in text
    assert "# == Where a step fails ==" in text
    for step in plan.recovery:
        assert f"# put right: {step.title}" in text
    assert "# hold the database's lock and back up the database: needs PGHOST" in text


def test_a_rollback_is_bash(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(rollback.rollback(made.config(), LIVE, made.cutover(was="0001-aaaaaaa")), capsys)
    assert is_bash(text)


def test_what_need_not_run_is_commented_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    steps = (Step("install", Command("cd /x\nnpm ci"), unchanged="the lock file is the same"),)
    text = printed(Plan("Deploy", (Stage("prepare", steps),)), capsys)
    assert "install: unchanged (the lock file is the same)" in text
    assert "\n# npm ci" in text
    assert "\nnpm ci" not in text


def test_a_program_gets_the_same_steps_in_order_and_then_the_ways_back() -> None:
    plan = rollback.rollback(made.config(), LIVE, made.cutover(was="0001-aaaaaaa"))
    events = list(planned("deploy@h", plan))
    steps = [step for stage in plan.stages for step in stage.steps]
    assert [(one.title, one.command) for one in events if one.kind == "step"][1:] == [
        (step.title, text_of(step)) for step in steps
    ]
    assert [one.number for one in events if one.kind == "step"] == list(range(1, len(steps) + 2))
    undone = [step.title for stage in reversed(plan.stages) for step in stage.undo]
    assert [one.title for one in events if one.kind == "undo"] == undone
    assert [one.title for one in events if one.kind == "recovery"] == [step.title for step in plan.recovery]
    assert [one.kind for one in events] == sorted((one.kind for one in events), key=KINDS.index)


def test_all_after_the_steps_is_comment(capsys: pytest.CaptureFixture[str]) -> None:
    stage = Stage(
        "cutover", (Step("switch", Command("true")),), undo=(Step("back", Command("rm -rf /\n\ncd /")),)
    )
    text = printed(Plan("Deploy", (stage,), recovery=(Step("agree", Command("reboot")),)), capsys)
    behind = text.partition("# == Where a step fails ==")[2]
    assert "rm -rf /" in behind
    assert all(line.startswith("#") for line in behind.splitlines() if line)


def test_a_step_leaves_folder_umask_and_variables_of_the_persons_shell_alone() -> None:
    step = Step("build", Command('umask 077\nexport X=1\ncd /tmp\necho "$X $PWD"'))
    done = bash(f'cd /\n{text_of(step)}\necho "${{X:-unset}} $PWD $(umask)"')
    assert done.check().stdout == "1 /tmp\nunset / 0022\n"
