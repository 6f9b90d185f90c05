"""The pending migrations, looked through before anything is begun."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from windlass.facts.revision import Revision
    from windlass.plans.look import Look

    from .visiting import Crew


def lint(crew: Crew, look: Look, revision: Revision) -> None:
    """Warn of SQL that breaks the live release or locks a large table. Raises NotReady where the config is strict."""
    from windlass.commands import migrations
    from windlass.events import Note
    from windlass.facts import papers
    from windlass.plans.lint import check, complaints
    from windlass.sql.squawk import findings

    tool, host = migrations.tool(crew.config), crew.hosts[0]
    pending = look.applied.pending(revision.migrations) if look.applied else ()
    if tool is None or not (pending and look.state.live):
        return
    asked = papers.texts(crew.config, dict.fromkeys(pending, revision.hash), (), tool.FILES)
    found: list[str] = []
    for name, sql in host.visit.ask(asked)["papers"].up.items():
        said = findings(sql)
        if said is None:
            found.append(f"{name} was not looked through: squawk is not there (pip install squawk-cli)")
            break
        found += complaints(name, sql, said)
    check(found, host.name, strict=crew.config.database.strict)
    for text in found:
        crew.report.emit(Note(host.name, text, "warning"))
