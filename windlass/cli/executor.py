"""How `fab` runs a task: once, whatever `-H` holds, with every WindlassError shown as two lines.

Fabric's own executor would run a task once per host, one after the other, each with a connection that accepts
any host key. Here the hosts reach the task as data, in `ctx.config.windlass.hosts`.
"""

from __future__ import annotations

from typing import Any

from invoke.exceptions import Exit
from invoke.executor import Executor as InvokeExecutor

from windlass.clean import harmless
from windlass.cli import bytecode, interrupts
from windlass.cli.pipes import reader_may_leave
from windlass.errors import ExitCode, Told, WindlassError
from windlass.tell import tell_tracebacks_cleaned
from windlass.typed import as_typed


class Executor(InvokeExecutor):
    """Runs tasks on a plain Context; `ctx.config.windlass.hosts` is `-H` as typed, or None."""

    def execute(self, *tasks: Any) -> Any:
        bytecode.keep()
        tell_tracebacks_cleaned()
        if self.core is not None:
            self.config.windlass = {"hosts": self.core[0].args.hosts.value}
        try:
            with interrupts.heard(), reader_may_leave():
                return super().execute(*tasks)
        except Told as error:
            raise Exit(code=int(error.exit_code)) from error
        except WindlassError as error:
            raise Exit(as_lines(error), int(error.exit_code)) from error
        except KeyboardInterrupt:
            raise Exit("interrupted", int(ExitCode.INTERRUPTED)) from None


def as_lines(error: WindlassError) -> str:
    """What the operator sees of an error, which may quote a server: the message, and the hint on a line of its own."""
    return harmless(as_typed(f"{error.message}\nhint: {error.hint}" if error.hint else error.message))
