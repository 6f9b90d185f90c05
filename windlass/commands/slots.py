"""Blue and green: which release a slot runs, and which slot visitors get."""

from __future__ import annotations

from pathlib import PurePosixPath

from windlass.layout import Layout, Slot
from windlass.shell import Command, all_of, cmd, quote, when


def assign(layout: Layout, slot: Slot, release: str) -> Command:
    """Note that the slot runs this release."""
    link = layout.slot_release(slot)
    incoming = link.with_name(link.name + ".next")
    return all_of(
        cmd("ln", "-sfn", PurePosixPath("..") / "releases" / release, incoming),
        cmd("mv", "-T", incoming, link),
    )


def clear(layout: Layout, slot: Slot) -> Command:
    """Note that the slot runs nothing."""
    return cmd("rm", "-f", layout.slot_release(slot), layout.slot_manifest(slot))


def lay_flag(layout: Layout) -> Command:
    """Have the flag exist, so that a cutover is a rename even on a full disk."""
    return Command(
        f"[ -e {quote(layout.green)} ] || [ -e {quote(layout.green_off)} ] || : >{quote(layout.green_off)}"
    )


def switch(layout: Layout, slot: Slot) -> Command:
    """The cutover: nginx looks for the flag at every request, so this rename is all of it."""
    here, there = (layout.green_off, layout.green) if slot == "green" else (layout.green, layout.green_off)
    return when(cmd("test", "-e", here), cmd("mv", "-T", here, there))
