"""One host's rows as aligned columns, each with its detail below it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text


def entries(host: str, header: Sequence[str], rows: Sequence[tuple[list[Text], str]]) -> Group:
    """Aligned columns, and under a row its detail, so that a long text does not make a column narrow."""
    cells = [[Text(title, "dim") for title in header], *(row for row, _ in rows)]
    widths = [max(cell.cell_len for cell in column) for column in zip(*cells, strict=True)]
    for line in cells:
        for cell, width in zip(line[:-1], widths, strict=False):
            cell.pad_right(width - cell.cell_len)
    found: list[RenderableType] = [Text(host, "bold"), Padding(Text("  ").join(cells[0]), (0, 0, 0, 2))]
    for line, (_, detail) in zip(cells[1:], rows, strict=True):
        joined = Text("  ").join(line)
        joined.rstrip()
        found.append(Padding(joined, (0, 0, 0, 2)))
        if detail:
            found.append(Padding(Text(detail, "dim"), (0, 0, 0, 6)))
    return Group(*found, Text())
