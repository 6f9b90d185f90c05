"""A slot of several web processes behind a real nginx: shared among them, and none that is not there is missed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.nginx import App, Nginx
from tests.support.ports import free_port, free_ports
from tests.unit.templates.conftest import PROBE, Hosted, configured
from tests.unit.templates.test_uploads import BODY, Upload, hangs_up
from windlass.plans import texts


class Wide:
    """Which of its processes run is up to the test."""

    def __init__(self, root: Path, nginx: Nginx) -> None:
        ports = free_ports(3)[0], free_ports(3)[0]
        config = configured("shop", root, nginx, ports, {"listen": free_port()})
        self.config = config.model_copy(update={"web": config.web.model_copy(update={"instances": 3})})
        (root / "run").mkdir(parents=True)
        (root / "run/green.off").touch()
        self.site = Path(config.nginx.site)
        self.site.write_text(texts.site(self.config, ipv6=False).text)
        self.apps: list[App] = []
        self.nginx = nginx
        # With the names that the tests of uploads know.
        self.hosted = Hosted(self.config, root, *[App(slot, 0) for slot in ("blue", "green")])
        self.apps += [self.hosted.blue, self.hosted.green]

    def run(self, slot: str, *numbers: int) -> list[App]:
        ports = self.config.ports("green" if slot == "green" else "blue")
        found = [App(f"{slot} {number}", ports[number]) for number in numbers]
        self.apps += found
        return found

    def end(self) -> None:
        for app in self.apps:
            app.stop()


@pytest.fixture
def wide(tmp_path: Path, nginx: Nginx) -> Iterator[Wide]:
    """An app with three web processes a slot, none of which runs yet."""
    found = Wide(tmp_path / "shop", nginx)
    yield found
    found.end()


def test_requests_are_shared_and_the_probe_is_told_by_whom(wide: Wide) -> None:
    apps = wide.run("blue", 0, 1, 2)
    wide.nginx.start()
    told = {wide.hosted.ask().headers["x-windlass-upstream"] for _ in range(12)}
    assert told == {f"127.0.0.1:{port}" for port in wide.config.ports("blue")}
    assert [len(app.seen) for app in apps] == [4, 4, 4]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_the_only_one_that_runs_answers_whatever_is_asked(wide: Wide, method: str) -> None:
    (app,) = wide.run("blue", 1)
    wide.nginx.start()
    answers = [wide.hosted.ask(method=method, body=b"x") for _ in range(20)]
    assert {answer.status for answer in answers} == {200}
    assert len(app.seen) == 20
    assert wide.hosted.ask(headers=PROBE).headers["x-windlass-upstream"].endswith(f":{app.port}")


def test_where_none_runs_visitors_get_the_page_and_are_answered_at_once_when_one_does(wide: Wide) -> None:
    wide.nginx.start()
    assert {wide.hosted.ask().status for _ in range(8)} == {502}
    wide.run("blue", 2)
    assert {wide.hosted.ask().status for _ in range(8)} == {200}, (
        "nginx does not hold their absence against them"
    )


def test_an_upload_that_outlives_all_of_its_slot_goes_to_the_next(wide: Wide) -> None:
    wide.run("blue", 0, 1)
    (other,) = wide.run("green", 2)
    wide.nginx.start()
    with Upload(wide.hosted) as upload:
        wide.hosted.flip()
        for app in wide.apps[2:4]:
            app.stop()
        answer = upload.finish()
    assert (answer.status, answer.text) == (200, '{"commit": "green 2"}')
    assert other.bodies == [BODY]


def test_what_a_process_died_of_is_not_sent_to_another_but_where_it_may_be(wide: Wide) -> None:
    (well,) = wide.run("blue", 1)
    with hangs_up(wide.config.port("blue")):
        wide.nginx.start()
        statuses = [wide.hosted.ask(method="POST", body=b"x").status for _ in range(8)]
        assert (statuses.count(200), statuses.count(502)) == (len(well.seen), 8 - len(well.seen))
        assert 502 in statuses
        assert {wide.hosted.ask().status for _ in range(8)} == {200}
