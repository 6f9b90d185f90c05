"""What the agent does to an app's slots by itself, as values, and what a person would type for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from windlass.commands import releases, slots
from windlass.config.model import Config
from windlass.layout import SLOTS, Slot
from windlass.plan import Gate
from windlass.shell import Command, all_of, cmd
from windlass.supervisors import supervisor


def about(config: Config) -> dict[str, Any]:
    """What the agent is told of an app when a command comes in; what a slot was started with, it reads itself."""
    return {
        "drain": config.web.drain,
        "kill_timeout": config.web.kill_timeout,
        "slots": {
            slot: {
                "port": config.port(slot),
                "namespace": config.namespace(slot),
                "names": names(config, slot),
            }
            for slot in SLOTS
        },
    }


def names(config: Config, slot: Slot) -> list[str]:
    """The supervisor's names of a slot's processes where no manifest says them: it had one web process then."""
    return [config.process_name(slot), *beside(config, slot)]


def beside(config: Config, slot: Slot) -> list[str]:
    """The supervisor's names of a slot's processes beside its web processes, as configured."""
    return [config.process_name(slot, process) for process in config.processes]


def end(config: Config, slot: Slot, *, node: str = "") -> Gate:
    """End and forget all that runs in a slot, whatever it was started from; `node`: the folder that node is in."""
    return Gate("end", {"slot": slot, "node": node}, supervisor(config).end_all(config, slot))


def end_these(config: Config, slot: Slot, processes: Iterable[str]) -> Gate:
    """End and forget these processes of a slot."""
    wanted = list(processes)
    return Gate("end", {"slot": slot, "names": wanted}, supervisor(config).end(config, slot, wanted))


def remove(config: Config, slot: Slot) -> Gate:
    """As `end`, and note that the slot runs nothing."""
    by_hand = all_of(supervisor(config).end_all(config, slot), slots.clear(config.layout, slot))
    return Gate("end", {"slot": slot, "clear": True}, by_hand)


def stop(config: Config) -> Gate:
    """Stop what runs in either slot; it is remembered as stopped."""
    return Gate("stop", {}, supervisor(config).stop(config))


def stand_by(config: Config, slot: Slot, others: Iterable[str]) -> Gate:
    """Leave a slot's web processes running as a standby, unless memory is short; its `others` are ended."""
    wanted = list(others)
    arguments = {"slot": slot, "others": wanted, "memory_free_mb": config.limits.memory_free_mb}
    return Gate(
        "stand_by",
        arguments,
        all_of(cmd("touch", config.layout.standby), supervisor(config).end(config, slot, wanted)),
    )


def gone(config: Config) -> Gate:
    """See that no process of the app lives and nobody listens on its ports; what does not end is killed."""
    ranges = (config.reserved(slot) for slot in SLOTS)
    ports = " or ".join(f"( sport >= :{ports[0]} and sport <= :{ports[-1]} )" for ports in ranges)
    return Gate("gone", {}, Command(f"! ss -Hltn '( {ports} )' | grep .").commented("nobody listens"))


def present(config: Config, slot: Slot, *, web: bool = False) -> Gate:
    """Have what a slot was started with run, nothing of it while the app is stopped; `web`: its web processes alone."""
    wanted = [*config.web_names(slot), *([] if web else beside(config, slot))]
    return Gate("present", {"slot": slot, "web": web}, supervisor(config).start(config, slot, wanted))


def remember(node: str = "", *, forget: str = "") -> Gate:
    """Have what runs now come back after a boot, with all that is not the app's own but the one to `forget`."""
    return Gate("remember", {"node": node, "forget": forget}, cmd("pm2", "save"))


def tidy(config: Config) -> Gate:
    """Remove what an interrupted snapshot, clone, write or backup left."""
    return Gate("tidy", {}, releases.tidy(config.layout))


def links(config: Config) -> Gate:
    """Have `current` name the release of the slot that the flag names."""
    return Gate("links", {}, cmd("ls", "-l", config.layout.current, *map(config.layout.slot_release, SLOTS)))


def agree(config: Config) -> Gate:
    """Have the live slot run, and the idle one not."""
    return Gate("agree", {}, supervisor(config).listed(config))


def page(config: Config) -> Gate:
    """Take away the page that a deploy or a restore put up, unless it changed the database."""
    return Gate("page", {}, cmd("rm", "-f", config.layout.maintenance))
