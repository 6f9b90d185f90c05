"""The one way to go live: start beside what is live, check, cut over, watch, drain. And the way back."""

from __future__ import annotations

from windlass import acts, gates
from windlass.commands import backups, releases, scratch, slots
from windlass.config.model import Config
from windlass.layout import Slot, other
from windlass.manifest import Manifest
from windlass.plan import Stage, Step
from windlass.plans import beside
from windlass.plans.cutover import Cutover
from windlass.shell import NOTHING, Command, all_of, cmd, quote, write_file
from windlass.supervisors import supervisor


def stages(
    config: Config, to: Cutover, prune: Command | None = None, *, standby: bool = False
) -> tuple[Stage, ...]:
    """Start, cutover, the page down where this run put it up, soak, finish; `standby` as in `finish`."""
    last = finish(config, to, prune, standby=standby)
    return (start(config, to), *switched(config, to), soak(config, to), last)


def prologue(to: Cutover) -> Command:
    """What every step starts with: node on the PATH."""
    return Command(f'export PATH={quote(to.node)}:"$PATH"')


def start(config: Config, to: Cutover) -> Stage:
    """The release runs on the idle slot and is healthy there; visitors do not see it yet."""
    layout, keeper = config.layout, supervisor(config)
    launch = all_of(
        cmd("rm", "-f", layout.standby),
        slots.lay_flag(layout),
        slots.assign(layout, to.slot, to.release),
        write_file(layout.maintenance_page, to.page),
        write_file(layout.node_path, to.node),
        write_file(layout.slot_config(to.slot), to.ecosystem),
        *([write_file(layout.slot_manifest(to.slot), to.manifest)] if to.manifest else []),
        keeper.prepare(config, to.slot, to.release, to.node),
        keeper.mark_start(config, to.slot, to.release),
        keeper.start(config, to.slot, config.web_names(to.slot)),
    )
    return Stage(
        "start",
        (
            Step(
                f"end what runs on {to.slot}",
                acts.end(config, to.slot, node=to.node),
                timeout=60 + config.web.kill_timeout,
            ),
            Step(
                f"start on {to.slot}",
                launch,
                timeout=60 + config.web.kill_timeout,
                hint=keeper.place(config, to.slot, config.process_name(to.slot)),
            ),
            # Before the gate: the app comes up meanwhile. From here on a reboot finds whichever nginx points at.
            *([Step("save the process list", acts.remember(to.node))] if keeper.SAVES else []),
            healthy(config, to),
            within_reach(config, to),
            *beside.started(config, to, beside.overlapping(config, to)),
        ),
        undo=(
            Step(
                "show the new release's last lines",
                keeper.last_lines(config, to.slot, to.release),
                tolerated=True,
                show=True,
            ),
            *_drain(config, to.slot),
            Step("remove the new release's process", acts.remove(config, to.slot)),
        ),
    )


def healthy(config: Config, to: Cutover, *, standby: bool = False) -> Step:
    """The slot's own process answers well, and goes on doing so; a `standby` has done so before."""
    gate = gates.healthy(
        config, config.layout, to.slot, to.release, to.revision, known=to.known, standby=standby
    )
    ports = config.ports(to.slot)
    title = (
        f"healthy on port {ports[0]}" if len(ports) == 1 else f"healthy on ports {ports[0]} to {ports[-1]}"
    )
    hint = supervisor(config).place(config, to.slot, config.process_name(to.slot))
    return Step(title, gate, timeout=gates.longest(gate), hint=hint)


def within_reach(config: Config, to: Cutover) -> Step:
    """nginx would send visitors to the slot: tried before any of them is."""
    gate = gates.through_nginx(config, to.slot, ahead=True)
    hint = f"fab nginx.install brings the site that the config describes to {config.nginx.site}"
    return Step(f"nginx reaches {to.slot}", gate, timeout=gates.longest(gate), hint=hint)


def through_nginx(config: Config, to: Cutover) -> Step:
    """Visitors are answered by the slot, also where they still see the page."""
    gate = gates.through_nginx(config, to.slot)
    return Step("healthy through nginx", gate, timeout=gates.longest(gate), interruptible=False)


def switched(config: Config, to: Cutover) -> tuple[Stage, ...]:
    """Cutover, and then the page down: of several hosts none opens before all are cut over."""
    if not to.page_up:
        return (cutover(config, to),)
    off = cmd("rm", "-f", config.layout.maintenance, config.layout.migrated)
    return cutover(config, to), Stage("open", (Step("take the page down", off),), on_cancel="finish")


