"""What `fab status` warns of: one warning for each thing that does not fit, none on a host in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.unit import made
from windlass.facts.system import Listener, Pm2List, Pm2Process, Space, SystemFigures
from windlass.facts.visitors import Visitors
from windlass.manifest import manifest_of
from windlass.plans.warnings import Seen, occupied, warnings

LIVE = "0002-bbbbbbb"
CONFIG = made.config(processes={"worker": {"script": "worker.js"}})
FOLDER = f"/srv/shop/releases/{LIVE}"
NOW = 1_800_000_000.0
FIGURES = SystemFigures((0.1,), 2, 3.0, Space(8, 4), Space(0, 0), {"/srv/shop": Space(100, 50)}, 100.0)


def run(number: int, records: Iterable[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """The records as one run's, as the agent writes them."""
    return tuple({**record, "run": f"r{number}", "who": "ana", "what": "deploy"} for record in records)


def process(name: str, **parts: Any) -> Pm2Process:
    return replace(Pm2Process(name, "shop", 100, 0, "online", 0, NOW - 60, FOLDER), **parts)


WELL = run(2, made.went_well(LIVE))


def well(**parts: Any) -> Seen:
    state = made.live(LIVE, now=NOW, user="deploy", owner="deploy", records=WELL)
    running = Pm2List(True, (process("shop-blue"), process("shop-blue-worker")))
    return replace(Seen("deploy@h", state, running, FIGURES, Visitors(), "", NOW), **parts)


def with_state(**parts: Any) -> Seen:
    return well(state=replace(well().state, **parts))


def with_processes(*found: Pm2Process) -> Seen:
    return well(pm2=Pm2List(True, found))


def test_a_host_in_order_has_no_warnings() -> None:
    assert warnings(CONFIG, well()) == []


def test_a_host_where_nothing_was_ever_deployed_has_none_either() -> None:
    fresh = made.state(now=NOW, user="deploy")
    assert warnings(CONFIG, well(state=fresh, pm2=Pm2List(False))) == []


STARTED = manifest_of(
    made.config(web={"args": ["-x"]}, processes={"worker": {"script": "w.js"}}),
    "blue",
    LIVE,
    "b" * 40,
    "/usr/bin",
)
BOTH = (process("shop-blue"), process("shop-blue-worker"))


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (well(drift="the site is missing"), "nginx: the site is missing: fab nginx.install -H root@h"),
        (well(visitors=Visitors(log="/var/log/x: Permission denied")), "get: /var/log/x: Permission denied"),
        (with_state(current=""), "`current` is missing"),
        (with_state(current="0001-aaaaaaa"), "`current` names 0001-aaaaaaa, and visitors get 0002-bbbbbbb"),
        (with_state(releases=()), "releases/0002-bbbbbbb is not there"),
        (with_state(unenterable="/srv"), "/srv may not be entered by others"),
        (with_state(now=NOW + 3600), "the server's clock is 3600 s ahead of this machine's"),
        (with_state(now=NOW - 90), "the server's clock is 90 s behind this machine's"),
        (with_state(user="ann"), "you are ann, the app is deploy's"),
        (well(pm2=Pm2List(False)), "pm2's daemon is not running: fab restart"),
        (well(pm2=Pm2List(True, (), "pm2 is not on the PATH")), "pm2: pm2 is not on the PATH"),
        (with_processes(BOTH[1]), "shop-blue is missing under pm2"),
        (with_processes(process("shop-blue", status="errored"), BOTH[1]), "shop-blue is errored under pm2"),
        (with_processes(process("shop-blue", cwd="/srv/shop/releases/0001-aaaaaaa"), BOTH[1]),
         "shop-blue runs in /srv/shop/releases/0001-aaaaaaa, not in the live release"),
        (with_processes(BOTH[0]), "shop-blue-worker is missing under pm2"),
        (with_processes(BOTH[0], process("shop-blue-worker", restarts=7, since=NOW - 3)),
         "shop-blue-worker keeps ending: pm2 has restarted it 7 times, the last time 3 s ago"),
        (with_state(manifests={"blue": STARTED}), "started ([web] args; [processes.worker] script): fab restart"),
        (with_processes(*BOTH, process("shop-green")), "shop-green runs and should not"),
        (well(figures=None), "the server's figures could not be read"),
        (well(figures=replace(FIGURES, hint="apt-get install x")), "without psutil: apt-get install x"),
        (well(figures=replace(FIGURES, disks={"/srv": Space(100, 5)})), "the disk of /srv is 95 % full"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(seen: Seen, said: str) -> None:
    [warning] = warnings(CONFIG, seen)
    assert said in warning


def test_who_was_restarted_long_ago_or_once_is_no_warning() -> None:
    settled, once = (
        process("shop-blue", restarts=9, since=NOW - 3600),
        process("shop-blue", restarts=1, since=NOW),
    )
    for one in (settled, once):
        assert warnings(CONFIG, with_processes(one, BOTH[1])) == []


def test_a_run_that_did_not_finish_is_said_unless_it_still_runs() -> None:
    records = (*WELL, *run(3, [made.record("start", "0003-ccccccc", LIVE)]))
    past = made.past(records)
    [warning] = warnings(CONFIG, with_state(past=past))
    assert "deploy by ana" in warning
    assert "did not finish" in warning
    assert warnings(CONFIG, with_state(past=past, lock={"held": True, "run": "r3"})) == []


def test_while_a_deploy_runs_its_own_traces_are_no_warnings() -> None:
    seen = with_state(lock={"held": True}, current="0001-aaaaaaa")
    assert warnings(CONFIG, replace(seen, pm2=Pm2List(True, (*BOTH, process("shop-green"))))) == []


def test_a_warm_standby_is_no_warning() -> None:
    seen = with_state(standby="", slots={"blue": LIVE, "green": "0001-aaaaaaa"})
    assert warnings(CONFIG, replace(seen, pm2=Pm2List(True, (*BOTH, process("shop-green"))))) == []


def test_of_a_stopped_app_no_process_is_missed() -> None:
    assert warnings(CONFIG, replace(with_state(stopped="by ana"), pm2=Pm2List(True))) == []


def test_a_live_release_that_is_bad_is_said() -> None:
    wrong = run(3, made.went_wrong(LIVE, LIVE, "needs-person"))
    [warning] = warnings(CONFIG, with_state(past=made.past([*WELL, *wrong])))
    assert "marked bad" in warning


def test_an_env_file_that_changed_since_is_said_and_one_that_cannot_be_read_is_not() -> None:
    past = made.past(run(2, made.went_well(LIVE, env=3)))
    [warning] = warnings(CONFIG, with_state(past=past, env_version=4))
    assert ".env has changed since 0002-bbbbbbb went live (now version 4)" in warning
    [warning] = warnings(CONFIG, with_state(past=past, env_version=0))
    assert "(now edited by hand)" in warning
    assert warnings(CONFIG, with_state(past=past, env_version=3)) == []
    assert warnings(CONFIG, with_state(past=past, env_version=None)) == []


def test_a_stranger_on_a_port_that_the_next_deploy_needs_is_named() -> None:
    ours, stranger = (
        Listener(3000, "127.0.0.1", "deploy", 5, "node"),
        Listener(3001, "127.0.0.1", "bob", 0, ""),
    )
    [said] = occupied(CONFIG, well().state, [ours, stranger])
    assert said == "port 3001 is for green, and a process of bob listens there"
    during = replace(well().state, lock={"held": True})
    assert list(occupied(CONFIG, during, [ours, stranger])) == []
