"""nginx on the server: what it runs, what it has loaded, and who may change that."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from windlass.commands.nginx import BINARIES, Control, before, loaded
from windlass.config.model import Config
from windlass.layout import SLOTS, Slot
from windlass.question import Answer, Question
from windlass.shell import Command, all_of, cmd, quote, when

Right = Literal["own", "sudo", "none"]


@dataclass(frozen=True)
class NginxFacts:
    """`version` is "" where nginx is missing, `sha256` where the site's file is, `loaded` where nginx has no
    site of Windlass under that name. `catch_all` are other sites that want what nobody claims by name.
    `cut`: an install of the site was killed in the middle. `upstreams` are the addresses in the site's file by the
    name of the upstream, `flags` the files that it looks for. `serves`: the slot that visitors get, if any. `cpus` are
    the host's cores, `open_ports` those of the slots' ports on which somebody listens."""

    version: str
    listening: bool
    ipv6: bool
    sha256: str
    loaded: str
    catch_all: tuple[str, ...]
    cut: bool = False
    upstreams: tuple[tuple[str, tuple[str, ...]], ...] = ()
    flags: tuple[str, ...] = ()
    serves: Slot | None = None
    cpus: int = 1
    open_ports: frozenset[int] = frozenset()


@dataclass(frozen=True)
class NginxRights:
    """How the site's folder may be written. `valid` is None where nobody may test; `complaint` is nginx's."""

    how: Right
    valid: bool | None = None
    complaint: str = ""

    def control(self, arguments: tuple[str, ...] = ()) -> Control:
        return Control(("sudo", "-n") if self.how == "sudo" else (), arguments)


def nginx(config: Config) -> Question[NginxFacts]:
    """What there is of nginx and of the app's site; needs no rights."""
    site, port = PurePosixPath(config.nginx.site), config.nginx.listen
    command = all_of(
        BINARIES,
        Command("""nginx -v 2>&1 | sed -n 's,^nginx version: [^/]*/\\([0-9.]*\\).*,version \\1,p' || true"""),
        when(Command(f"(exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null"), cmd("echo", "listening")),
        when(cmd("test", "-e", "/proc/net/if_inet6"), cmd("echo", "ipv6")),
        Command(f"sha256sum {quote(site)} 2>/dev/null | sed 's/^/sha256 /' || true"),
        Command(f"{loaded(port, config.nginx.probe_name)} | sed 's/^/loaded /'"),
        _catch_all(site, port),
        when(cmd("test", "-e", before(site)), cmd("echo", "cut")),
        _ways(site),
        _serves(config),
        Command('echo "cpus $(nproc)"'),
        _open_ports(config),
    )
    return Question("nginx", command, _facts, as_owner=True)


def rights(config: Config, arguments: tuple[str, ...] = ()) -> Question[NginxRights]:
    """Whether the site may be installed by this user, and whether nginx's configuration is in order."""
    as_self, as_root = Control((), arguments), Control(("sudo", "-n"), arguments)
    command = when(
        cmd("test", "-w", PurePosixPath(config.nginx.site).parent),
        all_of(cmd("echo", "own"), as_self.test()),
        when(
            cmd("sudo", "-n", "true").quietly(),
            all_of(cmd("echo", "sudo"), as_root.test()),
            cmd("echo", "none"),
        ),
    )
    return Question("nginx_rights", command, _rights)


def _catch_all(site: PurePosixPath, port: int) -> Command:
    """Name the enabled sites, but ours and Debian's example, that are the default server of a port."""
    folders = f"{quote(site.parent)}/* /etc/nginx/sites-enabled/* /etc/nginx/conf.d/*"
    listens = rf"(^|[{{;])\s*listen\s+(\S*:)?{port}\s([^;]*\s)?default_server"
    return Command(
        f"{{ grep -lsE {quote(listens)} {folders} || true; }} | sort -u | while IFS= read -r file; do\n"
        f'    if [ "$file" != {quote(site)} ] && ! grep -q "root /var/www/html" "$file"; then\n'
        f'        echo "catch_all $file"\n'
        f"    fi\n"
        f"done"
    )


def _ways(site: PurePosixPath) -> Command:
    """The site's lines that say to where it sends, and by which files it chooses."""
    wanted = r"^\s*(upstream\s|server\s+[^{]*;|if\s+\(-f\s)"
    return Command(f"{{ grep -E {quote(wanted)} {quote(site)} 2>/dev/null || true; }} | sed 's/^ */site /'")


def _serves(config: Config) -> Command:
    """Name the slot that the flag chooses, where a release was started on it; none while the app is stopped."""
    blue, green = (
        when(cmd("test", "-L", config.layout.slot_release(slot)), cmd("echo", f"serves {slot}"))
        for slot in SLOTS
    )
    runs = Command(f"! {cmd('test', '-e', config.layout.stopped)}")
    return when(runs, when(cmd("test", "-e", config.layout.green), green, blue))


def _open_ports(config: Config) -> Command:
    ranges = (config.reserved(slot) for slot in SLOTS)
    wanted = " or ".join(f"( sport >= :{ports[0]} and sport <= :{ports[-1]} )" for ports in ranges)
    return Command(
        f"{{ ss -Hltn {quote(wanted)} 2>/dev/null || true; }} | sed -n 's/.*:\\([0-9]*\\) .*:.*/open \\1/p'"
    )


def _facts(answer: Answer) -> NginxFacts:
    lines = [line.partition(" ") for line in answer.out.splitlines()]
    upstreams, flags = _sent([value for key, _, value in lines if key == "site"])
    first = {key: value for key, _, value in reversed(lines)}
    return NginxFacts(
        version=first.get("version", ""),
        listening="listening" in first,
        ipv6="ipv6" in first,
        sha256=first.get("sha256", "").partition(" ")[0],
        loaded=first.get("loaded", ""),
        catch_all=tuple(value for key, _, value in lines if key == "catch_all"),
        cut="cut" in first,
        upstreams=upstreams,
        flags=flags,
        serves=next((slot for slot in SLOTS if first.get("serves") == slot), None),
        cpus=int(first.get("cpus") or 1),
        open_ports=frozenset(int(value) for key, _, value in lines if key == "open"),
    )


def _sent(lines: list[str]) -> tuple[tuple[tuple[str, tuple[str, ...]], ...], tuple[str, ...]]:
    """The upstreams and the flags of a site's lines."""
    upstreams: dict[str, tuple[str, ...]] = {}
    flags: list[str] = []
    name = ""
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "upstream":
            name = rest.strip(" {")
        elif word == "server" and name:
            upstreams[name] = (*upstreams.get(name, ()), rest.strip().rstrip(";").split()[0])
        elif word == "if":
            flags.append(rest.partition("(-f ")[2].partition(")")[0].strip("\"' "))
    return tuple(upstreams.items()), tuple(flags)


def _rights(answer: Answer) -> NginxRights:
    how: dict[str, Right] = {"own": "own", "sudo": "sudo"}
    found = how.get(answer.out.strip(), "none")
    if found == "none":
        return NginxRights("none")
    return NginxRights(
        found, valid=answer.code == 0, complaint="" if answer.code == 0 else answer.err.strip()
    )
