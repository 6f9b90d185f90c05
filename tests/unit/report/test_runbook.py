"""A runbook is bash: it parses, runs, stops at a failure, and can be read."""

import os
import pty
import subprocess
from pathlib import Path

from windlass.report import runbook

STEPS = [
    ("prepare", "Fetch\nfrom origin", "echo fetched", ""),
    ("prepare", "Install", "cat <<'END'\nnot run\nEND\nexit 9", "same lock file"),
    ("prepare", "Write", "cat >page.html <<'END'\n# == kept ==\n\n  kept\nEND", ""),
    ("cutover", "Switch", "if true; then\n    echo switched\nfi", ""),
]


def bash(text: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    file = folder / "runbook.sh"
    file.write_text(text)
    return subprocess.run(["bash", *options, file], cwd=folder, capture_output=True, text=True, check=False)


def test_a_runbook_reads_as_commented_steps() -> None:
    text = runbook(STEPS, title="Deploy abc1234", notes=("it fetches now",))
    assert text.startswith("# Deploy abc1234\n# it fetches now\n")
    assert (
        "\n# == prepare ==\n\n# 1. Fetch from origin\necho fetched\n\n# 2. Install: unchanged (same" in text
    )
    assert "# cat <<'END'\n# not run\n# END\n# exit 9\n" in text


def test_a_runbook_is_valid_bash_and_runs(tmp_path: Path) -> None:
    text = runbook(STEPS, title="Deploy `exit 3` $(exit 4)")
    assert bash(text, tmp_path, "-n").returncode == 0
    done = bash(text, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "fetched\nswitched\n", "")
    assert (tmp_path / "page.html").read_text() == "# == kept ==\n\n  kept\n"


def test_run_as_a_file_it_ends_at_the_first_failure(tmp_path: Path) -> None:
    done = bash(runbook([("s", "Fail", "false", ""), ("s", "Go on", "echo went on", "")]), tmp_path)
    assert (done.returncode, done.stdout) == (1, "")


def test_pasted_into_a_shell_a_failure_does_not_log_the_person_out(tmp_path: Path) -> None:
    text = runbook([("s", "Fail", "false", ""), ("s", "Go on", "echo still here", "")])
    controller, line = pty.openpty()
    try:
        done = subprocess.run(
            ["bash", "--norc", "--noprofile", "-i"],
            input=text,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=line,
            text=True,
            check=False,
            start_new_session=True,
        )
    finally:
        os.close(line)
        os.close(controller)
    assert done.stdout == "still here\n"


def test_an_empty_plan_is_valid_bash(tmp_path: Path) -> None:
    assert bash(runbook([]), tmp_path).returncode == 0


def test_a_runbook_cannot_drive_the_terminal() -> None:
    text = runbook([("s\x1b[2J", "t\x1b]0;x\x07", "echo '\x1b[2J\r\x9b5n'", "n\x1b[1m")], title="\x1b[31mred")
    assert all(line.isprintable() for line in text.split("\n"))
