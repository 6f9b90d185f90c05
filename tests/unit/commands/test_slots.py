"""The slots' links and the flag between them, in a real bash."""

from __future__ import annotations

import threading
from pathlib import Path, PurePosixPath

import pytest

from tests.support.tiers import require
from tests.unit.bash import bash
from windlass.commands import slots
from windlass.layout import SLOTS, Layout, Slot, other
from windlass.shell import Command, all_of, cmd, quote


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    (tmp_path / "it's/run").mkdir(parents=True)
    return Layout(PurePosixPath(tmp_path / "it's"))


def live(layout: Layout) -> Slot:
    return "green" if Path(layout.green).exists() else "blue"


def names(layout: Layout) -> list[str]:
    return sorted(path.name for path in Path(layout.run).iterdir())


def test_blue_is_live_until_something_else_is_said(layout: Layout) -> None:
    bash(slots.lay_flag(layout)).check()
    assert live(layout) == "blue"
    assert names(layout) == ["green.off"]


@pytest.mark.parametrize("slot", SLOTS)
def test_a_switch_may_be_made_twice_and_laying_the_flag_again_moves_nothing(
    layout: Layout, slot: Slot
) -> None:
    for target in (other(slot), slot):
        again = all_of(slots.switch(layout, target), slots.lay_flag(layout), slots.switch(layout, target))
        bash(all_of(slots.lay_flag(layout), again)).check()
        assert live(layout) == target
        assert len(names(layout)) == 1


@pytest.mark.parametrize("slot", SLOTS)
def test_two_flags_that_a_person_left_become_one(layout: Layout, slot: Slot) -> None:
    for flag in (layout.green, layout.green_off):
        Path(flag).touch()
    bash(slots.switch(layout, slot)).check()
    assert live(layout) == slot


def test_a_slot_names_its_release_by_a_link_that_moves_with_the_app(layout: Layout) -> None:
    bash(
        all_of(*(slots.assign(layout, "green", release) for release in ("0001-aaaaaaa", "0002-bbbbbbb")))
    ).check()
    assert str(Path(layout.slot_release("green")).readlink()) == "../releases/0002-bbbbbbb"
    Path(layout.release("0002-bbbbbbb")).mkdir(parents=True)
    bash(slots.assign(layout, "green", "0001-aaaaaaa")).check()  # not into the folder that the link names
    assert list(Path(layout.release("0002-bbbbbbb")).iterdir()) == []
    bash(all_of(slots.clear(layout, "green"), slots.clear(layout, "green"))).check()
    assert names(layout) == []


def test_a_slots_link_is_never_missing_while_it_moves(layout: Layout) -> None:
    bash(slots.assign(layout, "blue", "0001-aaaaaaa")).check()
    link, missing, done = Path(layout.slot_release("blue")), [], threading.Event()

    def watch() -> None:
        while not done.is_set():
            if not link.is_symlink():
                missing.append(True)

    watcher = threading.Thread(target=watch)
    watcher.start()
    bash(all_of(*(slots.assign(layout, "blue", f"{number:04d}-aaaaaaa") for number in range(40)))).check()
    done.set()
    watcher.join()
    assert missing == []


def test_a_switch_needs_no_room_on_the_disk(tmp_path: Path) -> None:
    layout = Layout(PurePosixPath(tmp_path))
    Path(layout.run).mkdir()
    there_and_back = all_of(*(slots.switch(layout, slot) for slot in ("green", "blue", "green")))
    done = bash(on_a_full_disk(layout, there_and_back))
    assert done.check().stdout == "green.off\ngreen\n"


def on_a_full_disk(layout: Layout, command: Command) -> Command:
    """With the flag laid before; a file system of its own in a mount namespace that ends with the command."""
    alone = cmd("unshare", "--map-root-user", "--mount")
    require(
        bash(Command(f"{alone} true")).exit_code == 0, "mounting in a namespace of one's own is not allowed"
    )
    flag = Command(f"ls {layout.run} | grep green")
    text = all_of(
        cmd("mount", "-t", "tmpfs", "-o", "size=64k,nr_inodes=20", "tmpfs", layout.run),
        slots.lay_flag(layout),
        flag,
        Command(f"dd if=/dev/zero of={layout.run}/filling bs=4k status=none 2>/dev/null || true"),
        Command(f"for n in {{1..20}}; do : >{layout.run}/$n || break; done 2>/dev/null"),
        Command(
            f"if echo x >{layout.run}/1 || : >{layout.run}/21; then echo 'there is room'; exit 1; fi 2>/dev/null"
        ),
        command,
        flag,
    )
    return Command(f"{alone} bash -euo pipefail -c {quote(text.text)}")
