"""A server where the app runs by hand: found, told, taken over by the first deploy, and cleared away after it.

The old process goes on serving behind Windlass's site: it has blue's port, and the first release starts on green.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from windlass import acts
from windlass.commands import predecessor as commands
from windlass.commands.users import ROOT
from windlass.config.model import Config
from windlass.errors import Refused
from windlass.facts.old_checkout import OldCheckout
from windlass.facts.sites import Site
from windlass.facts.state import State
from windlass.facts.system import Listener, Pm2List, Pm2Process
from windlass.plan import Step

CARRIED = {
    "listen", "server_name", "location", "proxy_pass", "proxy_set_header", "proxy_http_version", "root", "index",
    "proxy_cache_bypass", "return", "if", "gzip", "client_max_body_size", "access_log", "error_log", "ssl_certificate",
    "ssl_certificate_key", "ssl_protocols", "ssl_ciphers", "include", "ssl_dhparam", "ssl_prefer_server_ciphers",
    "proxy_read_timeout", "proxy_send_timeout", "proxy_connect_timeout", "proxy_buffering", "error_page", "try_files",
}  # fmt: skip
"""What Windlass's own site does as well, or what means nothing beside it."""


@dataclass(frozen=True)
class Predecessor:
    """What serves the app now: pm2's process of root's, who listens on blue's port, the sites that proxy to it."""

    process: Pm2Process | None
    listener: Listener | None
    sites: tuple[Site, ...]

    @property
    def folder(self) -> PurePosixPath | None:
        """Its checkout."""
        return PurePosixPath(self.process.cwd) if self.process and self.process.cwd else None

    def __str__(self) -> str:
        found = []
        if self.process:
            found.append(f"{self.process.name} of root's pm2 ({self.process.status}, in {self.process.cwd})")
        if self.listener:
            found.append(
                f"{self.listener.program or 'a process'} of {self.listener.user} on port {self.listener.port}"
            )
        found += [f"nginx's {site.path}" for site in self.sites]
        return ", ".join(found)


def find(
    config: Config, state: State, pm2: Pm2List, listeners: Iterable[Listener], sites: Iterable[Site]
) -> Predecessor | None:
    """What runs the app by hand, None for nothing."""
    port = config.port("blue")
    ours = state.slots.get("blue")
    holder = next((one for one in listeners if one.port == port and not ours), None)
    process = next((one for one in pm2.processes if one.name == config.app.name), None)
    others = tuple(site for site in sites if site.proxies_to(port) and site.path != config.nginx.site)
    return Predecessor(process, holder, others) if process or others else None


def check(config: Config, state: State, old: Predecessor, host: str) -> None:
    """Raise Refused where the first deploy could not take over without a visitor noticing."""
    port = config.port("blue")
    if old.process and old.process.status == "online" and not old.listener and not state.live:
        raise Refused(
            f"{host}: found {old}, and nobody listens on port {port}; nothing was taken over",
            hint="the first of [web] ports must be the port that it listens on, the second a free one",
        )
    for site in old.sites:
        if problem := _problem(config, site):
            raise Refused(f"{host}: {site.path} serves the app until now, and {problem[0]}", hint=problem[1])


def tell(config: Config, state: State, old: Predecessor) -> str:
    """What was found, and what becomes of it."""
    if state.live and old.process:
        return f"found {old}: {state.live} is live, so the old process is stopped and forgotten"
    if state.live:
        return f"found {old}, which root's pm2 does not know: stop it, the next deploy needs its port"
    return f"found {old}: it goes on serving until the first deploy, and its checkout stays as it is"


def lost(old: Predecessor) -> str:
    """What the old sites did that the new one does not; "" for nothing."""
    directives = [server.directives for site in old.sites for server in site.servers]
    beyond = frozenset().union(*directives) - CARRIED
    paths = ", ".join(site.path for site in old.sites)
    return f"{paths} also has {', '.join(sorted(beyond))}, and the new site has not" if beyond else ""


def reader(config: Config, folder: PurePosixPath, whose: Mapping[str, str]) -> str:
    """Who reads what the first release needs of the old checkout: whose it is; "" where anybody may change it."""
    owners = [whose.get(str(place), "") for place in (folder, folder / config.nginx.assets_from)]
    if "" in owners:
        return ""
    return next((owner for owner in owners if owner != ROOT), ROOT)


