"""What an app's package.json says, whatever shape it is in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from windlass.init.tree import Tree


@dataclass(frozen=True)
class Package:
    """The parts of package.json that matter here; what has another type than it should counts as absent.

    `dependencies` holds the development ones too.
    """

    name: str = ""
    main: str = ""
    manager: str = ""
    scripts: Mapping[str, str] = field(default_factory=dict)
    dependencies: Mapping[str, str] = field(default_factory=dict)
    node: str = ""
    volta: str = ""
    prisma_schema: str = ""
    workspaces: bool = False

    def uses(self, name: str) -> bool:
        return name in self.dependencies


def package(tree: Tree) -> Package:
    """The package.json of a folder; raises UsageError where it is not JSON."""
    found = tree.json("package.json")
    return Package(
        name=_text(found, "name"),
        main=_text(found, "main"),
        manager=_text(found, "packageManager"),
        scripts=_texts(found.get("scripts")),
        dependencies={**_texts(found.get("devDependencies")), **_texts(found.get("dependencies"))},
        node=_text(_table(found, "engines"), "node"),
        volta=_text(_table(found, "volta"), "node"),
        prisma_schema=_text(_table(found, "prisma"), "schema"),
        workspaces=bool(found.get("workspaces")) or "pnpm-workspace.yaml" in tree,
    )


def _text(table: Mapping[str, Any], key: str) -> str:
    value = table.get(key)
    return value.strip() if isinstance(value, str) else ""


def _table(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = table.get(key)
    return value if isinstance(value, dict) else {}


def _texts(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {key: each for key, each in value.items() if isinstance(each, str)}
