"""Installing the site: compared, put in place, tested, loaded; if any of it fails, the old one comes back."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from windlass import gates
from windlass.commands import nginx as commands
from windlass.config.model import Config
from windlass.errors import NotReady, Refused
from windlass.facts.nginx import NginxFacts, NginxRights
from windlass.layout import SLOTS, Slot, other
from windlass.plan import Plan, Stage, Step
from windlass.plans import texts
from windlass.shell import cmd, when, write_file


def install(
    config: Config,
    facts: NginxFacts,
    rights: NginxRights,
    *,
    arguments: tuple[str, ...] = (),
    folders: Sequence[Path] = (),
) -> Plan:
    """Put the rendered site in place; `arguments` name an nginx of one's own, `folders` the user's templates.

    Raises NotReady where nginx is missing or its configuration is broken already, Refused where this user
    may not change it, ConfigError for a template that does not render.
    """
    config = config.counted(facts.cpus)
    wanted = texts.site(config, ipv6=facts.ipv6, folders=folders)
    path, control = PurePosixPath(config.nginx.site), rights.control(arguments)
    differs = facts.cut or difference(config, facts, folders=folders)
    unchanged = "" if differs else f"{path} is up to date"
    if not unchanged:
        _check(config, facts, rights)
    confirm = commands.confirm(config.nginx.listen, config.nginx.probe_name, served(config, wanted))
    back = commands.put_back(path, control)
    steps = (
        *((Step("Put back what an install that was killed had replaced", back),) if facts.cut else ()),
        _page(config, folders),
        Step(f"Write {path}", commands.place(path, wanted.text, control), unchanged=unchanged),
        Step("Test nginx's configuration", control.test(), unchanged=unchanged, hint=_TEST_HINT),
        Step("Reload nginx", control.reload(), unchanged=unchanged, hint=_RELOAD_HINT),
        Step("See the site loaded", confirm, unchanged=unchanged),
        Step("Forget the site before it", commands.keep(path, control), unchanged=unchanged),
    )
    return Plan(
        f"Install nginx's site of {config.app.name}",
        stages=(Stage("install", steps),),
        recovery=(Step("Put back the site that was there", back),),
        notes=_notes(config, facts),
    )


def difference(config: Config, facts: NginxFacts, *, folders: Sequence[Path] = ()) -> str:
    """How the server's site differs from what would be installed; "" where it does not."""
    config = config.counted(facts.cpus)
    wanted = texts.site(config, ipv6=facts.ipv6, folders=folders)
    if not facts.sha256:
        return f"{config.nginx.site} is missing"
    if facts.sha256 != hashlib.sha256(wanted.text.encode()).hexdigest():
        return f"{config.nginx.site} is not what the config and the template give"
    if facts.loaded != served(config, wanted):
        return f"nginx has not loaded {config.nginx.site}"
    return ""


def install_on(host: str) -> str:
    """The command that installs the site there."""
    return f"fab nginx.install -H root@{host.rpartition('@')[2]}"


def astray(config: Config, facts: NginxFacts, host: str) -> list[str]:
    """How the installed site would break a cutover, each with what to do; empty where it would not.

    What it says otherwise does not matter here, nor what a template of one's own calls by other names.
    """
    install, found = install_on(host), []
    for slot, there, wanted in _elsewhere(config, facts):
        way = _PORT_HINT.format(slot=slot) if slot == facts.serves else install
        found.append(f"nginx sends {slot} to {there}, and the config has {wanted}: {way}")
    green = str(config.layout.green)
    flags = [flag for flag in facts.flags if PurePosixPath(flag).name == config.layout.green.name]
    if flags and green not in flags:
        found.append(f"nginx looks for {flags[0]}, and the config's root has {green}: {install}")
    return found


def miscounted(config: Config, facts: NginxFacts, host: str) -> list[str]:
    """The slots of which the installed site has another number of processes than the config, with what to do.

    Visitors would be answered all the same, by those that both know.
    """
    config, found = config.counted(facts.cpus), []
    for slot, there, wanted in _ways(config, facts):
        if there[0] == wanted[0] and there != wanted:
            found.append(
                f"nginx shares {slot}'s visitors among {len(there)}, and [web] instances is {len(wanted)}: "
                f"{install_on(host)} first"
            )
    return found


