"""Options before a task's own argument: `fab env.push -H host FILE`.

Invoke hands a task that still lacks an argument whatever comes next, an option too, and has no setting for that.
"""

from __future__ import annotations

from functools import wraps

from invoke.parser.parser import ParseMachine


def options_first() -> None:
    """From here on, what starts with a dash is an option; a task's argument may be `-` or `./-name`."""
    take = ParseMachine.see_positional_arg
    if hasattr(take, "__wrapped__"):
        return

    @wraps(take)
    def take_unless_option(self: ParseMachine, value: str) -> None:
        if not value.startswith("-") or value == "-":
            take(self, value)
            return
        flags = self.initial.flags
        if value not in flags:  # unlike get(), this knows aliases, such as -h
            self.error(f"No idea what {value!r} is!")
        elif flags[value].name != "help":
            self.switch_to_flag(value)
        else:
            flags[value].value = self.context.name
            for argument in self.context.missing_positional_args:
                argument.value = ""  # help does not need it

    ParseMachine.see_positional_arg = take_unless_option  # type: ignore[method-assign]
