"""Which migrations are to be taken back, and by whose SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from windlass.errors import Refused
from windlass.facts.papers import Papers
from windlass.facts.state import State
from windlass.past import Deploy
from windlass.sql import Change, Statement, changes, statements


@dataclass(frozen=True)
class Way:
    """SQL that takes these migrations back, and where it is from."""

    migrations: tuple[str, ...]
    statements: tuple[Statement, ...]
    source: str

    @property
    def drops(self) -> list[Change]:
        """What goes with it that may hold data."""
        made = [change for statement in self.statements for change in changes(statement)]
        return [change for change in made if not change.made and change.thing in ("table", "column", "rows")]


def brought_by(deploys: Sequence[Deploy], migrations: Iterable[str]) -> dict[str, list[Deploy]]:
    """For each migration the deploys that found it pending, the last one first; those that none did are left out."""
    found: dict[str, list[Deploy]] = {}
    wanted = set(migrations)
    for deploy in reversed(deploys):
        if deploy.revision:
            for name in wanted & set(deploy.migrations):
                found.setdefault(name, []).append(deploy)
    return found


def brought(deploys: Iterable[Deploy]) -> dict[str, str]:
    """The release whose deploy each migration was pending in last: so the one that applied it, if it is applied."""
    return {name: deploy.release for deploy in deploys for name in deploy.migrations}


def revisions(state: State, to: str, bringers: Iterable[Deploy]) -> dict[str, str]:
    """By release, the revisions of what is gone back to, of what brought migrations, and of what was live before."""
    known = {**state.past.revisions, **{kept.id: kept.revision for kept in state.releases}}
    names = {name for deploy in bringers for name in (deploy.release, deploy.was)}
    return {name: known[name] for name in sorted({*names, to}) if name in known}


def later(applied: frozenset[str], folders: Mapping[str, frozenset[str]], to: str) -> list[str]:
    """The applied migrations that a release does not know, newest first. Raises Refused where its files are gone."""
    if to not in folders:
        raise Refused(
            f"the files of {to} are neither kept nor in the workspace's git; nothing was changed",
            hint="fab releases lists what is kept; name one of those",
        )
    return sorted(applied - folders[to], reverse=True)


def ways(
    migrations: Sequence[str],
    deploys: Mapping[str, Sequence[Deploy]],
    folders: Mapping[str, frozenset[str]],
    papers: Papers,
) -> list[Way]:
    """How to take these migrations back, which are given newest first; `folders` are the files of releases.

    By what the developers wrote, where they wrote it for all that a release brought; else by the SQL recorded at
    a deploy, which leads to the release that was live then. Raises Refused where neither does.
    """
    left, found = list(migrations), list[Way]()
    while left:
        name = left[0]
        together = [other for other in left if deploys.get(other, [])[:1] == deploys.get(name, [])[:1]]
        if name in papers.down and all(other in papers.down for other in together):
            way = _way([name], papers.down[name], f"{name}/down.sql")
        else:
            way = _recorded(left, deploys.get(name, []), folders, papers)
        found.append(way)
        left = [other for other in left if other not in way.migrations]
    return found


def _recorded(
    left: list[str], deploys: Sequence[Deploy], folders: Mapping[str, frozenset[str]], papers: Papers
) -> Way:
    why = "nothing was recorded at its deploy" if deploys else "no deploy of Windlass brought it"
    for deploy in deploys:
        release, covers = deploy.release, _covered(deploy, folders)
        if release not in papers.recorded or left[0] not in covers:
            continue
        if covers <= set(left):
            names = [name for name in left if name in covers]
            return _way(names, papers.recorded[release], f"the SQL recorded at the deploy of {release}")
        others = ", ".join(sorted(covers - set(left)))
        why = f"the SQL recorded at the deploy of {release} would take back {others} too"
    raise Refused(
        f"no SQL is known that takes {left[0]} back: it has no down.sql, and {why}; nothing was changed",
        hint=f"write down.sql beside {left[0]}'s SQL in the repository and deploy that; "
        "or fab db.restore brings a backup back, without what was written since",
    )


def _covered(deploy: Deploy, folders: Mapping[str, frozenset[str]]) -> set[str]:
    """What the SQL recorded at a deploy takes back: what its release has and the one that was live then had not."""
    if deploy.release in folders and deploy.was in folders:
        return set(folders[deploy.release] - folders[deploy.was])
    return set(deploy.migrations)


def _way(migrations: list[str], sql: str, source: str) -> Way:
    found = statements(sql)
    for statement in found:
        if statement.unfit:
            raise Refused(
                f"{source} cannot run as one transaction: {statement.text.splitlines()[0][:80]}: {statement.unfit}; "
                "nothing was changed",
                hint="in a down.sql, without CONCURRENTLY, it can; by hand: fab db.console",
            )
    return Way(tuple(migrations), tuple(one for one in found if not one.brackets), source)
