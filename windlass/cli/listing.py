"""The list of tasks in the order of use, and the first page of help.

Invoke sorts by the alphabet and has no setting for that: so the methods that print are replaced.
"""

from __future__ import annotations

import inspect
import shutil
import textwrap
from collections.abc import Iterator, Mapping, Sequence

from invoke.collection import Collection
from invoke.program import Program
from invoke.util import helpline

from windlass.typed import as_typed, program

Groups = Mapping[str, Sequence[str]]
"""Names of tasks in the order of use, by the title that stands above them."""

OTHERS = "Others"
HOSTS = "[user@]host[:port][,…], for what is done on servers (default: those of the target)"
_EVERY_TASK = """
  {program} --help TASK            what it does, and its options
  {program} TASK -H [user@]host    on these hosts, with commas between; else on those of the target"""


def list_in_order(groups: Groups) -> None:
    """From here on, `--list` and the first page of help show the tasks in their groups.

    The help of a task tells `-H` too, which Invoke counts among the program's own options.
    """
    by_the_alphabet = Program.list_flat

    def list_flat(self: Program) -> None:
        if self.list_root or self.list_depth:
            by_the_alphabet(self)
        else:
            _print_groups(self.collection, groups)

    def print_task_help(self: Program, name: str) -> None:
        context = self.parser.contexts[name]
        given = [argument.name.upper() for argument in context.positional_args]
        print(" ".join([program(), name, *given, "[--options]"]) + "\n")
        print(as_typed(inspect.getdoc(self.collection[name]) or "") + "\n")
        hosts = self.initial_context.help_for("--hosts")[0]
        self.print_columns([*context.help_tuples(), (hosts, HOSTS)])

    def print_help(self: Program) -> None:
        print(f"{program()} TASK [--options] [TASK [--options]]…\n")
        _print_groups(self.collection, groups)

    Program.list_flat = list_flat  # type: ignore[method-assign]
    Program.print_task_help = print_task_help  # type: ignore[method-assign]
    Program.print_help = print_help  # type: ignore[method-assign]


def _print_groups(collection: Collection, groups: Groups) -> None:
    # In a pipe a summary is never broken, so that grep finds whole lines.
    width = shutil.get_terminal_size((1000, 0)).columns
    print("\n".join(grouped(summaries(collection), groups, width)))
    print(_EVERY_TASK.format(program=program()))


def summaries(collection: Collection) -> dict[str, str]:
    """The first line of every task's docstring, by the task's name."""
    return {name: as_typed(helpline(collection[name]) or "") for name in collection.task_names}


def grouped(tasks: Mapping[str, str], groups: Groups, width: int) -> Iterator[str]:
    """The lines of the list, none longer than `width` characters; tasks that no group names come last."""
    named = {name for names in groups.values() for name in names}
    column = max(map(len, tasks)) + 4
    for title, names in {**groups, OTHERS: sorted(set(tasks) - named)}.items():
        present = [name for name in names if name in tasks]
        if present:
            yield f"{title}:"
        for name in present:
            first, *rest = textwrap.wrap(tasks[name], max(width - column, 20)) or [""]
            yield f"  {name:{column - 2}}{first}"
            yield from (" " * column + line for line in rest)