def served(config: Config, site: texts.Site) -> str:
    """What `commands.nginx.loaded` prints once nginx has loaded the site."""
    return f"{config.app.name} {site.digest}"


_PORT_HINT = (
    "visitors are served there, so give {slot} its port back, change the other one, fab nginx.install and fab restart; "
    "then change {slot}'s"
)
_TEST_HINT = "nginx names the file above: if it is another site's, put that right first"
_RELOAD_HINT = "where nginx is not running: `systemctl start nginx`, then the same command again"


def _check(config: Config, facts: NginxFacts, rights: NginxRights) -> None:
    if not facts.version:
        raise NotReady("nginx is not installed on the server", hint="apt-get install nginx")
    if rights.how == "none":
        raise Refused(
            f"this user may not write {config.nginx.site}, and may not use sudo without a password",
            hint="connect as root or as a user with sudo, or give what `fab nginx.show` prints to one",
        )
    for slot, there, wanted in _elsewhere(config, facts):
        if slot == facts.serves:
            raise Refused(
                f"visitors are served by {slot} on {there}: with this site, which has {wanted}, they would get 502",
                hint=_PORT_HINT.format(slot=slot),
            )
    both = _mistaken(config, facts)
    if both:
        raise Refused(
            f"port {both} is {other(facts.serves or 'blue')}'s in the site that is there, and somebody listens on it: "
            f"with this site visitors of {facts.serves} would be sent there",
            hint="where a deploy runs, wait for its end; two fab restart by the ports of before end a warm standby",
        )
    if rights.valid is False and not facts.cut:
        raise NotReady(
            f"nginx's configuration is broken before anything was changed:\n{rights.complaint}",
            hint="put right the file that nginx names, then the same command again",
        )


def _elsewhere(config: Config, facts: NginxFacts) -> list[tuple[Slot, str, str]]:
    """The slots that the installed site has at another first address than the config, with both."""
    ways = _ways(config, facts)
    return [(slot, there[0], wanted[0]) for slot, there, wanted in ways if there[0] != wanted[0]]


def _ways(config: Config, facts: NginxFacts) -> list[tuple[Slot, tuple[str, ...], tuple[str, ...]]]:
    """The addresses of each slot that the installed site has, as it has them and by the config."""
    upstreams, config = dict(facts.upstreams), config.counted(facts.cpus)
    found = ((slot, upstreams.get(f"{config.app.name.replace('-', '_')}_{slot}", ())) for slot in SLOTS)
    return [(slot, there, tuple(gates.upstreams(config, slot))) for slot, there in found if there]


def _mistaken(config: Config, facts: NginxFacts) -> int:
    """A port that is to be the live slot's, is the other one's now, and answers; 0 for none."""
    ways = {slot: (there, wanted) for slot, there, wanted in _ways(config, facts)}
    if facts.serves is None or len(ways) < len(SLOTS):
        return 0
    live, idle = ways[facts.serves], ways[other(facts.serves)]
    ports = {int(address.rpartition(":")[2]) for address in set(live[1]) & set(idle[0])}
    return min(ports & facts.open_ports, default=0)


def _page(config: Config, folders: Sequence[Path]) -> Step:
    """The page is written by the app's user; before the first deploy its folder is not there."""
    page = config.layout.maintenance_page
    write = write_file(page, texts.maintenance_page(config, folders=folders))
    return Step("Write the maintenance page", when(cmd("test", "-d", page.parent), write), as_owner=True)


def _notes(config: Config, facts: NginxFacts) -> tuple[str, ...]:
    if "_" not in config.nginx.server_names or not facts.catch_all:
        return ()
    others = ", ".join(facts.catch_all)
    return (
        f'server_names = ["_"] answers every name that no site claims by name; until now {others} does. '
        "Name the app's own names to leave those requests there.",
    )
