"""The program behind the command `windlass`, where Fabric's own is behind `fab`."""

from __future__ import annotations

from pathlib import Path

from invoke.collection import Collection
from invoke.config import Config as InvokeConfig
from invoke.parser.argument import Argument
from invoke.program import Program

from windlass.cli.executor import Executor
from windlass.typed import as_typed

OPTIONS = frozenset(
    {
        "complete", "debug", "help", "list", "list-depth", "list-format", "print-completion-script", "version",
        "write-pyc",
    }
)  # fmt: skip
"""Those of Invoke's options that its parsing needs; the others are about running shell commands."""


class Config(InvokeConfig):
    """Settings from fabric.yaml, as `fab` reads them.

    Invoke would run a fabric.py beside it; a working folder may be a stranger's. The operator's own ~/.fabric.py stays.
    """

    prefix = "fabric"

    def load_project(self, merge: bool = True) -> None:
        """Take the settings of a folder: data, of no other file."""
        every = self._file_suffixes
        self._set(_file_suffixes=("yaml",))
        try:
            super().load_project(merge=merge)
        finally:
            self._set(_file_suffixes=every)


class Windlass(Program):
    """The tasks of a collection as the subcommands of `windlass`."""

    def __init__(self, namespace: Collection) -> None:
        super().__init__(namespace=namespace, name="Windlass", binary="windlass", config_class=Config)
        for task in (namespace[name] for name in namespace.task_names):
            task.__doc__ = as_typed(task.__doc__ or "")
            task.help = {option: as_typed(text) for option, text in task.help.items()}

    def core_args(self) -> list[Argument]:
        hosts = Argument(names=("H", "hosts"), help="[user@]host[:port][,…] (default: those of the target)")
        return [hosts, *(one for one in super().core_args() if one.name in OPTIONS)]

    def print_version(self) -> None:
        from importlib.metadata import version

        print(f"Windlass {version('windlass')}")

    def update_config(self, merge: bool = True) -> None:
        """Take the settings of the current folder's fabric.yaml."""
        self.config.set_project_location(Path.cwd())
        self.config.load_project(merge=merge)

    def execute(self) -> None:
        """Run the tasks the one way there is, whatever the settings name."""
        Executor(self.collection, self.config, self.core).execute(*self.tasks)
