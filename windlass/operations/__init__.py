"""What each command does, as functions of values: the Python API.

    from windlass import operations

Every one takes a Request and returns the command's exit code; it raises WindlassError where nothing was begun. A
module is imported when its first operation is asked for. None of them has the name of a command.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from windlass.config.files import load as load
    from windlass.operations.backups import db_backup as db_backup
    from windlass.operations.backups import db_backups as db_backups
    from windlass.operations.backups import db_copy as db_copy
    from windlass.operations.by_hand import runbook as runbook
    from windlass.operations.configuration import config_check as config_check
    from windlass.operations.configuration import config_check_hosts as config_check_hosts
    from windlass.operations.configuration import config_schema as config_schema
    from windlass.operations.configuration import config_show as config_show
    from windlass.operations.database import db_status as db_status
    from windlass.operations.deployment import deploy as deploy
    from windlass.operations.emergency import emergency_resume as emergency_resume
    from windlass.operations.emergency import emergency_stop as emergency_stop
    from windlass.operations.emergency import maintenance_off as maintenance_off
    from windlass.operations.emergency import maintenance_on as maintenance_on
    from windlass.operations.env import env_list as env_list
    from windlass.operations.env import env_push as env_push
    from windlass.operations.env import env_use as env_use
    from windlass.operations.failed_migrations import db_resolve as db_resolve
    from windlass.operations.going_back import restart as restart
    from windlass.operations.going_back import rollback as rollback
    from windlass.operations.host_keys import trust as trust
    from windlass.operations.host_status import status as status
    from windlass.operations.kept_releases import history as history
    from windlass.operations.kept_releases import mark_stable as mark_stable
    from windlass.operations.kept_releases import releases as releases
    from windlass.operations.lock_holder import lock_break as lock_break
    from windlass.operations.lock_holder import lock_show as lock_show
    from windlass.operations.log_lines import logs as logs
    from windlass.operations.migrations_back import db_rollback as db_rollback
    from windlass.operations.new_configuration import init as init
    from windlass.operations.reach import db_console as db_console
    from windlass.operations.reach import db_tunnel as db_tunnel
    from windlass.operations.rehearsal import db_rehearse as db_rehearse
    from windlass.operations.request import Request as Request
    from windlass.operations.restoration import db_drop as db_drop
    from windlass.operations.restoration import db_restore as db_restore
    from windlass.operations.server_setup import setup as setup
    from windlass.operations.site import nginx_install as nginx_install
    from windlass.operations.site import nginx_show as nginx_show

_HOMES = {
    "windlass.config.files": ("load",),
    "windlass.operations.request": ("Request",),
    "windlass.operations.by_hand": ("runbook",),
    "windlass.operations.deployment": ("deploy",),
    "windlass.operations.emergency": (
        "emergency_resume",
        "emergency_stop",
        "maintenance_off",
        "maintenance_on",
    ),
    "windlass.operations.failed_migrations": ("db_resolve",),
    "windlass.operations.going_back": ("restart", "rollback"),
    "windlass.operations.backups": ("db_backup", "db_backups", "db_copy"),
    "windlass.operations.database": ("db_status",),
    "windlass.operations.env": ("env_list", "env_push", "env_use"),
    "windlass.operations.migrations_back": ("db_rollback",),
    "windlass.operations.reach": ("db_console", "db_tunnel"),
    "windlass.operations.rehearsal": ("db_rehearse",),
    "windlass.operations.restoration": ("db_drop", "db_restore"),
    "windlass.operations.configuration": (
        "config_check",
        "config_check_hosts",
        "config_schema",
        "config_show",
    ),
    "windlass.operations.host_keys": ("trust",),
    "windlass.operations.host_status": ("status",),
    "windlass.operations.kept_releases": ("history", "mark_stable", "releases"),
    "windlass.operations.lock_holder": ("lock_break", "lock_show"),
    "windlass.operations.log_lines": ("logs",),
    "windlass.operations.new_configuration": ("init",),
    "windlass.operations.server_setup": ("setup",),
    "windlass.operations.site": ("nginx_install", "nginx_show"),
}
__all__ = [name for names in _HOMES.values() for name in names]


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            found = getattr(import_module(home), name)
            globals()[name] = found
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
