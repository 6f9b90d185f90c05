"""What `setup` looks at on a host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from windlass.commands.users import as_user
from windlass.config.model import Config
from windlass.facts import (
    apt,
    certbot,
    deploy_key,
    firewall,
    nginx,
    old_checkout,
    package_json,
    postgres,
    services,
    sites,
    state,
    system,
    tools,
    units,
    users,
    whose,
)
from windlass.facts import node as builds
from windlass.facts.old_checkout import OldCheckout
from windlass.facts.package_json import PackageJson
from windlass.facts.tools import Tools
from windlass.plans.setup import adoption, base, node, site
from windlass.plans.setup import services as planned
from windlass.plans.setup.adoption import Predecessor
from windlass.plans.setup.base import Base
from windlass.plans.setup.node import Asked, Found
from windlass.plans.setup.seen import Seen
from windlass.plans.setup.wishes import Wishes
from windlass.question import Question
from windlass.remote.runner import Host


def look_at_base(config: Config, wishes: Wishes, host: Host) -> Base:
    """Packages and user. Raises NotReady, Refused."""
    seen = _base(host.visit.ask(*_base_questions(config, wishes)))
    base.check(config, seen, host.name)
    return seen


def look_at_software(config: Config, wishes: Wishes, host: Host, branch: str) -> Seen:
    """All the rest, once the packages are there."""
    found = host.visit.ask(*_base_questions(config, wishes), *_software_questions(config, wishes, branch))
    base, tools = _base(found), found["tools"]
    old = _predecessor(config, found)
    own = found["own_tools"]
    known: Mapping[str, str] = host.visit.ask(whose.question(_ways(config, tools, own, old)))["whose"]
    checkout, package = _checkout(config, host, old, found["package_json"], known)
    asked, node = _node(config, host, base, tools, package, known)
    by_root = known.get(f"{own.node}/node") == whose.ROOT
    return Seen(
        base,
        found["state"],
        node,
        asked,
        found["package_json"],
        found["services"],
        site.Found(found["nginx"], found["nginx_rights"], found["certificate"], old),
        own.node if by_root else "",
        checkout,
        found.get("database"),
        found.get("firewall"),
        found["units"],
    )


def _base_questions(config: Config, wishes: Wishes) -> list[Question[Any]]:
    return [
        apt.question(base.probes(config, wishes)),
        users.question(config.setup.user, config.app.root),
        deploy_key.question(config),
    ]


def _software_questions(config: Config, wishes: Wishes, branch: str) -> list[Question[Any]]:
    wanted = tools.question(config.node.path)
    asked: list[Question[Any]] = [
        state.question(config.layout),
        _as_owner(config, wanted),
        replace(tools.question(None, versions=False), name="own_tools"),
        package_json.question(config, branch),
        services.question(
            ["nginx", "postgresql", planned.unit(config), planned.boot_file(config).stem],
            [*planned.rotation_files(config), planned.boot_file(config)],
        ),
        nginx.nginx(config),
        nginx.rights(config),
        certbot.question(config),
        sites.question(),
        system.pm2_list(),
        system.figures([], config.web.ports, []),
        units.question(config),
    ]
    if wishes.database:
        asked.append(postgres.question())
    if wishes.firewall:
        asked.append(firewall.question())
    return asked


def _base(found: dict[str, Any]) -> Base:
    return Base(found["system_packages"], found["account"], found["deploy_key"])


def _predecessor(config: Config, found: dict[str, Any]) -> Predecessor | None:
    listeners = found["system"].listeners if found["system"] else ()
    return adoption.find(config, found["state"], found["pm2"], listeners, found["sites"])


def _checkout(
    config: Config, host: Host, old: Predecessor | None, package: PackageJson, known: Mapping[str, str]
) -> tuple[OldCheckout | None, PackageJson]:
    """The old checkout, and its package.json where the repository's own cannot be read yet.

    None where it is nobody's in particular: root then has no business in it.
    """
    if old is None or old.folder is None:
        return None, package
    owner = adoption.reader(config, old.folder, known)
    if not owner:
        return None, package
    asked: list[Question[Any]] = [
        old_checkout.question(config, old.folder, owner),
        package_json.at(old.folder, owner),
    ]
    found = host.visit.ask(*asked)
    theirs: PackageJson = found["package_json"]
    return found["old_checkout"], theirs if package.problem and not theirs.problem else package


def _ways(config: Config, theirs: Tools, own: Tools, old: Predecessor | None) -> list[str]:
    """What root must know the owner of before it runs or reads any of it."""
    found = [*node.ways(theirs), *([f"{own.node}/node"] if own.node else [])]
    if old and old.folder:
        found += [str(old.folder), str(old.folder / config.nginx.assets_from)]
    return found


def _node(
    config: Config, host: Host, base: Base, tools: Tools, package: PackageJson, known: Mapping[str, str]
) -> tuple[Asked, Found]:
    """Which node is asked for, and what there is; the official builds are asked for only where they are needed."""
    asked = node.asked_for(config, tools, package)
    there = builds.Builds(())
    if node.must_fetch(asked, base.system, tools):
        there = host.visit.ask(builds.question(config.setup.node_dist))["node_builds"]
    return asked, node.Found(base.system, tools, there, known)


def _as_owner(config: Config, question: Question[Any]) -> Question[Any]:
    """Asked in the environment of the user who deploys, who may have a node of their own."""
    return replace(question, command=as_user(config.setup.user, question.command))
