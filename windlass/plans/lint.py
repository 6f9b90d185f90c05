"""What a migration would do to the release that runs meanwhile, and to large tables; and how to do it instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from windlass.errors import NotReady
from windlass.sql.squawk import Finding

_DROP = "first deploy code that does without it, and drop it in a later deploy"
_RENAME = "add the new name and write both, copy, read the new one, and drop the old one in a later deploy"
_CONCURRENTLY = "CONCURRENTLY, in a migration that holds nothing else: it cannot run in a transaction"
_NOT_VALID = "add it NOT VALID, and VALIDATE CONSTRAINT in a later migration"

IN_TWO_STEPS: Mapping[str, tuple[str, str]] = {
    "adding-field-with-default": (
        "rewrites the table under a lock",
        "add the column without a default, set the default, and fill the rows in a later migration",
    ),
    "adding-foreign-key-constraint": ("holds up writes while it reads the table", _NOT_VALID),
    "adding-not-nullable-field": (
        "holds up reads while it reads the table",
        "add a CHECK (… IS NOT NULL) NOT VALID, validate it in a later migration, then SET NOT NULL",
    ),
    "adding-required-field": (
        "breaks the inserts of the release that runs",
        "add the column as nullable or with a default, fill it, and make it NOT NULL in a later deploy",
    ),
    "adding-serial-primary-key-field": (
        "rewrites the table under a lock",
        "build the index CONCURRENTLY first, then ADD PRIMARY KEY USING INDEX",
    ),
    "ban-drop-column": ("breaks the release that runs", _DROP),
    "ban-drop-table": ("breaks the release that runs", _DROP),
    "changing-column-type": (
        "rewrites the table under a lock, and may break the release that runs",
        "add a column of the new type and write both, copy, and drop the old one in a later deploy",
    ),
    "constraint-missing-not-valid": ("holds up writes while it reads the table", _NOT_VALID),
    "disallowed-unique-constraint": (
        "holds up reads and writes while its index is built",
        "build a unique index CONCURRENTLY first, then ADD CONSTRAINT … USING INDEX",
    ),
    "renaming-column": ("breaks the release that runs", _RENAME),
    "renaming-table": ("breaks the release that runs", _RENAME),
    "require-concurrent-index-creation": ("holds up writes while the index is built", _CONCURRENTLY),
    "require-concurrent-index-deletion": ("holds up reads and writes for a moment", _CONCURRENTLY),
}
"""Squawk's rules that are about what runs meanwhile: what the statement does, and the way round it."""


def complaints(migration: str, sql: str, found: Iterable[Finding]) -> list[str]:
    """A line for each statement that breaks the old release or locks a table for long; no matter of taste."""
    lines = sql.splitlines()
    told: dict[tuple[str, str], None] = {}
    for finding in found:
        if finding.rule in IN_TWO_STEPS:
            does, instead = IN_TWO_STEPS[finding.rule]
            text = lines[finding.line - 1].strip()[:90] if finding.line <= len(lines) else ""
            told[f"{migration}, line {finding.line}: {text}", f"{does}. In two steps: {instead}"] = None
    return [f"{where}: {what}" for where, what in told]


def check(complaints: Iterable[str], host: str, *, strict: bool) -> None:
    """Raise NotReady for any complaint where `[database] strict` is set."""
    found = list(complaints)
    if strict and found:
        listed = "\n".join(f"  {line}" for line in found)
        raise NotReady(
            f"{host}: the migrations are not fit to run beside the live release; nothing was changed:\n{listed}",
            hint="[database] strict = false makes warnings of these; --maintenance shows visitors the page meanwhile",
        )
