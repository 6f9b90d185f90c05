"""The one way to go live: start beside what is live, check, cut over, watch, drain. And the way back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from windlass import gates
from windlass.commands import backups, pm2, recovery, releases, scratch, slots
from windlass.config.model import Config
from windlass.layout import Slot, other
from windlass.plan import Stage, Step
from windlass.shell import Command, all_of, cmd, quote, when, write_file


@dataclass(frozen=True)
class Cutover:
    """From what is live to a release on the idle slot; `known`: the release was live before and was good.

    `ecosystem` is the text that pm2 starts the slot from, `node` the folder of node, `page` the
    maintenance page. `page_up`: this run put the page up and takes it down.
    """

    release: str
    revision: str
    slot: Slot
    was: str
    ecosystem: str
    node: str
    page: str
    known: bool = False
    page_up: bool = False


def stages(config: Config, to: Cutover, prune: Command | None = None) -> tuple[Stage, ...]:
    """Start, cutover, soak, finish."""
    return (start(config, to), cutover(config, to), soak(config, to), finish(config, to, prune))


def prologue(to: Cutover) -> Command:
    """What every step starts with: node on the PATH."""
    return Command(f'export PATH={quote(to.node)}:"$PATH"')


def start(config: Config, to: Cutover) -> Stage:
    """The release runs on the idle slot and is healthy there; visitors do not see it yet."""
    layout = config.layout
    names = recovery.names(config, to.slot)
    launch = all_of(
        cmd("rm", "-f", layout.standby),
        pm2.ensure_daemon(),
        when(cmd("test", "-L", layout.slot_release(to.slot)), pm2.delete(names)),
        slots.lay_flag(layout),
        slots.assign(layout, to.slot, to.release),
        write_file(layout.maintenance_page, to.page),
        write_file(layout.node_path, to.node),
        write_file(layout.slot_config(to.slot), to.ecosystem),
        _mark_logs(config, to),
        pm2.start(layout, to.slot, names[:1]),
    )
    return Stage(
        "start",
        (
            Step(
                f"start on {to.slot}",
                launch,
                timeout=60 + config.web.kill_timeout,
                hint=_logs_hint(config, to.slot),
            ),
            # Before the gate: the app comes up meanwhile. From here on a reboot finds whichever nginx points at.
            Step("save the process list", pm2.save()),
            healthy(config, to),
            within_reach(config, to),
        ),
        undo=(
            Step("show the new release's last lines", _last_lines(config, to), tolerated=True, show=True),
            *_drain(config, to.slot),
            Step("remove the new release's process", _remove(config, to.slot)),
        ),
    )


def healthy(config: Config, to: Cutover, *, standby: bool = False) -> Step:
    """The slot's own process answers well, and goes on doing so; a `standby` has done so before."""
    gate = gates.healthy(
        config, config.layout, to.slot, to.release, to.revision, known=to.known, standby=standby
    )
    title = f"healthy on port {config.port(to.slot)}"
    return Step(title, gate, timeout=gates.longest(gate), hint=_logs_hint(config, to.slot))


def within_reach(config: Config, to: Cutover) -> Step:
    """nginx would send visitors to the slot: tried before any of them is."""
    gate = gates.through_nginx(config, to.slot, ahead=True)
    hint = f"fab nginx.install brings the site that the config describes to {config.nginx.site}"
    return Step(f"nginx reaches {to.slot}", gate, timeout=gates.longest(gate), hint=hint)


def through_nginx(config: Config, to: Cutover) -> Step:
    """Visitors are answered by the slot, also where they still see the page."""
    gate = gates.through_nginx(config, to.slot)
    return Step("healthy through nginx", gate, timeout=gates.longest(gate), interruptible=False)


def cutover(config: Config, to: Cutover) -> Stage:
    """Visitors get the new release; one rename either way."""
    layout = config.layout
    page_off = (
        (Step("take the page down", cmd("rm", "-f", layout.maintenance, layout.migrated)),)
        if to.page_up
        else ()
    )
    back = other(to.slot)
    return Stage(
        "cutover",
        (
            Step(f"switch to {to.slot}", slots.switch(layout, to.slot), timeout=10, interruptible=False),
            through_nginx(config, to),
            Step("publish", releases.publish(layout, to.release), timeout=10, interruptible=False),
            *page_off,
        ),
        undo=(Step(f"switch back to {back}", slots.switch(layout, back), timeout=10),),
        on_cancel="finish",
        ordered=True,
    )


