"""What `fab setup` looks at on a host, and the two plans that it makes of that."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from windlass.config import Config
    from windlass.facts.apt import System
    from windlass.facts.package_json import PackageJson
    from windlass.plans.setup.base import Base
    from windlass.plans.setup.software import Seen
    from windlass.plans.setup.wishes import Wishes
    from windlass.question import Question
    from windlass.runner import Host


def look_at_base(config: Config, wishes: Wishes, host: Host) -> Base:
    """Packages and user. Raises NotReady, Refused."""
    from windlass.plans.setup import base

    seen = _base(host.visit.ask(*_base_questions(config, wishes)))
    base.check(config, seen, host.name)
    return seen


def look_at_software(config: Config, wishes: Wishes, host: Host, branch: str) -> Seen:
    """All the rest, once the packages are there."""
    from windlass.facts import nginx, package_json, services, state, tools
    from windlass.plans.setup import services as planned
    from windlass.plans.setup.software import Seen

    files = [planned.rotation_file(config)]
    asked: list[Question[Any]] = [
        *_base_questions(config, wishes),
        state.question(config.layout),
        _as_owner(config, tools.question(config.node.path)),
        package_json.question(config, branch),
        services.question(["nginx", "postgresql", planned.unit(config)], files),
        nginx.nginx(config),
        nginx.rights(config),
    ]
    found = host.visit.ask(*asked)
    seen = _base(found)
    wanted, node = _node(config, host, seen.system, found["tools"], found["package_json"])
    return Seen(seen, found["state"], node, wanted, found["services"], found["nginx"], found["nginx_rights"])


def _base_questions(config: Config, wishes: Wishes) -> list[Question[Any]]:
    from windlass.facts import apt, users
    from windlass.plans.setup import base

    return [apt.question(base.probes(config, wishes)), users.question(config.setup.user, config.app.root)]


def _base(found: dict[str, Any]) -> Base:
    from windlass.plans.setup.base import Base

    return Base(found["system_packages"], found["account"])


def _node(config: Config, host: Host, system: System, tools: Any, package: PackageJson) -> Any:
    from windlass.facts.node import Builds
    from windlass.facts.node import question as builds
    from windlass.plans.setup import node

    wanted = node.asked_for(config, tools, package)
    known = Builds(())
    if node.must_fetch(wanted, system, tools):
        known = host.visit.ask(builds(config.setup.node_dist))["node_builds"]
    return wanted, node.Found(system, tools, known)


def _as_owner(config: Config, question: Question[Any]) -> Question[Any]:
    """Asked in the environment of the user who deploys, who may have a node of their own."""
    from windlass.commands.users import as_user

    return replace(question, command=as_user(config.setup.user, question.command))
