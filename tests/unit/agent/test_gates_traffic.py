"""The gates `answers_through_nginx` and `soak`, with the site's template in a real nginx."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.nginx import Nginx, ask
from tests.support.ports import free_port, free_ports
from tests.support.processes import run, wait_until
from tests.unit.agent.apps import App, Apps
from windlass import gates
from windlass.agent import proc, sight
from windlass.agent.calls import call
from windlass.agent.failure import GateFailed
from windlass.agent.gates import GATES
from windlass.config.model import Config
from windlass.facts import visitors
from windlass.layout import Slot
from windlass.manifest import as_text, manifest_of
from windlass.plan import Gate
from windlass.plans import texts
from windlass.question import Answer


@dataclass
class Site:
    """An installed site with both slots and a real nginx before them."""

    config: Config
    apps: Apps
    nginx: Nginx

    @property
    def log(self) -> Path:
        return Path(self.config.nginx.access_log)

    def start(self, slot: Slot, release: str = "0001-abc1234", **options: Any) -> App:
        return self.apps.start(release=release, port=self.config.port(slot), **options).wait_until_listening()

    def live(self, slot: Slot) -> None:
        green = Path(self.config.layout.green)
        green.touch() if slot == "green" else green.unlink(missing_ok=True)

    def visit(self, times: int, path: str = "/") -> list[int]:
        return [ask(self.config.nginx.listen, path).status for _ in range(times)]

    def soak(self, **arguments: Any) -> None:
        gate = gates.soak(self.config, "green", "0001-abc1234")
        pid_files = [f"{self.apps.run}/web-[0-9]*.pid"]
        GATES["soak"]({**gate.arguments, "pid_files": pid_files, "seconds": 1.2, **arguments})


def check(gate: Gate, **arguments: Any) -> None:
    GATES[gate.name]({**gate.arguments, **arguments})


def refusal(gate: Gate, **arguments: Any) -> str:
    with pytest.raises(GateFailed) as refused:
        check(gate, **{"timeout": 1, **arguments})
    return str(refused.value)


def configuration(root: Path, **nginx: Any) -> Config:
    return Config.model_validate(
        {
            "app": {"name": "shop", "repository": "git@example.org:shop.git", "root": str(root)},
            "web": {"ports": [free_port(), free_port()]},
            "health": {"path": "/health"},
            "nginx": {"listen": free_port(), "access_log": str(root / "access.log"), **nginx},
        }
    )


@pytest.fixture
def site(apps: Apps, tmp_path: Path) -> Iterator[Site]:
    yield from serve(configuration(tmp_path), apps, tmp_path)


def serve(config: Config, apps: Apps, root: Path) -> Iterator[Site]:
    nginx = Nginx(root / "nginx")
    (nginx.folder / "conf.d/shop.conf").write_text(texts.site(config, ipv6=False).text)
    nginx.start()
    yield Site(config, apps, nginx)
    nginx.stop()


@contextmanager
def later(seconds: float, action: Callable[..., object], *arguments: object) -> Iterator[None]:
    """Have something happen while the gate watches; it has ended when the block has."""
    timer = threading.Timer(seconds, action, arguments)
    timer.start()
    try:
        yield
    finally:
        timer.join()


def test_the_live_slot_answers_through_nginx(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.start("green")
    site.live("green")
    check(gates.through_nginx(site.config, "green"))
    assert f"200 from 127.0.0.1:{site.config.port('green')}" in capsys.readouterr().out


def test_a_slot_is_reached_before_it_is_live(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.start("blue")
    gate = gates.through_nginx(site.config, "green", ahead=True)
    assert "gives status 502" in refusal(gate)
    site.start("green")
    check(gate)
    assert f"200 from 127.0.0.1:{site.config.port('green')}" in capsys.readouterr().out
    run(["bash", "-euo", "pipefail", "-c", gate.by_hand.text]).check()
    elsewhere = site.config.model_copy(
        update={"web": site.config.web.model_copy(update={"ports": (free_port(), free_port())})}
    )
    reason = refusal(gates.through_nginx(elsewhere, "green", ahead=True))
    assert f"nginx answers from 127.0.0.1:{site.config.port('green')}, not from" in reason


def test_a_site_of_an_earlier_windlass_is_no_reason_to_stop(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    installed = Path(site.config.nginx.access_log).parent / "nginx/conf.d/shop.conf"
    installed.write_text(
        "".join(line for line in installed.read_text().splitlines(True) if "X-Windlass-Slot $" not in line)
    )
    site.start("blue")
    site.nginx.reload()
    check(gates.through_nginx(site.config, "green", ahead=True))
    assert capsys.readouterr().out.startswith("warning: whether nginx reaches green is not known")


def test_what_a_person_would_type_agrees_with_the_gate(site: Site) -> None:
    site.start("green")
    by_hand = ["bash", "-euo", "pipefail", "-c", gates.through_nginx(site.config, "green").by_hand.text]
    assert subprocess.run(by_hand, check=False).returncode != 0
    site.live("green")
    assert subprocess.run(by_hand, check=False).returncode == 0


def test_the_health_gate_can_be_typed_by_hand(site: Site) -> None:
    app = site.start("blue")
    config = site.config
    gate = gates.healthy(config, config.layout, "blue", "0001-abc1234", "abc1234" + "0" * 33, known=False)
    typed = ["bash", "-euo", "pipefail", "-c", gate.by_hand.text]
    done = subprocess.run(typed, check=True, capture_output=True, text=True)
    assert done.stdout.startswith("ok")
    assert f"pid={app.pid}" in done.stdout


def test_the_answer_of_the_other_slot_is_refused(site: Site) -> None:
    site.start("blue")
    reason = refusal(gates.through_nginx(site.config, "green"))
    assert f"nginx answers from 127.0.0.1:{site.config.port('blue')}, not from" in reason


def test_a_cutover_that_shows_a_moment_later_is_waited_for(site: Site) -> None:
    site.start("blue")
    site.start("green", release="0002-def5678")
    with later(0.5, site.live, "green"):
        check(gates.through_nginx(site.config, "green"))


def test_behind_the_maintenance_page_the_app_is_still_seen(site: Site) -> None:
    site.start("green")
    site.live("green")
    Path(site.config.layout.maintenance).touch()
    assert site.visit(1) == [503]
    check(gates.through_nginx(site.config, "green"))


def test_an_app_that_fails_behind_nginx_is_refused_with_its_answer(site: Site) -> None:
    site.start("green", status=500, body="no database")
    site.live("green")
    assert "gives status 500, body: no database" in refusal(gates.through_nginx(site.config, "green"))


def test_an_answer_that_comes_and_goes_is_refused(site: Site) -> None:
    site.start("green", cycle=[200, 200, 500])
    site.live("green")
    assert "gives status 500" in refusal(gates.through_nginx(site.config, "green"), timeout=1.5)


def test_a_slot_where_nothing_runs_is_refused(site: Site) -> None:
    site.live("green")
    assert "gives status 502" in refusal(gates.through_nginx(site.config, "green"))


def test_another_site_on_the_port_is_told_from_windlass_own(site: Site) -> None:
    stranger = site.apps.stranger(free_port())
    reason = refusal(gates.through_nginx(site.config, "green"), port=stranger.port)
    assert "is not Windlass's site" in reason
    assert "`fab nginx.install`" in reason


def test_an_nginx_that_is_down_is_said_to_be(site: Site) -> None:
    port = free_port()
    reason = refusal(gates.through_nginx(site.config, "green"), port=port)
    assert reason == f"nginx does not answer on port {port}: connection refused"


def test_a_site_with_tls_is_asked_by_its_name(apps: Apps, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=shop.example"]
    subprocess.run([*make, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    tls = {"certificate": str(certificate), "certificate_key": str(key), "listen_tls": free_port()}
    config = configuration(tmp_path, server_names=["shop.example"], **tls)
    for site in serve(config, apps, tmp_path):
        site.start("blue")
        gate = gates.through_nginx(config, "blue")
        check(gate)
        subprocess.run(["bash", "-euo", "pipefail", "-c", gate.by_hand.text], check=True)


def test_a_quiet_soak_passes_and_counts_visitors(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.start("green")
    site.live("green")
    with later(0.3, site.visit, 20):
        site.soak()
    assert "watched for 1.2 s: 20 requests, 0 server errors" in capsys.readouterr().out


def test_a_storm_of_server_errors_ends_the_soak(site: Site) -> None:
    site.start("green", broken="/broken")
    site.live("green")
    with (
        later(0.5, site.visit, 20, "/broken"),
        pytest.raises(GateFailed, match=r"of \d+ requests to the new release failed with 5xx .* at /broken"),
    ):
        site.soak(seconds=10)


def test_few_errors_among_many_requests_are_allowed(site: Site) -> None:
    site.start("green")
    site.live("green")
    site.log.touch()
    with later(0.3, _append, site, "green", [200] * 500 + [500] * 10):
        site.soak()


def test_fewer_errors_than_the_least_number_are_allowed(site: Site) -> None:
    site.start("green")
    site.live("green")
    with later(0.3, _append, site, "green", [500] * 4):
        site.soak()


def test_errors_that_were_usual_before_do_not_condemn_the_release(site: Site) -> None:
    site.start("green")
    site.live("green")
    _append(site, "blue", [200, 200, 200, 500] * 25)
    with later(0.3, _append, site, "green", [200, 200, 500] * 10):
        site.soak()


def test_twice_the_usual_errors_condemn_it(site: Site) -> None:
    site.start("green")
    site.live("green")
    _append(site, "blue", [200, 200, 200, 500] * 25)
    with (
        later(0.3, _append, site, "green", [200, 500, 500] * 10),
        pytest.raises(GateFailed, match=r"20 of 30 requests .* allowed are 50 %"),
    ):
        site.soak()


def test_errors_of_an_earlier_release_on_the_same_slot_were_not_usual(site: Site) -> None:
    site.start("green")
    _append(site, "green", [500] * 100)
    _append(site, "blue", [200] * 100)
    with (
        later(0.3, _append, site, "green", [200, 500] * 10),
        pytest.raises(GateFailed, match=r"10 of 20 requests"),
    ):
        site.soak()


def test_errors_of_the_old_slot_do_not_condemn_the_new(site: Site) -> None:
    site.start("green")
    site.live("green")
    with later(0.3, _append, site, "blue", [500] * 30):
        site.soak()


def test_errors_after_a_rotation_are_counted(site: Site) -> None:
    site.start("green")
    site.live("green")

    def rotate() -> None:
        site.log.rename(site.log.with_suffix(".1"))
        _append(site, "green", [500] * 10)

    with later(0.5, rotate), pytest.raises(GateFailed, match=r"10 of 10 requests"):
        site.soak(seconds=5)


def test_a_restart_ends_the_soak(site: Site) -> None:
    app = site.apps.supervise(port=site.config.port("green")).wait_until_listening()
    first = proc.from_pid_files(app.pid_files)[0].pid
    with (
        later(0.7, os.kill, first, 9),
        pytest.raises(GateFailed, match=r"does not run any more|was restarted|ended"),
    ):
        site.soak(seconds=10)


def test_a_process_that_takes_over_without_a_gap_ends_the_soak(site: Site) -> None:
    first = site.start("green", shared=True)
    site.start("green", shared=True, number=1)
    wait_until(lambda: len(proc.listeners(first.port)) == 2, 10, "the second does not listen")
    with later(0.7, first.kill), pytest.raises(GateFailed, match=r"was restarted|ended"):
        site.soak(seconds=10)


def test_a_release_that_stops_answering_ends_the_soak(site: Site) -> None:
    app = site.start("green")
    with (
        later(0.5, lambda: app.behave(status=500, body="pool exhausted")),
        pytest.raises(GateFailed, match=r"pool exhausted \(3 times in a row\)"),
    ):
        site.soak(seconds=20)


def test_a_single_bad_health_answer_does_not_end_the_soak(site: Site) -> None:
    app = site.start("green")
    with later(0.5, lambda: app.behave(status=500)), later(1.5, lambda: app.behave(status=200)):
        site.soak(seconds=2.2)


def test_without_a_log_the_soak_warns_once_and_watches_the_process(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.start("green")
    site.soak(access_log="/nonexistent/access.log")
    out = capsys.readouterr().out
    said = "warning: 5xx answers are not counted: /nonexistent/access.log: No such file or directory"
    assert out.count(said) == 1
    assert "requests are not counted" in out


def test_a_soak_without_a_visitor_is_not_blind(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.start("green")
    site.live("green")
    site.soak()
    out = capsys.readouterr().out
    assert "warning" not in out
    assert "0 requests, 0 server errors" in out


def test_a_log_that_is_not_the_sites_is_warned_of(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.log"
    other.touch()
    site.start("green")
    site.live("green")
    site.soak(access_log=str(other))
    out = capsys.readouterr().out
    assert f"warning: 5xx answers are not counted: {other}: what nginx answers is not in it" in out
    assert "requests are not counted" in out


def test_a_log_of_another_format_is_warned_of(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    installed = site.nginx.folder / "conf.d/shop.conf"
    installed.write_text(installed.read_text().replace(" shop_json;", " combined;"))
    site.nginx.reload()
    site.start("green")
    site.live("green")
    site.soak()
    out = capsys.readouterr().out
    assert f"warning: 5xx answers are not counted: {site.log}: its lines are not of the format" in out


def test_a_look_says_whether_the_log_tells_of_it(site: Site, tmp_path: Path) -> None:
    site.start("blue")
    through = gates.through_nginx(site.config, "blue").arguments
    reply, problem = sight.look(str(site.log), through, 2)
    assert (reply.status, problem) == (200, "")
    (tmp_path / "other.log").touch()
    assert "is not in it" in sight.look(str(tmp_path / "other.log"), through, 2)[1]
    missing = sight.look(str(tmp_path / "none.log"), through, 2)[1]
    assert missing == f"{tmp_path}/none.log: No such file or directory"
    _, problem = sight.look(str(site.log), {**through, "port": free_port()}, 2)
    assert problem == "", "of an nginx that does not answer, its log says nothing"


def test_who_may_not_read_the_log_is_told_what_helps() -> None:
    text = sight.unreadable("/var/log/nginx/x.log", PermissionError(13, "Permission denied"))
    assert text.startswith("/var/log/nginx/x.log: Permission denied: `sudo usermod -aG adm ")


def _append(site: Site, slot: Slot, statuses: list[int], number: int = 0) -> None:
    upstream = f"127.0.0.1:{site.config.ports(slot)[number]}"
    lines = [f'{{"status":"{status}","upstream_addr":"{upstream}","uri":"/page"}}\n' for status in statuses]
    with site.log.open("a") as file:
        file.write("".join(lines))


@pytest.fixture
def wide(apps: Apps, tmp_path: Path) -> Iterator[Site]:
    """A site with two web processes a slot."""
    blue, green = free_ports(2), free_ports(2)
    config = configuration(tmp_path)
    web = config.web.model_copy(update={"ports": [blue[0], green[0]], "instances": 2})
    yield from serve(config.model_copy(update={"web": web}), apps, tmp_path)


def start_both(site: Site, **options: Any) -> tuple[list[App], dict[str, Any]]:
    ports = site.config.ports("green")
    found = [
        site.apps.start(port=port, number=number, **options).wait_until_listening()
        for number, port in enumerate(ports)
    ]
    told = [
        {"port": port, "pid_files": [f"{site.apps.run}/web-{number}.pid"]}
        for number, port in enumerate(ports)
    ]
    return found, {"instances": told}


def test_what_any_of_several_answers_is_the_slots(wide: Site, capsys: pytest.CaptureFixture[str]) -> None:
    (_, second), both = start_both(wide)
    wide.live("green")
    check(gates.through_nginx(wide.config, "green"))
    with later(0.3, wide.visit, 20):
        wide.soak(**both)
    assert "watched for 1.2 s: 20 requests, 0 server errors" in capsys.readouterr().out
    second.kill()
    check(gates.through_nginx(wide.config, "green"))
    subprocess.run(
        ["bash", "-euo", "pipefail", "-c", gates.through_nginx(wide.config, "green").by_hand.text], check=True
    )


@pytest.mark.parametrize("number", [0, 1])
def test_the_end_of_one_of_several_ends_the_soak(wide: Site, number: int) -> None:
    found, both = start_both(wide)
    wide.live("green")
    with (
        later(0.7, found[number].kill),
        pytest.raises(GateFailed, match=r"does not run any more|was restarted|ended"),
    ):
        wide.soak(seconds=10, **both)


@pytest.mark.parametrize("number", [0, 1])
def test_errors_of_any_of_several_count(wide: Site, number: int) -> None:
    _, both = start_both(wide)
    wide.live("green")
    with (
        later(0.4, _append, wide, "green", [500] * 20, number),
        pytest.raises(GateFailed, match="20 of 20 requests to the new release failed"),
    ):
        wide.soak(seconds=10, **both)


def test_visitors_are_asked_for_at_the_ports_that_the_manifest_has(wide: Site) -> None:
    start_both(wide)
    wide.live("green")
    layout = wide.config.layout
    Path(layout.slot_release("green")).symlink_to("../releases/0001-abc1234")
    Path(layout.slot_manifest("green")).write_text(
        as_text(manifest_of(wide.config, "green", "0001-abc1234", "", ""))
    )
    asked = visitors.question(wide.config)
    assert asked.arguments["slots"]["green"]["port"] == wide.config.port("green")
    answer = visitors.parse(Answer(json.dumps(call("visitors", asked.arguments)), "", 0))
    assert [reply.port for reply in answer.direct] == list(wide.config.ports("green"))
    assert answer.nginx is not None
    assert (answer.unwell, answer.nginx.problem) == ("", "")
