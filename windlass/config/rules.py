"""What must hold between the keys of a configuration that is right key by key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from windlass.address import parse_host
from windlass.config.model import Config
from windlass.config.problem import Path, Problem, as_written
from windlass.config.roots import why_not_a_root
from windlass.layout import SLOTS

Rule = Callable[[Config], Iterator[Problem]]

LONGEST_USER = 32
"""Characters that useradd takes for a name."""


def broken_rules(config: Config) -> list[Problem]:
    """Every combination in the configuration that cannot work."""
    return [problem for rule in RULES for problem in rule(config)]


def _root_is_the_apps_own(config: Config) -> Iterator[Problem]:
    if reason := why_not_a_root(config.app.root):
        yield Problem(("app", "root"), reason)


def _ports_differ(config: Config) -> Iterator[Problem]:
    blue, green = config.web.ports
    if blue == green:
        yield Problem(("web", "ports"), f"blue and green need two different ports, not {blue} twice")
    listening = {
        "listen": config.nginx.listen,
        **({"listen_tls": config.nginx.listen_tls} if config.nginx.tls else {}),
    }
    for index, slot in enumerate(SLOTS):
        for key, taken in listening.items():
            if taken in config.reserved(slot):
                reason = f"{taken} is the port that nginx itself listens on (nginx.{key})"
                yield Problem(("web", "ports", index), reason, (("nginx", key),))
    if config.nginx.tls and config.nginx.listen == config.nginx.listen_tls:
        reason = f"{config.nginx.listen} is nginx.listen too: http and https need a port each"
        yield Problem(("nginx", "listen_tls"), reason, (("nginx", "listen"),))


def _instances_have_ports(config: Config) -> Iterator[Problem]:
    blue, green = (config.reserved(slot) for slot in SLOTS)
    room, low = len(blue), min(blue[0], green[0])
    each = f"each slot needs {room} ports in a row" + (
        f', since "cpus" may be up to {room}' if config.web.instances == "cpus" else ""
    )
    if 0 < abs(blue[0] - green[0]) < room:
        reason = f"{each}: {blue[0]} and {green[0]} are too close together, "
        fix = f"ports = [{low}, {low + 100}] would do" if low + 100 + room <= 65536 else "choose lower ones"
        yield Problem(("web", "ports"), reason + fix, (("web", "instances"),))
    for index, ports in enumerate((blue, green)):
        if ports[-1] > 65535:
            reason = f"{each}: from {ports[0]} they would run past 65535, choose a lower one"
            yield Problem(("web", "ports", index), reason, (("web", "instances"),))


def _ports_are_not_in_the_environment(config: Config) -> Iterator[Problem]:
    if "PORT" in config.web.env:
        yield Problem(("web", "env", "PORT"), "each slot has its own port: set web.ports instead")


def _certificate_has_its_key(config: Config) -> Iterator[Problem]:
    pair = {"certificate": config.nginx.certificate, "certificate_key": config.nginx.certificate_key}
    for key, other in (("certificate", "certificate_key"), ("certificate_key", "certificate")):
        if pair[key] is None and pair[other] is not None:
            yield Problem(("nginx", key), f"is missing: nginx.{other} needs it", (("nginx", other),))


def _site_is_read_by_nginx(config: Config) -> Iterator[Problem]:
    site = PurePosixPath(config.nginx.site)
    if site.parent.name == "conf.d" and site.suffix != ".conf":
        yield Problem(("nginx", "site"), f"nginx reads only *.conf in {site.parent}")


def _hosts_are_named_once(config: Config) -> Iterator[Problem]:
    for name, target in config.targets.items():
        seen: dict[tuple[str, int], str] = {}
        for index, host in enumerate(target.hosts):
            first = seen.setdefault(parse_host(host).place, host)
            if first is not host:
                yield Problem(("targets", name, "hosts", index), f"{host} is the same host as {first}")


def _database_keys_have_a_database(config: Config) -> Iterator[Problem]:
    if config.database.kind != "none":
        return
    reason = 'has no effect while database.kind is "none": set kind = "prisma", or remove it'
    for field in sorted(config.database.model_fields_set - {"kind"}):
        key = "schema" if field == "schema_file" else field
        yield Problem(("database", key), reason, (("database", "kind"),))
    for key in sorted(config.backups.model_fields_set):
        yield Problem(("backups", key), reason, (("database", "kind"),))


def _key_has_a_use(config: Config) -> Iterator[Problem]:
    if config.git.key is not None and config.app.repository.startswith(("http://", "https://")):
        reason = "is for SSH, and app.repository is an http address: write it as git@host:owner/name.git"
        yield Problem(("git", "key"), reason, (("app", "repository"),))


def _build_is_verified(config: Config) -> Iterator[Problem]:
    if config.build.command and not config.build.verify:
        yield Problem(
            ("build", "verify"),
            "is empty: name a file that only a whole build leaves, or a build that failed silently goes live",
            (("build", "command"),),
        )


def _caches_hold_nothing_needed(config: Config) -> Iterator[Problem]:
    needed: list[tuple[Path, str]] = [
        (("build", "verify", i), path) for i, path in enumerate(config.build.verify)
    ]
    needed.append((("nginx", "assets_from"), config.nginx.assets_from))
    for place, path in needed:
        for cache in config.build.cache:
            if _within(path, cache):
                reason = f"{path} is left out of every release by build.cache ({cache})"
                yield Problem(place, reason, (("build", "cache"),))


def _shared_paths_do_not_overlap(config: Config) -> Iterator[Problem]:
    paths: list[tuple[Path, str]] = [
        (("shared", "files", i), path) for i, path in enumerate(config.shared.files)
    ]
    paths += [(("shared", "dirs", i), path) for i, path in enumerate(config.shared.dirs)]
    for index, (place, path) in enumerate(paths):
        for earlier, other in paths[:index]:
            if _within(path, other) or _within(other, path):
                reason = f"{path} is shared already" if path == other else f"{path} overlaps {other}"
                yield Problem(place, f"{reason} ({as_written(earlier)})", (earlier,))
                break


def _shared_paths_are_not_built(config: Config) -> Iterator[Problem]:
    for key in ("files", "dirs"):
        for index, path in enumerate(getattr(config.shared, key)):
            top = PurePosixPath(path).parts[0]
            if top in (".git", ".next", "node_modules"):
                yield Problem(
                    ("shared", key, index), f"{path} is made anew for each release and cannot be shared"
                )


def _processes_have_names_of_their_own(config: Config) -> Iterator[Problem]:
    for name in config.processes:
        if name in ("blue", "green", "web"):
            what = "the web process" if name == "web" else "a slot"
            yield Problem(
                ("processes", name), f"{name} is the name of {what}: call the process something else"
            )


def _app_runs_as_a_user_of_its_own(config: Config) -> Iterator[Problem]:
    if config.web.supervisor != "systemd":
        return
    if config.app_user == config.setup.user:
        reason = f"is setup.user too ({config.setup.user}): an app that owns its releases could change them"
        yield Problem(("setup", "app_user"), reason, (("setup", "user"),))
    if len(config.app_user) > LONGEST_USER:
        reason = (
            f"{config.app_user}, which app.name gives, is too long for the name of a user: name a shorter one"
        )
        yield Problem(("setup", "app_user"), reason, (("app", "name"),))


def _health_times_fit(config: Config) -> Iterator[Problem]:
    health = config.health
    if health.timeout > health.start_timeout:
        reason = f"{health.timeout:g} s do not fit into health.start_timeout ({health.start_timeout:g} s)"
        yield Problem(("health", "timeout"), reason, (("health", "start_timeout"),))
    if health.min_healthy_known > health.min_healthy:
        reason = (
            f"{health.min_healthy_known:g} s is longer than health.min_healthy ({health.min_healthy:g} s), "
            "which is for releases that nobody knows yet"
        )
        yield Problem(("health", "min_healthy_known"), reason, (("health", "min_healthy"),))


def _within(path: str, folder: str) -> bool:
    return PurePosixPath(path).is_relative_to(folder)


RULES: tuple[Rule, ...] = (
    _root_is_the_apps_own,
    _app_runs_as_a_user_of_its_own,
    _ports_differ,
    _instances_have_ports,
    _ports_are_not_in_the_environment,
    _certificate_has_its_key,
    _site_is_read_by_nginx,
    _hosts_are_named_once,
    _database_keys_have_a_database,
    _key_has_a_use,
    _build_is_verified,
    _caches_hold_nothing_needed,
    _shared_paths_do_not_overlap,
    _shared_paths_are_not_built,
    _processes_have_names_of_their_own,
    _health_times_fit,
)
