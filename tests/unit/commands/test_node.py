"""Fetching an official build: only what its SHASUMS256.txt vouches for is ever put in place."""

from __future__ import annotations

import hashlib
import tarfile
from pathlib import Path

import pytest

from tests.support.processes import Completed
from tests.unit.bash import bash
from windlass.commands import node
from windlass.shell import Command

NAME = node.build_name("22.20.0", "linux-x64")


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A mirror with one build, whose node is a shell script."""
    program = tmp_path / NAME / "bin/node"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho v22.20.0\n")
    program.chmod(0o755)
    builds = tmp_path / "dist/v22.20.0"
    builds.mkdir(parents=True)
    archive = builds / f"{NAME}.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(tmp_path / NAME, NAME)
    checksum = hashlib.sha256(archive.read_bytes()).hexdigest()
    (builds / "SHASUMS256.txt").write_text(f"{'0' * 64}  other.tar.gz\n{checksum}  {NAME}.tar.gz\n")
    return tmp_path / "dist"


def below(folder: Path, *commands: Command) -> Completed:
    """Run them with another folder for /opt."""
    (folder / "opt").mkdir(exist_ok=True)
    text = "\n".join(command.text for command in commands)
    return bash(text.replace("/opt/", f"{folder}/opt/"))


def fetch(dist: Path) -> Command:
    return node.unpack(f"file://{dist}", "22.20.0", "linux-x64")


def test_a_build_is_unpacked_and_switched_to_and_fetched_once(dist: Path, tmp_path: Path) -> None:
    below(tmp_path, fetch(dist), node.switch("22.20.0", "linux-x64")).check()
    assert bash(f"{tmp_path}/opt/node/bin/node").check().stdout == "v22.20.0\n"
    (dist / "v22.20.0" / f"{NAME}.tar.gz").unlink()
    below(tmp_path, fetch(dist), node.switch("22.20.0", "linux-x64")).check()


@pytest.mark.parametrize("harm", ["archive", "sums", "name"])
def test_a_build_that_is_not_vouched_for_is_not_unpacked(dist: Path, tmp_path: Path, harm: str) -> None:
    archive, sums = dist / "v22.20.0" / f"{NAME}.tar.gz", dist / "v22.20.0/SHASUMS256.txt"
    if harm == "archive":
        archive.write_bytes(archive.read_bytes() + b"\0")
    elif harm == "sums":
        sums.write_text(f"{'0' * 64}  {NAME}.tar.gz\n")
    else:
        sums.write_text(sums.read_text().replace(NAME, "node-v22.20.0-linux-arm64"))
    assert below(tmp_path, fetch(dist)).exit_code != 0
    assert list((tmp_path / "opt").iterdir()) == []
