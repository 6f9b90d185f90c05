"""What the options that several commands share stand for, in `fab --help`."""

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
