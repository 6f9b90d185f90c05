"""A database that several hosts share is changed by one of them at a time, whatever their locks say."""

from __future__ import annotations

import shlex

from tests.support.processes import Running, wait_until
from tests.vps.apps.tiny import MIGRATED, MIGRATING, Deployed
from tests.vps.hosts.images import DATABASE_URL
from windlass.agent.env import postgres
from windlass.commands.exclusive import exclusive
from windlass.shell import Command, cmd

THERE, GO = "/tmp/changing", "/tmp/changed"


def beside_the_lock(what: str, command: Command) -> str:
    """A change of the database as another host makes it, which does not see this host's lock."""
    exports = [f"export {name}={shlex.quote(value)}" for name, value in postgres(DATABASE_URL).items()]
    return "\n".join(["set -uo pipefail", *exports, exclusive(what, command).text])


def changing(app: Deployed, what: str) -> Running:
    """Have the database be changed until `GO` is there."""
    change = Command(f"touch {THERE}; until [ -e {GO} ]; do sleep 0.1; done")
    other = app.vps.popen(beside_the_lock(what, change))
    wait_until(lambda: app.vps.exists(THERE), 20, lambda: f"not begun: {other.output}")
    return other


def test_a_migration_during_another_host_s_restore_fails_and_says_who(deployed: Deployed) -> None:
    deployed.configure(**MIGRATING)
    deployed.give_database()
    other = changing(deployed, "a restore")
    refused = deployed.deploy("third", "--force")
    assert refused.exit_code == 1, refused
    assert "the database is being changed by a restore on " in refused.output, refused
    assert deployed.live() == "change"
    assert not deployed.vps.exists(MIGRATED)
    deployed.vps.run(f"touch {GO}")
    other.wait(20).check()
    deployed.deploy("third", "--force").check()
    assert deployed.vps.exists(MIGRATED)


def test_a_restore_during_another_host_s_migration_is_refused_while_it_runs(deployed: Deployed) -> None:
    other = changing(deployed, "a migration")
    swap = beside_the_lock("a restore", cmd("echo", "swapped"))
    refused = deployed.vps.run(swap, check=False)
    assert refused.exit_code == 1, refused
    assert "is being changed by a migration on " in refused.output, refused
    deployed.vps.run(f"touch {GO}")
    other.wait(20).check()
    assert "swapped" in deployed.vps.run(swap).stdout
