"""A file sent over the channel of a real agent: whole, private, or not there at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import pytest

from tests.support.local_agent import Conversation
from windlass.errors import StepFailed
from windlass.events import Event, Output
from windlass.remote.runner import Host
from windlass.remote.sending import CHUNK, send_file

Converse = Callable[[], Host]


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    for folder in ("run", "releases", "logs", "backups"):
        (tmp_path / "app" / folder).mkdir(parents=True)
    conversation = Conversation(tmp_path / "app", what="db.restore").open()
    yield Host("here", conversation.visit, conversation.opened, 0.0)
    conversation.wire.close()
    conversation.wire.process.wait(30)


@pytest.mark.parametrize("size", [0, 1, 3 * CHUNK, 200 * CHUNK + 5])
def test_a_file_of_any_size_arrives_as_it_is_and_for_its_owner_alone(
    host: Host, tmp_path: Path, size: int
) -> None:
    file, to = tmp_path / "a.dump", tmp_path / "app/backups/a.dump.partial"
    file.write_bytes(bytes(range(256)) * (size // 256) + b"x" * (size % 256))
    told: list[Event] = []
    send_file(host, file, PurePosixPath(to), told.append)
    assert to.read_bytes() == file.read_bytes()
    assert to.stat().st_mode & 0o777 == 0o600
    if size > 100 * CHUNK:
        assert [event.text for event in told if isinstance(event, Output)][-1].endswith(" of 9 MiB")


def test_a_folder_that_cannot_be_written_is_told_and_the_visit_goes_on(host: Host, tmp_path: Path) -> None:
    file = tmp_path / "a.dump"
    file.write_bytes(b"x" * 100 * CHUNK)
    with pytest.raises(StepFailed, match="could not be kept"):
        send_file(host, file, PurePosixPath(tmp_path / "nowhere/a.dump"), lambda event: None)
    to = tmp_path / "app/backups/a.dump.partial"
    send_file(host, file, PurePosixPath(to), lambda event: None)
    assert to.read_bytes() == file.read_bytes()


def test_a_file_that_comes_with_another_checksum_is_not_kept(host: Host, tmp_path: Path) -> None:
    to = tmp_path / "app/backups/a.dump.partial"
    host.visit.send("file", path=str(to), size=1)
    host.visit.send("chunk", data="eA==")
    host.visit.send("whole", sha256="0" * 64)
    with pytest.raises(StepFailed, match="did not come whole"):
        host.visit.expect("kept")
    assert not to.exists()