def soak(config: Config, to: Cutover) -> Stage:
    """Watch the new release under real traffic; the old one still runs."""
    workers = recovery.names(config, to.slot)[1:]
    steps = [Step("start the other processes", pm2.start(config.layout, to.slot, workers))] if workers else []
    if config.soak.seconds:
        watch = gates.soak(config, to.slot, to.release)
        steps.append(Step(f"watch for {config.soak.seconds:g} s", watch, timeout=gates.longest(watch)))
    return Stage("soak", tuple(steps), on_cancel="keep")


def finish(config: Config, to: Cutover, prune: Command | None) -> Stage:
    """Let the old slot finish its requests, stop it, remember the list, remove what is too old.

    The assets of what goes live and of what is left count as used: pages of both are open somewhere.
    """
    old = other(to.slot)
    steps = _drain(config, old) if to.was else []
    if config.web.standby == "warm" and to.was:
        keep, timeout = _keep(config, old), 60 + config.web.kill_timeout
        steps.append(Step(f"keep {old} as a warm standby", keep, timeout=timeout, show=True))
    else:
        steps.append(Step(f"stop {old}", _remove(config, old), timeout=60 + config.web.kill_timeout))
    steps.append(Step("save the process list", pm2.save()))
    nginx, both = config.nginx, filter(None, (to.release, to.was))
    used = releases.use_assets(config.layout, both, source=nginx.assets_from, url=nginx.assets_url)
    if prune is None:
        steps.append(Step("keep the assets in use", used, tolerated=True))
    else:
        steps.append(Step("remove what is too old", all_of(used, prune), tolerated=True))
    return Stage("finish", tuple(steps), on_failure="warn", on_cancel="keep")


def recover(config: Config) -> tuple[Step, ...]:
    """Make the server agree with the flag, whatever happened; runs before every locked command that finds a mess."""
    return (
        Step("tidy up", releases.tidy(config.layout), timeout=120),
        Step("agree on what is live", recovery.links(config), timeout=30),
        Step(
            "agree on what runs",
            recovery.processes(config),
            timeout=120 + config.web.drain + config.web.kill_timeout,
        ),
        Step("maintenance page", recovery.page(config), timeout=10),
        *_tidy_database(config),
    )


def _tidy_database(config: Config) -> list[Step]:
    """Remove a half-made backup, and the scratch database of a restore or rehearsal."""
    if config.database.kind == "none":
        return []
    text = all_of(backups.sweep(config.layout), scratch.sweep())
    return [Step("tidy up beside the database", text, timeout=60, environment=("database",))]


def _drain(config: Config, slot: Slot) -> list[Step]:
    if not config.web.drain:
        return []
    gate = gates.drained(config, slot)
    return [Step(f"drain {slot}", gate, timeout=gates.longest(gate), tolerated=True)]


def _keep(config: Config, slot: Slot) -> Command:
    """Leave the slot's web process running as a standby, unless memory is short."""
    limit = config.limits.memory_free_mb
    room = Command(f"[ \"$(awk '/^MemAvailable:/ {{ print int($2 / 1024) }}' /proc/meminfo)\" -ge {limit} ]")
    keep = all_of(Command(f": >{quote(config.layout.standby)}"), pm2.delete(recovery.names(config, slot)[1:]))
    short = cmd("echo", f"less than {limit} MiB of memory are free: {slot} is stopped, not kept as a standby")
    return when(room, keep, all_of(short, _remove(config, slot)))


def _remove(config: Config, slot: Slot) -> Command:
    link = cmd("test", "-L", config.layout.slot_release(slot))
    return when(link, all_of(pm2.delete(recovery.names(config, slot)), slots.clear(config.layout, slot)))


def _mark_logs(config: Config, to: Cutover) -> Command:
    """Say in the slot's logs where this start begins: earlier releases wrote into the same files."""
    mark = cmd("echo", _mark(to))
    return Command(f"{mark} | tee -a {' '.join(map(quote, _logs(config, to.slot)))} >/dev/null || true")


def _last_lines(config: Config, to: Cutover) -> Command:
    since = cmd("sed", "-n", f"/^{_mark(to)}$/,$p")
    return all_of(*(Command(f"{since} {quote(log)} | tail -n 20") for log in _logs(config, to.slot)))


def _mark(to: Cutover) -> str:
    return f"--- {to.release} starts on {to.slot}"


def _logs(config: Config, slot: Slot) -> list[PurePosixPath]:
    folder, name = config.layout.logs / "app", config.process_name(slot)
    return [folder / f"{name}.out.log", folder / f"{name}.err.log"]


def _logs_hint(config: Config, slot: Slot) -> str:
    return f"the app's own lines are in {config.layout.logs}/app/{config.process_name(slot)}.err.log on the server"
