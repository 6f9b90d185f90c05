"""What all commands share: how they are declared, and what their common options stand for in `fab --help`."""

from functools import partial

from invoke.tasks import task as invoke_task

task = partial(invoke_task, auto_shortflags=False)
"""Invoke would make short flags of first free letters: -d, a dry run of one command, would be another of the next."""

APP = {"app": "the app (default: windlass.app of fabric.yaml, else the only one)"}

HELP = {
    **APP,
    "target": "the hosts of this target, where -H names none (default: the only target)",
    "json": "one JSON object a line",
}

RUN_HELP = {
    **HELP,
    "dry-run": "print every step's commands instead of running them",
    "verbose": "every line that the steps print",
}
