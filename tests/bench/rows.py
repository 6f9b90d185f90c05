"""The rows of the table, by name: what is measured against what, and the figure that it shall keep."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from tests.bench.by_hand import ByHand
from tests.bench.far import FarAway
from tests.bench.figures import Row, Sample, Say, in_turn
from tests.bench.server import SLOW, Server
from tests.bench.throughput import throughput
from tests.bench.turns import turns_table
from tests.bench.visitors import Visitors
from tests.bench.windlass import Windlass
from tests.vps.apps.million import fill
from tests.vps.apps.prompthub import shell_word
from tests.vps.hosts.images import DATABASE_URL

ROUND_TRIP = 0.1
QUIET = 15
"""Seconds of nothing going on."""
GATE = (
    "the gate watches the release for half a second (`[health] min_healthy_known`), which by hand nobody does, "
    "and an app that installs and builds in less than a second leaves little to save"
)
START = "the start of Python, with Fabric and pydantic, is counted too: see `fab --version` in the last row"
Measure = Callable[[Server, int, Say], Iterable[Row]]


def deploy(server: Server, rounds: int, say: Say) -> Iterable[Row]:
    """A code-only deploy of the example app, live, against the runbook's commands."""
    ours, theirs = server.prompthub, server.prompthub_by_hand
    yield _deploy("code-only deploy, example app (Next.js)", ours, theirs, rounds, say, 1.15)


def small(server: Server, rounds: int, say: Say) -> Iterable[Row]:
    """The same with an app that builds at once: here the health gate's seconds weigh most."""
    yield _deploy("code-only deploy, small app", server.tiny, server.tiny_by_hand, rounds, say, None)


def dependency(server: Server, rounds: int, say: Say) -> Iterable[Row]:
    """The example app with one package more or less; what its commit migrates was migrated before."""
    ours, theirs = server.prompthub, server.prompthub_by_hand
    ours.run("deploy", "--revision", "migration")
    title = "deploy with a changed dependency, example app (Next.js)"
    yield _deploy(title, ours, theirs, rounds, say, 1.5, ("change", "migration"))


def _deploy(
    title: str,
    ours: Windlass,
    theirs: ByHand,
    rounds: int,
    say: Say,
    ratio: float | None,
    between: tuple[str, str] = ("first", "change"),
) -> Row:
    """Deploys of the two commits in turn, from the first of them on."""
    ours.run("deploy", "--revision", between[0])
    commits = [between[1], between[0]] * rounds
    by_hand, by_us = iter(commits), iter(commits)
    found = in_turn(
        {
            "runbook": lambda: theirs.deploy(next(by_hand)),
            "windlass": lambda: ours.live("deploy", "--revision", next(by_us)),
        },
        rounds,
        say,
    )
    return Row(title, found["windlass"], "runbook § 4 by hand", found["runbook"], ratio)


def rollback(server: Server, rounds: int, say: Say) -> Iterable[Row]:
    """Going back to the previous release of the small app."""
    return _rollback(server.tiny, server.tiny_by_hand, rounds, say, "first", "small app")


def slow_rollback(server: Server, rounds: int, say: Say) -> Iterable[Row]:
    """The same to a release whose build takes half a minute."""
    about = f"small app that builds for {SLOW} s"
    return _rollback(server.tiny, server.tiny_by_hand, 1, say, "slow_build", about)


def real_rollback(server: Server, rounds: int, say: Say) -> Iterable[Row]:
    """The same with the example app."""
    about = "example app (Next.js)"
    return _rollback(server.prompthub, server.prompthub_by_hand, min(rounds, 2), say, "first", about)


def _rollback(
    ours: Windlass, theirs: ByHand, rounds: int, say: Say, back_to: str, about: str
) -> Iterable[Row]:
    """Cold, and with a warm standby; each is gone back from a release that was deployed just before."""

    def back(standby: str) -> Sample:
        ours.configure(standby)
        ours.run("deploy", "--revision", "change")
        return ours.live("rollback")

    def back_by_hand() -> Sample:
        theirs.deploy("change")
        return theirs.roll_back(back_to)

    ours.configure("cold")
    ours.run("deploy", "--revision", back_to)
    found = in_turn(
        {"runbook": back_by_hand, "cold": lambda: back("cold"), "warm": lambda: back("warm")}, rounds, say
    )
    by_hand = "runbook § 6.2 by hand"
    yield Row(f"rollback, {about}", found["cold"], by_hand, found["runbook"], 0.7, why=GATE)
    yield Row(f"rollback to a warm standby, {about}", found["warm"], by_hand, found["runbook"], 0.3)


def visitors(server: Server, rounds: int, say: Say) -> Iterable[Row]:
    """What visitors wait while the example app is installed, built and copied beside them, and before."""
    ours, theirs = server.prompthub, server.prompthub_by_hand
    url = f"http://{server.vps.address}:{ours.site}/"

    def quiet() -> Sample:
        with Visitors(url) as readers:
            time.sleep(QUIET)
        return Sample(readers.percentile(99), readers.count)

    words = ("deploy", "--force", "--revision", ours.live_revision)
    sides = {
        "quiet": quiet,
        "windlass": lambda: ours.until("snapshot", Visitors(url), *words),
        "npm ci; npm run build": lambda: theirs.build(Visitors(url)),
    }
    found = in_turn(sides, rounds, say)
    about, before = "99 of 100 visitors wait at most, during", "nothing going on"
    yield Row(f"{about} install, build and snapshot", found["windlass"], before, found["quiet"], 2)
    yield Row(f"{about} `npm ci; npm run build`", found["npm ci; npm run build"], before, found["quiet"])