def cutover(config: Config, to: Cutover) -> Stage:
    """Visitors get the new release; one rename either way."""
    layout = config.layout
    return Stage(
        "cutover",
        (
            Step(f"switch to {to.slot}", slots.switch(layout, to.slot), timeout=10, interruptible=False),
            through_nginx(config, to),
            Step("publish", _publish(config, to), timeout=10, interruptible=False),
        ),
        undo=_back(config, to),
        on_cancel="finish",
        ordered=True,
    )


def _publish(config: Config, to: Cutover) -> Command:
    """The release is what visitors get, and what it was started with is what it was good with.

    A standby that was gone back to is none any more, nor is what it took over from.
    """
    layout = config.layout
    keep = releases.keep_manifest(layout, to.slot, to.release) if to.manifest else NOTHING
    return all_of(releases.publish(layout, to.release), keep, cmd("rm", "-f", layout.standby))


def _back(config: Config, to: Cutover) -> tuple[Step, ...]:
    """Visitors get what they had: it is there, or started anew; where it cannot be, they stay where they are."""
    back = other(to.slot)
    switch = Step(f"switch back to {back}", slots.switch(config.layout, back), timeout=10)
    if not to.was:
        return (switch,)
    gate = gates.listens(config, back, to.was, to.there)
    return (
        Step(f"see that {back} runs", acts.present(config, back), timeout=60 + config.web.kill_timeout),
        Step(f"see that {back} listens", gate, timeout=gates.longest(gate)),
        switch,
    )


def soak(config: Config, to: Cutover) -> Stage:
    """Watch the new release under real traffic; the old one still runs."""
    workers = acts.beside(config, to.slot)
    steps = beside.exclusive(config, to)
    if config.soak.seconds:
        watch = gates.soak(config, to.slot, to.release, workers)
        steps.append(Step(f"watch for {config.soak.seconds:g} s", watch, timeout=gates.longest(watch)))
    # Before the recovery has those of the live slot run again: no two of them shall.
    undo = (
        (Step(f"end {', '.join(to.alone)}", acts.end_these(config, to.slot, to.alone)),) if to.alone else ()
    )
    return Stage("soak", tuple(steps), undo=undo, on_cancel="keep", frees=True)


def finish(config: Config, to: Cutover, prune: Command | None, *, standby: bool = False) -> Stage:
    """Let the old slot finish its requests, stop it, remember the list, remove what is too old.

    The assets of what goes live and of what is left count as used: pages of both are open somewhere. `standby`: what
    was live may be kept running, where the configuration wants that. Only after a deploy: what one rolls away from is
    never what one goes back to.
    """
    old = other(to.slot)
    steps = _drain(config, old, to.there) if to.was else []
    if standby and config.web.standby == "warm" and to.was:
        others = to.there.beside if to.there else tuple(acts.beside(config, old))
        keep, timeout = acts.stand_by(config, old, others), 60 + config.web.kill_timeout
        steps.append(Step(f"keep {old} as a warm standby", keep, timeout=timeout, show=True))
    else:
        steps.append(Step(f"stop {old}", acts.remove(config, old), timeout=60 + config.web.kill_timeout))
    steps.append(Step("save the process list", acts.remember()))
    nginx, both = config.nginx, filter(None, (to.release, to.was))
    used = releases.use_assets(config.layout, both, source=nginx.assets_from, url=nginx.assets_url)
    if prune is None:
        steps.append(Step("keep the assets in use", used, tolerated=True))
    else:
        steps.append(Step("remove what is too old", all_of(used, prune), tolerated=True))
    return Stage("finish", tuple(steps), on_failure="warn", on_cancel="keep", settles=True)


def recover(config: Config) -> tuple[Step, ...]:
    """Make the server agree with the flag, whatever happened; runs before every locked command that finds a mess."""
    return (
        Step("tidy up", acts.tidy(config), timeout=120),
        Step("agree on what is live", acts.links(config), timeout=30),
        Step(
            "agree on what runs",
            acts.agree(config),
            timeout=120 + config.web.drain + config.web.kill_timeout,
        ),
        Step("maintenance page", acts.page(config), timeout=10),
        *_tidy_database(config),
    )


def _tidy_database(config: Config) -> list[Step]:
    """Remove a half-made backup, and the scratch database of a restore or rehearsal."""
    if config.database.kind == "none":
        return []
    text = all_of(backups.sweep(config.layout), scratch.sweep())
    return [Step("tidy up beside the database", text, timeout=60, environment=("database",))]


def _drain(config: Config, slot: Slot, there: Manifest | None = None) -> list[Step]:
    if not config.web.drain:
        return []
    gate = gates.drained(config, slot, there)
    return [Step(f"drain {slot}", gate, timeout=gates.longest(gate), tolerated=True)]
