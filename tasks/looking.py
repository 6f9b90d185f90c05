"""The first look: what a host has, what the revision holds, and whether the two can meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from windlass.config.model import Config
    from windlass.facts.revision import Revision
    from windlass.plans.look import Look
    from windlass.remote.runner import Host


def look(config: Config, host: Host) -> Look:
    """What the host has, in one round trip; changes nothing."""
    return look_of(config, host.visit.ask(*questions(config)))


def questions(config: Config) -> list[Any]:
    from windlass.facts import backups, migrations, nginx, state, tools

    layout = config.layout
    asked: list[Any] = [state.question(layout), tools.question(config.node.path), nginx.nginx(config)]
    return [*asked, *migrations.questions(config), backups.question(layout)]


def look_of(config: Config, answers: dict[str, Any]) -> Look:
    from windlass.plans.look import Look

    return Look(
        answers["state"], answers["tools"], answers["nginx"], answers.get("applied"), answers["backups"]
    )


def look_and_fetch(config: Config, host: Host, ref: str) -> tuple[Look, Revision]:
    """Look, fetch and resolve the revision: one round trip where the workspace is there already.

    Raises NotReady with everything that is missing, UsageError for a revision that does not exist,
    StepFailed where the fetch fails.
    """
    from windlass.facts import revision as revisions
    from windlass.plans import deploy

    resolve = revisions.question(config, ref)
    if not host.opened.cloned:
        seen = _first_look(config, host)
        host.visit.settle()
        host.visit.start(deploy.fetch(config))
        host.visit.go("fetch")
        _check_fetched(host, host.visit.expect("end"))
        return seen, _found(config, host, seen, ref, host.visit.ask(resolve)["revision"])
    asked = questions(config)
    host.visit.send_questions(asked)
    host.visit.start(deploy.fetch(config))
    host.visit.go("fetch")
    host.visit.send_questions([resolve])
    seen = look_of(config, host.visit.answers(asked))
    end = host.visit.expect("end")
    check_ready(config, host, seen, building=True)
    _check_fetched(host, end)
    return seen, _found(config, host, seen, ref, host.visit.answers([resolve])["revision"])


def check_ready(config: Config, host: Host, seen: Look, *, building: bool) -> None:
    """Raise NotReady with everything that the server lacks."""
    from windlass.plans.look import missing

    _refuse(host, missing(config, seen, building=building))


def _first_look(config: Config, host: Host) -> Look:
    """As `look`, and also whether the app's folder can be made and the repository be read. Raises NotReady."""
    from windlass.facts import ground
    from windlass.plans.ready import lacks

    answers = host.visit.ask(*questions(config), ground.question(config))
    seen = look_of(config, answers)
    _refuse(host, lacks(config, seen, answers["ground"], ()))
    return seen


def _refuse(host: Host, problems: list[str]) -> None:
    from windlass.errors import NotReady

    if problems:
        listed = "\n".join(f"  {problem}" for problem in problems)
        raise NotReady(
            f"{host.name} is not ready; visitors saw nothing, nothing was started:\n{listed}",
            hint=f"put these right, then the same command again; fab status -H {host.name} looks without changing",
        )


def _check_fetched(host: Host, end: dict[str, Any]) -> None:
    from windlass.errors import StepFailed

    if end["outcome"] != "done":
        tail = end["failure"].get("tail", []) if end["failure"] else []
        said = " ".join([line for line in tail if line.strip()][-5:])  # git's advice alone is four lines
        reason = end["failure"]["reason"] if end["failure"] else end["outcome"]
        raise StepFailed(
            f"{host.name}: fetching failed ({reason}): {said}; nothing was changed",
            hint=end["failure"].get("hint", "") if end["failure"] else "",
        )


def _found(config: Config, host: Host, seen: Look, ref: str, revision: Revision | None) -> Revision:
    from windlass.errors import UsageError
    from windlass.plans import engines

    if revision is None:
        raise UsageError(
            f"{host.name}: the repository has no branch, tag or commit {ref!r}; nothing was changed",
            hint=f"is it pushed? git ls-remote {config.app.repository} lists the branches and tags; "
            "a commit is named by at least seven of its hexadecimal digits",
        )
    engines.check(config, seen.tools, revision, host.name)
    return revision