def nothing(server: Server, rounds: int, say: Say) -> Iterable[Row]:
    """A deploy of what is live."""
    app = server.tiny
    app.run("deploy", "--revision", "change")
    found = in_turn({"windlass": lambda: app.run("deploy", "--revision", "change")}, 2 * rounds, say)
    yield Row("deploy with nothing to do", found["windlass"], seconds=1.0, why=START)


def backup(server: Server, rounds: int, say: Say) -> Iterable[Row]:
    """A backup of a million rows, verified, without the connection to the server, against pg_dump alone."""
    app, vps = server.prompthub, server.vps
    fill(vps)

    def verified() -> Sample:
        app.run("db.backup")
        return Sample(app.step("back up the database"))

    def bare() -> Sample:
        dump = f"umask 077; pg_dump --format=custom --file bare.dump {shell_word(DATABASE_URL)}"
        return Sample(vps.run(dump, user="deploy", timeout=300).seconds)

    found = in_turn({"pg_dump": bare, "windlass": verified}, rounds, say)
    why = "what is around a dump costs the same tenths of a second whatever its size, and this one is small"
    yield Row(
        "backup of a million rows, verified", found["windlass"], "pg_dump", found["pg_dump"], 1.1, why=why
    )


def restore(server: Server, rounds: int, say: Say) -> Iterable[Row]:
    """A million rows restored beside the database and compared, against pg_restore into an empty database alone.

    The planner's statistics come in a step of their own, as ANALYZE does after pg_restore.
    """
    app, vps = server.prompthub, server.vps
    url = shell_word(DATABASE_URL.rpartition("/")[0] + "/bare")
    administer = "cd / && runuser -u postgres --"
    fill(vps)
    app.run("db.backup")
    dump = vps.run(f"ls -t /srv/{app.name}/backups/*.dump | head -n 1").stdout.strip()

    def restored() -> Sample:
        app.run("db.restore", "latest", "--yes")
        return Sample(app.step("restore into it") + app.step("compare the rows"))

    def bare() -> Sample:
        vps.run(f"{administer} createdb --owner prompthub --template template0 bare")
        took = vps.run(f"pg_restore --no-owner --dbname {url} {dump}", user="deploy", timeout=300).seconds
        vps.run(f"{administer} dropdb bare")
        return Sample(took)

    found = in_turn({"pg_restore": bare, "windlass": restored}, rounds, say)
    yield Row(
        "restore of a million rows, compared", found["windlass"], "pg_restore", found["pg_restore"], 1.1
    )


def far(server: Server, rounds: int, say: Say) -> Iterable[Row]:
    """The tool's own cost over a link with a round trip of 100 ms: all seconds of a deploy but those of its steps."""
    app, operator, vps = server.tiny, server.operator, server.vps
    app.run("deploy", "--revision", "first")
    commits = iter(["change", "first"] * rounds)
    with FarAway(vps.address, 22, ROUND_TRIP) as link:
        operator.know("127.0.0.1", vps.host_key, link.port)

        def run(*words: str) -> Sample:
            whole = app.run(*words, host=f"deploy@127.0.0.1:{link.port}")
            return Sample(whole.seconds - app.steps)

        def ssh() -> Sample:
            return Sample(operator.ssh("deploy@127.0.0.1", "true", link.port).check().seconds)

        sides = {
            "ssh": ssh,
            "deploy": lambda: run("deploy", "--revision", next(commits)),
            "nothing to do": lambda: run("deploy", "--revision", app.live_revision),
        }
        found = in_turn(sides, rounds, say)
        turns = turns_table(link.calls[-1].turns)
    about = "own cost at 100 ms round trip, without its steps"
    yield Row(f"{about}: deploy", found["deploy"], "ssh host true", found["ssh"], 1.5, why=START)
    yield Row(f"{about}: nothing to do", found["nothing to do"], "ssh host true", found["ssh"], detail=turns)


def listing(server: Server, rounds: int, say: Say) -> Iterable[Row]:
    """`fab --list` against `fab --version`, which loads no tasks."""
    operator = server.operator

    def fab(*words: str) -> Sample:
        return Sample(operator.fab(*words).check().seconds)

    found = in_turn({"version": lambda: fab("--version"), "list": lambda: fab("--list")}, 3 * rounds, say)
    yield Row("fab --list", found["list"], "fab --version", found["version"], 1.5)


ROWS: dict[str, Measure] = {
    "deploy": deploy,
    "small": small,
    "dependency": dependency,
    "rollback": rollback,
    "slow-rollback": slow_rollback,
    "real-rollback": real_rollback,
    "throughput": throughput,
    "visitors": visitors,
    "nothing": nothing,
    "backup": backup,
    "restore": restore,
    "far": far,
    "list": listing,
}
