"""How `fab` runs a task: once, whatever `-H` holds, with every WindlassError shown as two lines.

Fabric's own executor would run a task once per host, one after the other, each with a connection that accepts
any host key. Here the hosts reach the task as data, in `ctx.config.windlass.hosts`.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from invoke.exceptions import Exit
from invoke.executor import Executor as InvokeExecutor

from windlass.errors import ExitCode, UsageError, WindlassError


class Executor(InvokeExecutor):
    """Runs tasks on a plain Context; `ctx.config.windlass.hosts` is `-H` as typed, or None."""

    def execute(self, *tasks: Any) -> Any:
        try:
            self._hand_over_hosts()
            results = super().execute(*tasks)
            sys.stdout.flush()
        except WindlassError as error:
            raise Exit(as_lines(error), int(error.exit_code)) from error
        except KeyboardInterrupt:
            raise Exit("interrupted", int(ExitCode.INTERRUPTED)) from None
        except BrokenPipeError:
            # The reader, such as `head`, has seen enough; python's last flush must not fail as well.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise Exit(code=ExitCode.FAILED) from None
        return results

    def _hand_over_hosts(self) -> None:
        if self.core is None:
            return
        if self.config.run.dry:
            raise UsageError(
                "fab --dry does nothing here", hint="fab deploy --dry-run shows what would be done"
            )
        if self.core.remainder:
            raise UsageError(
                "a command after -- is not run beside a task", hint=f"ssh HOST {self.core.remainder}"
            )
        self.config.windlass = {"hosts": self.core[0].args.hosts.value}


def as_lines(error: WindlassError) -> str:
    """What the operator sees of an error: the message, and the hint on a line of its own."""
    return f"{error.message}\nhint: {error.hint}" if error.hint else error.message
