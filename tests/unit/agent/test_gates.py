"""The gates `healthy` and `drained` against real processes on loopback ports."""

from __future__ import annotations

import os
import re
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.ports import free_port
from tests.support.processes import wait_until
from tests.unit.agent.apps import App, Apps
from windlass.agent import proc
from windlass.agent.failure import GateFailed
from windlass.agent.gates import GATES


def healthy(app: App, **arguments: Any) -> None:
    GATES["healthy"](
        {
            **app.arguments,
            "start_timeout": 8,
            "min_healthy": 0.4,
            "request_timeout": 1,
            "status": 200,
            **arguments,
        }
    )


def refusal(app: App, **arguments: Any) -> str:
    with pytest.raises(GateFailed) as refused:
        healthy(app, **arguments)
    return str(refused.value)


def test_an_app_that_answers_for_long_enough_is_healthy(
    apps: Apps, capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    healthy(apps.start(), min_healthy=0.5)
    took = time.monotonic() - began
    assert 0.5 <= took < 3
    assert "is healthy" in capsys.readouterr().out


def test_what_a_standby_has_run_for_counts_as_watched(apps: Apps) -> None:
    app = apps.start(boot=0)
    healthy(app, min_healthy=2)
    began = time.monotonic()
    healthy(app, standby=True, min_healthy=2)
    assert time.monotonic() - began < 1.5


def test_a_standby_that_was_started_anew_is_watched(apps: Apps) -> None:
    app = apps.start(boot=0)
    healthy(app, standby=True, min_healthy=1)
    started = proc.process(app.pid)
    assert started
    assert proc.age(started) >= 1


def test_a_standby_that_was_not_well_is_watched(apps: Apps) -> None:
    app = apps.start(boot=0)
    healthy(app, min_healthy=0.6)
    app.behave(status=500)
    threading.Timer(0.3, app.behave, kwargs={"status": 200}).start()
    began = time.monotonic()
    healthy(app, standby=True, min_healthy=0.6)
    assert time.monotonic() - began > 0.8


def test_what_is_gone_back_to_must_listen_and_be_the_slot_s_own(apps: Apps, tmp_path: Path) -> None:
    app = apps.start(status=503)
    GATES["listens"]({**app.arguments, "seconds": 8})
    with pytest.raises(GateFailed, match=r"not in .*/other: visitors are not sent back to it"):
        GATES["listens"]({**app.arguments, "seconds": 0.2, "cwd": str(tmp_path / "other")})
    app.kill()
    gone = {**app.arguments, "seconds": 0.2}
    with pytest.raises(GateFailed, match="nothing listens on port"):
        GATES["listens"](gone)
    (tmp_path / "stopped").touch()
    GATES["listens"]({**gone, "unless": str(tmp_path / "stopped")})


def test_an_app_that_warms_up_with_503_is_waited_for(apps: Apps) -> None:
    app = apps.start(boot=0.3)
    app.behave(status=503)
    threading.Timer(0.6, app.behave, kwargs={"status": 200}).start()
    healthy(app)


def test_a_bad_answer_starts_the_healthy_time_anew(apps: Apps) -> None:
    app = apps.start()
    timers = [
        threading.Timer(0.4, app.behave, kwargs={"status": 500}),
        threading.Timer(0.7, app.behave, kwargs={"status": 200}),
    ]
    began = time.monotonic()
    for timer in timers:
        timer.start()
    healthy(app, min_healthy=0.8)
    assert time.monotonic() - began >= 0.7 + 0.8


def test_a_stranger_who_answers_200_on_the_port_is_not_believed(apps: Apps) -> None:
    stranger = apps.stranger(free_port())
    began = time.monotonic()
    reason = refusal(apps.start(port=stranger.port, never_listen=True))
    assert f"(pid {stranger.pid})" in reason
    assert "not by the started process" in reason
    assert time.monotonic() - began < 5


def test_a_stranger_is_named_while_the_new_process_fails_to_bind_again_and_again(apps: Apps) -> None:
    stranger = apps.stranger(free_port())
    reason = refusal(apps.supervise(port=stranger.port))
    assert f"(pid {stranger.pid})" in reason


def test_a_stranger_on_127_0_0_1_is_found_behind_the_apps_own_v6_listener(apps: Apps) -> None:
    port = free_port()
    stranger = apps.stranger(port)
    app = apps.start(port=port, address="::1")
    wait_until(lambda: len(proc.listeners(port)) == 2, 10, "the app does not listen")
    assert f"(pid {stranger.pid})" in refusal(app)


def test_an_app_on_another_address_than_the_one_nginx_asks_is_refused(apps: Apps) -> None:
    reason = refusal(apps.start(address="::1").wait_until_listening(), start_timeout=0.3)
    assert "::1 only" in reason


def test_a_process_of_the_old_release_is_not_the_new_one(apps: Apps) -> None:
    app = apps.start(release="0001-abc1234")
    reason = refusal(app, cwd=str(apps.folder("0002-def5678")))
    assert f"runs in {app.folder}, not in {apps.folder('0002-def5678')}" in reason


def test_a_release_whose_name_begins_the_same_is_another_one(apps: Apps) -> None:
    app = apps.start(release="0001-abc12345")
    assert "not in" in refusal(app, cwd=str(apps.folder("0001-abc1234")))


def test_a_release_whose_directory_was_deleted_is_refused(apps: Apps) -> None:
    app = apps.start(release="0001-abc1234").wait_until_listening()
    app.folder.rmdir()
    assert "(deleted), not in" in refusal(app)


def test_a_standalone_app_below_the_release_is_healthy(apps: Apps) -> None:
    healthy(apps.start(inside=".next/standalone"))


def test_a_release_reached_through_a_link_is_the_same(apps: Apps, tmp_path: Path) -> None:
    app = apps.start()
    (tmp_path / "current").symlink_to(app.folder)
    healthy(app, cwd=str(tmp_path / "current"))


def test_a_descendant_of_the_started_process_is_healthy(apps: Apps) -> None:
    app = apps.supervise()
    wrapper = apps.run / "wrapper.pid"
    wrapper.write_text(str(app.pid))
    healthy(app, pid_files=[str(wrapper)])


def test_an_app_that_dies_each_time_before_it_was_watched_for_long_is_refused(apps: Apps) -> None:
    reason = refusal(apps.supervise(die_after=0.6), min_healthy=1.2, start_timeout=30)
    assert "restarted 3 times" in reason


def test_a_restart_starts_the_healthy_time_anew(apps: Apps) -> None:
    app = apps.supervise()
    began = time.monotonic()
    wait_until(lambda: bool(proc.from_pid_files(app.pid_files)), 10, "not started")
    first = proc.from_pid_files(app.pid_files)[0].pid
    threading.Timer(0.6, os.kill, (first, 9)).start()
    healthy(app, min_healthy=0.8)
    assert time.monotonic() - began >= 0.6 + 0.8


def test_a_process_that_takes_over_without_a_gap_starts_the_healthy_time_anew(apps: Apps) -> None:
    first = apps.start(shared=True).wait_until_listening()
    apps.start(shared=True, port=first.port, number=1)
    wait_until(lambda: len(proc.listeners(first.port)) == 2, 10, "the second does not listen")
    timer = threading.Timer(0.6, first.kill)
    began = time.monotonic()
    timer.start()
    healthy(first, min_healthy=0.8)
    assert time.monotonic() - began >= 0.6 + 0.8
    timer.join()


def test_an_app_that_crashes_at_start_is_refused_long_before_the_start_timeout(apps: Apps) -> None:
    began = time.monotonic()
    assert "restarted 3 times" in refusal(apps.supervise(crash=True), start_timeout=60)
    assert time.monotonic() - began < 10


def test_an_app_that_ends_for_good_is_refused_long_before_the_start_timeout(apps: Apps) -> None:
    began = time.monotonic()
    reason = refusal(apps.start(die_after=0.5), start_timeout=60, min_healthy=5)
    assert "ended and did not come back" in reason
    assert time.monotonic() - began < 10


def test_an_app_that_hangs_is_refused_with_the_time_it_was_given(apps: Apps) -> None:
    app = apps.start(delay=30).wait_until_listening()
    reason = refusal(app, start_timeout=0.6, request_timeout=0.4)
    assert "not healthy after 0.6 s: /health gives no answer within 0.4 s" in reason


def test_an_answer_that_comes_byte_by_byte_is_bounded_as_a_whole(apps: Apps) -> None:
    app = apps.start(drip=0.3, body="x" * 100).wait_until_listening()
    began = time.monotonic()
    reason = refusal(app, start_timeout=0.3, request_timeout=0.6)
    assert re.search("no (whole )?answer within 0.6 s", reason)
    assert time.monotonic() - began < 5


def test_an_app_that_answers_500_is_refused_with_what_it_said(apps: Apps) -> None:
    app = apps.start(status=500, body="relation\n  does not exist").wait_until_listening()
    reason = refusal(app, start_timeout=0.3)
    assert "status 500, body: relation does not exist" in reason


def test_a_redirect_is_not_followed(apps: Apps) -> None:
    reason = refusal(apps.start(status=302, location="/login").wait_until_listening(), start_timeout=0.3)
    assert "status 302" in reason
    assert "/login" in reason


def test_an_app_that_never_listens_is_refused_after_the_start_timeout(apps: Apps) -> None:
    app = apps.start(never_listen=True)
    assert refusal(app, start_timeout=1) == f"not healthy after 1 s: nothing listens on port {app.port}"


REVISION = "abc1234" + "0" * 33


@pytest.mark.parametrize("body", [f'{{"commit": "{REVISION}"}}', '{"commit": "abc1234"}'])
def test_the_expected_revision_may_be_abbreviated(apps: Apps, body: str) -> None:
    healthy(apps.start(body=body), revision_key="commit", revision=REVISION)


def test_the_revision_may_lie_deeper_in_the_answer(apps: Apps) -> None:
    healthy(apps.start(body='{"build": {"rev": "abc1234"}}'), revision_key="build.rev", revision=REVISION)


@pytest.mark.parametrize(
    "body", ['{"commit": "def5678"}', '{"commit": "abc"}', '{"commit": null}', "ok", "[]"]
)
def test_another_revision_is_refused(apps: Apps, body: str) -> None:
    app = apps.start(body=body).wait_until_listening()
    reason = refusal(app, start_timeout=0.3, revision_key="commit", revision=REVISION)
    assert "under 'commit', not abc123400000" in reason


def test_a_drained_port_passes_at_once(apps: Apps) -> None:
    app = apps.start().wait_until_listening()
    began = time.monotonic()
    GATES["drained"]({"ports": [app.port], "seconds": 10})
    assert time.monotonic() - began < 1


def test_a_slow_drain_ends_with_its_last_connection(apps: Apps, capsys: pytest.CaptureFixture[str]) -> None:
    app = apps.start().wait_until_listening()
    client = socket.create_connection(("127.0.0.1", app.port))
    wait_until(lambda: proc.established(app.port) == 1, 5, "not connected")
    threading.Timer(0.5, client.close).start()
    began = time.monotonic()
    GATES["drained"]({"ports": [app.port], "seconds": 10})
    assert 0.4 < time.monotonic() - began < 5
    assert f"1 open on port {app.port}" in capsys.readouterr().out


def test_a_drain_that_never_ends_says_how_many_are_left(apps: Apps) -> None:
    app = apps.start().wait_until_listening()
    with socket.create_connection(("127.0.0.1", app.port)), socket.create_connection(("127.0.0.1", app.port)):
        wait_until(lambda: proc.established(app.port) == 2, 5, "not connected")
        with pytest.raises(GateFailed, match=f"2 connections were still open on port {app.port} after 0.5 s"):
            GATES["drained"]({"ports": [app.port], "seconds": 0.5})


def several(apps: Apps, *options: dict[str, Any]) -> tuple[list[App], dict[str, Any]]:
    """A slot's web processes, each with a pid file of its own, and what a gate is told of them."""
    found = [apps.start(number=number, **each) for number, each in enumerate(options)]
    for number, app in enumerate(found):
        app.pid_files = [f"{apps.run}/web-{number}.pid"]
    return found, {"instances": [{"port": app.port, "pid_files": app.pid_files} for app in found]}


def test_each_of_several_is_healthy_by_itself(apps: Apps, capsys: pytest.CaptureFixture[str]) -> None:
    (first, slow), both = several(apps, {}, {"boot": 0.6})
    healthy(first, **both)
    said = capsys.readouterr().out
    assert f"port {slow.port}: nothing listens" in said
    assert [f"is healthy on port {app.port}" in said for app in (first, slow)] == [True, True]


def test_one_of_several_that_is_not_well_is_named(apps: Apps) -> None:
    (first, sick), both = several(apps, {}, {"status": 500, "body": "no database"})
    reason = refusal(first, **both, start_timeout=1)
    assert reason.startswith(f"port {sick.port}: not healthy after 1 s")
    assert "no database" in reason


def test_one_of_several_that_ends_while_another_is_still_watched_is_seen(apps: Apps) -> None:
    (short, _), both = several(apps, {}, {"boot": 4})
    threading.Timer(1, short.kill).start()
    reason = refusal(short, **both, min_healthy=0.3)
    assert reason.startswith(f"port {short.port}: the started process ended and did not come back")


def test_a_process_of_several_on_the_port_of_another_is_a_stranger_there(apps: Apps) -> None:
    (first, second), both = several(apps, {}, {})
    both["instances"][0]["pid_files"], both["instances"][1]["pid_files"] = second.pid_files, first.pid_files
    assert "not by the started process" in refusal(first, **both)


def test_several_are_gone_back_to_where_some_of_them_listen(
    apps: Apps, capsys: pytest.CaptureFixture[str]
) -> None:
    app, lost = apps.start().wait_until_listening(), free_port()
    both = {**app.arguments, "seconds": 8, "instances": [{"port": lost}, {"port": app.port}]}
    began = time.monotonic()
    GATES["listens"](both)
    assert 1.5 < time.monotonic() - began < 5, "the others have a little time, and not all of it"
    assert f"warning: nothing listens on port {lost}" in capsys.readouterr().out
    with pytest.raises(GateFailed, match="visitors are not sent back"):
        GATES["listens"]({**both, "seconds": 0.2, "instances": [{"port": lost}, {"port": free_port()}]})


def test_a_connection_to_any_of_the_ports_keeps_a_drain_waiting(apps: Apps) -> None:
    first, second = apps.start().wait_until_listening(), apps.start(number=1).wait_until_listening()
    with socket.create_connection(("127.0.0.1", second.port)):
        wait_until(lambda: proc.established(second.port) == 1, 5, "not connected")
        with pytest.raises(GateFailed, match="1 connection was still open"):
            GATES["drained"]({"ports": [first.port, second.port], "seconds": 0.3})