def steps(
    config: Config, state: State, old: Predecessor | None, checkout: OldCheckout | None
) -> tuple[Step, ...]:
    """Bring what the first release needs of the old checkout."""
    if old is None or old.folder is None or checkout is None or state.live:
        return ()
    user, nginx = config.setup.user, config.nginx
    env, there = config.layout.env_file, state.env_version is not None
    copy = commands.copy_env(config.layout, old.folder / ".env", user, checkout.whose)
    assets = commands.keep_assets(
        config.layout, old.folder / nginx.assets_from, nginx.assets_url, user, checkout.whose
    )
    found = []
    if ".env" in checkout.env_files:
        found.append(Step(f"copy {old.folder}/.env", copy, unchanged=f"{env} is there" if there else ""))
    served = "" if checkout.assets else "nginx has them, or there are none"
    return (*found, Step(f"keep the assets of {old.folder} reachable", assets, timeout=600, unchanged=served))


def clear_away(config: Config, state: State, old: Predecessor | None, node: str) -> tuple[Step, ...]:
    """Stop the old process and forget it, once a release is live and blue is needed."""
    if old is None or old.process is None or not state.live or state.slots.get("blue"):
        return ()
    retire = commands.retire(old.process.name, config.port("blue"), config.web.drain, node)
    name = old.process.name
    return (
        Step(f"remove {name} from root's pm2", retire, timeout=60 + config.web.drain, interruptible=False),
        Step("save root's process list", acts.remember(node, forget=name), interruptible=False),
    )


def move_aside(old: Predecessor | None) -> tuple[Step, ...]:
    """Take the old sites out of nginx's sight, in the same reload that brings the new one."""
    sites = old.sites if old else ()
    return tuple(
        Step(f"move {site.path} to {commands.ASIDE}", commands.move_aside(PurePosixPath(site.path)))
        for site in sites
    )


def put_back(config: Config, old: Predecessor | None) -> tuple[Step, ...]:
    """The recovery of `move_aside`; it goes before the one that has nginx read its files again."""
    own = PurePosixPath(config.nginx.site)
    sites = [PurePosixPath(site.path) for site in old.sites] if old else []
    return tuple(Step(f"put {site} back", commands.put_back(site, own)) for site in sites)


def way_back(config: Config, old: Predecessor | None) -> str:
    """What a person would type to have the old sites back; "" where none was moved."""
    if old is None or not old.sites:
        return ""
    moves = [f"mv {commands.ASIDE / PurePosixPath(site.path).name} {site.path}" for site in old.sites]
    return " && ".join([*moves, f"rm {config.nginx.site}", "nginx -t", "systemctl reload nginx"])


def _problem(config: Config, site: Site) -> tuple[str, str] | None:
    """Why the site cannot be replaced as a whole, and what would help."""
    port = config.port("blue")
    others = [
        server for server in site.servers if not server.ports <= {port} or _is_a_page(server.directives)
    ]
    if others or not site.alone:
        who = ", ".join(name for server in others for name in server.names) or "what else is in it"
        return f"other things too ({who})", "move the app's server block into a file of its own, then again"
    names = {name for server in site.servers for name in server.names if name not in ("_", "")}
    missing = sorted(names - set(config.nginx.server_names))
    if missing and "_" not in config.nginx.server_names:
        return f"for {', '.join(missing)} too", f"add to [nginx] server_names: {', '.join(missing)}"
    secure = next((server for server in site.servers if server.certificate), None)
    if secure and not config.nginx.tls:
        keys = f'certificate = "{secure.certificate}" and certificate_key = "{secure.certificate_key}"'
        return "by https, which the config does not know of", f"in [nginx]: {keys}"
    listens = {listen for server in site.servers for listen in server.listens} or {80}
    ours = {config.nginx.listen, *([config.nginx.listen_tls] if config.nginx.tls else [])}
    if strange := sorted(listens - ours):
        return f"on port {', '.join(map(str, strange))}", "name it in [nginx] listen or listen_tls"
    return None


def _is_a_page(directives: frozenset[str]) -> bool:
    """Whether a server block serves something of its own: neither proxies nor sends elsewhere."""
    return not directives & {"proxy_pass", "return", "rewrite"}
