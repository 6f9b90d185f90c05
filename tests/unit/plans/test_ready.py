"""What `fab config.check -H` says a server lacks."""

from __future__ import annotations

from dataclasses import replace

from tests.unit import made
from windlass.facts.applied import Applied
from windlass.facts.ground import Ground
from windlass.facts.system import Listener
from windlass.plans.ready import lacks

FINE = Ground("", "")
CONFIG = made.with_database()


def test_a_server_that_has_all_lacks_nothing() -> None:
    assert lacks(CONFIG, "deploy@web1", made.look(made.state(user="deploy")), FINE, []) == []


def test_everything_is_said_at_once() -> None:
    bare = made.look(made.state(user="deploy", env_version=None, stopped="by ana"))
    bare = replace(bare, applied=Applied(problem="connection refused"))
    listener = Listener(3000, "127.0.0.1", "bob", 7, "node")
    said = "\n".join(lacks(CONFIG, "deploy@web1", bare, Ground("/srv", "fatal: no access"), [listener]))
    for part in (
        "/srv/shop/shared/.env: not there",
        "/srv/shop cannot be made in /srv: as root, install -d -o deploy /srv/shop",
        "git@example.org:shop.git cannot be read from the server: fatal: no access",
        "the database does not answer: connection refused",
        "port 3000 is for blue, and node (pid 7) of bob listens there",
        "it is stopped (by ana): fab emergency-resume",
    ):
        assert part in said


def test_another_user_than_the_owner_is_told_whom_to_be() -> None:
    theirs = made.look(made.state(user="ann", owner="deploy"))
    [said] = lacks(CONFIG, "deploy@web1", theirs, Ground("/srv/shop", ""), [])
    assert said == "/srv/shop belongs to deploy, and you are ann: -H deploy@…"


def test_a_migration_that_failed_is_said() -> None:
    failed = made.look(made.state(), applied=Applied(failed=("0002_tides",)))
    [said] = lacks(CONFIG, "deploy@web1", failed, FINE, [])
    assert "0002_tides" in said
