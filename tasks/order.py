"""The order of use, in which `--list` shows the tasks."""

ORDER = {
    "Begin": ("demo", "init", "config.check", "config.show", "config.schema"),
    "Make a server ready": (
        "trust", "setup", "nginx.install", "nginx.show", "env.push", "env.list", "env.use",
    ),
    "Go live, go back": ("deploy", "rollback", "restart", "mark-stable", "runbook"),
    "Look": ("status", "logs", "releases", "history", "lock.show"),
    "The database": (
        "db.status", "db.backup", "db.backups", "db.copy", "db.rehearse", "db.rollback", "db.resolve", "db.restore",
        "db.drop", "db.console", "db.tunnel",
    ),
    "When it burns": ("emergency-stop", "emergency-resume", "maintenance.on", "maintenance.off", "lock.break"),
}  # fmt: skip
"""Every task, below the title of its group."""
