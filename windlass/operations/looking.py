"""What is asked of a host that shall go live with something, and of a revision; one round trip each."""

from __future__ import annotations

from typing import Any

from windlass.config.model import Config
from windlass.errors import StepFailed
from windlass.facts import backups, ground, migrations, nginx, state, tools, units
from windlass.facts import revision as revisions
from windlass.facts.revision import Revision
from windlass.operations.crew import Crew
from windlass.plans import deploy
from windlass.plans.look import Look, check_ready, refuse
from windlass.plans.ready import lacks
from windlass.question import Question
from windlass.remote.runner import Host, each


def look(crew: Crew) -> list[Look]:
    """What every host has; changes nothing."""
    return [look_of(found) for found in crew.ask(*questions(crew.config))]


def questions(config: Config) -> list[Question[Any]]:
    """What a Look is made of."""
    layout = config.layout
    asked: list[Any] = [state.question(layout), tools.question(config.node.path), nginx.nginx(config)]
    if config.web.supervisor == "systemd":
        asked.append(units.question(config))
    return [*asked, *migrations.questions(config), backups.question(layout)]


def look_of(answers: dict[str, Any]) -> Look:
    """The answers to `questions`, as one value."""
    return Look(
        answers["state"],
        answers["tools"],
        answers["nginx"],
        answers.get("applied"),
        answers["backups"],
        answers.get("units"),
    )


def look_and_fetch(crew: Crew, ref: str) -> list[tuple[Look, Revision | None]]:
    """Look, fetch and resolve the revision, on every host; None for one that the repository does not have.

    Raises NotReady with everything that is missing, StepFailed where the fetch fails.
    """
    return each(crew.hosts, lambda host: _look_and_fetch(crew.config, host, ref))


def _look_and_fetch(config: Config, host: Host, ref: str) -> tuple[Look, Revision | None]:
    """One round trip where the workspace is there already."""
    resolve = revisions.question(config, ref)
    if not host.opened.cloned:
        seen = _first_look(config, host)
        host.visit.settle()
        host.visit.start(deploy.fetch(config))
        host.visit.go("fetch")
        _check_fetched(host, host.visit.expect("end"))
        return seen, host.visit.ask(resolve)["revision"]
    asked = questions(config)
    host.visit.send_questions(asked)
    host.visit.start(deploy.fetch(config))
    host.visit.go("fetch")
    host.visit.send_questions([resolve])
    seen = look_of(host.visit.answers(asked))
    end = host.visit.expect("end")
    check_ready(config, host.name, seen, building=True)
    _check_fetched(host, end)
    return seen, host.visit.answers([resolve])["revision"]


def _first_look(config: Config, host: Host) -> Look:
    """As `look`, and also whether the app's folder can be made and the repository be read.

    Raises NotReady: on a host that is not ready no folder is made.
    """
    answers = host.visit.ask(*questions(config), ground.question(config))
    seen = look_of(answers)
    refuse(host.name, lacks(config, host.name, seen, answers["ground"], ()))
    return seen


def _check_fetched(host: Host, end: dict[str, Any]) -> None:
    if end["outcome"] != "done":
        tail = end["failure"].get("tail", []) if end["failure"] else []
        said = " ".join([line for line in tail if line.strip()][-5:])  # git's advice alone is four lines
        reason = end["failure"]["reason"] if end["failure"] else end["outcome"]
        raise StepFailed(
            f"{host.name}: fetching failed ({reason}): {said}; nothing was changed",
            hint=end["failure"].get("hint", "") if end["failure"] else "",
        )
