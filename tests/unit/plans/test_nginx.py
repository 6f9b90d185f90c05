"""Installing the site: the plan's own text, run by bash against a real nginx."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.nginx import PATH, App, Nginx, ask
from tests.support.ports import free_port, free_ports
from tests.support.processes import Completed, run, wait_until
from windlass.config.model import Config
from windlass.errors import NotReady, Refused
from windlass.facts import Answer, Question
from windlass.facts.nginx import NginxFacts, NginxRights, nginx, rights
from windlass.layout import SLOTS
from windlass.plan import Plan, Step
from windlass.plans.nginx import astray, difference, install, miscounted
from windlass.shell import Command

OTHER_SITE = "server {{ listen 127.0.0.1:{port}; return 200 other; }}\n"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Nginx]:
    server = Nginx(tmp_path / "nginx")
    (server.folder / "conf.d/other.conf").write_text(OTHER_SITE.format(port=free_port()))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def config(tmp_path: Path, server: Nginx) -> Config:
    (tmp_path / "app/run").mkdir(parents=True)
    return configured(tmp_path, server, free_port())


def test_a_first_install_is_loaded_without_a_restart(config: Config, server: Nginx) -> None:
    plan = planned(config, server)
    assert [step.title for step in plan.stages[0].steps if step.unchanged] == []
    assert ran(plan).exit_code == 0
    facts = asked(nginx(config))
    assert difference(config, facts) == ""
    assert facts.listening
    assert facts.version.startswith("1.")
    assert ask(config.nginx.listen).status == 502  # the site is there, the app is not
    assert "Back in a moment" in ask(config.nginx.listen).text
    assert leftovers(server) == []


def test_an_install_of_the_same_site_changes_nothing(config: Config, server: Nginx) -> None:
    ran(planned(config, server)).check()
    again = planned(config, server)
    page, *rest = again.stages[0].steps
    assert page.title == "Write the maintenance page"
    assert {step.unchanged for step in rest} == {f"{config.nginx.site} is up to date"}


def test_a_changed_config_is_drift_and_is_installed(config: Config, server: Nginx, tmp_path: Path) -> None:
    ran(planned(config, server)).check()
    changed = configured(tmp_path, server, config.nginx.listen, max_body="1m")
    assert "is not what the config and the template give" in difference(changed, asked(nginx(changed)))
    ran(planned(changed, server)).check()
    # For a moment nginx's old worker accepts too, beside the new one that the plan has waited for.
    wait_until(lambda: difference(changed, asked(nginx(changed))) == "", 10, "the old site is still served")


def test_a_site_that_was_written_and_never_loaded_is_drift(config: Config, server: Nginx) -> None:
    ran(planned(config, server)).check()
    site = Path(config.nginx.site)
    text = site.read_text()
    site.unlink()
    server.reload()
    site.write_text(text)
    wait_until(lambda: asked(nginx(config)).loaded == "", 10, "nginx still serves the site")
    assert difference(config, asked(nginx(config))) == f"nginx has not loaded {site}"


def test_a_site_that_fails_the_test_is_put_back(config: Config, server: Nginx, tmp_path: Path) -> None:
    ran(planned(config, server)).check()
    before = Path(config.nginx.site).read_text()
    (tmp_path / "own").mkdir()
    (tmp_path / "own/nginx-site.conf.j2").write_text("server { listen {{ site.listen }}; nonsense on; }\n")
    failed = ran(planned(config, server, folders=[tmp_path / "own"]))
    assert failed.exit_code != 0
    assert 'unknown directive "nonsense"' in failed.stderr
    assert f"{config.nginx.site} is as it was before" in failed.stdout
    assert Path(config.nginx.site).read_text() == before
    assert difference(config, asked(nginx(config))) == ""
    assert leftovers(server) == []


def test_a_first_site_that_fails_the_test_is_removed(config: Config, server: Nginx, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own/nginx-site.conf.j2").write_text("server { nonsense on; }\n")
    assert ran(planned(config, server, folders=[tmp_path / "own"])).exit_code != 0
    assert not Path(config.nginx.site).exists()
    assert leftovers(server) == []
    assert server.command("-t").exit_code == 0


def test_a_site_that_nginx_cannot_load_is_put_back(server: Nginx, tmp_path: Path) -> None:
    stranger = App("stranger")
    config = configured(tmp_path, server, stranger.port)
    failed = ran(planned(config, server))
    stranger.stop()
    assert failed.exit_code != 0
    assert "another program may hold the port" in failed.stderr
    assert not Path(config.nginx.site).exists()


def test_recovery_puts_back_after_a_kill_at_any_step_and_may_run_again(config: Config, server: Nginx) -> None:
    site = Path(config.nginx.site)
    plan = planned(config, server)
    for reached in range(len(plan.stages[0].steps)):
        for before in (None, "# the site before\n"):
            site.unlink(missing_ok=True) if before is None else site.write_text(before)
            shell(*plan.stages[0].steps[:reached]).check()
            for _ in range(2):
                recovered = shell(*plan.recovery, strict=False)
                assert recovered.exit_code == 0, recovered
            assert (site.read_text() if site.exists() else None) == before, f"after {reached} steps"
            assert leftovers(server) == []


def test_after_a_kill_an_install_starts_from_what_was_there_before(
    config: Config, server: Nginx, tmp_path: Path
) -> None:
    ran(planned(config, server)).check()
    good = Path(config.nginx.site).read_text()
    own = tmp_path / "own"
    own.mkdir()
    (own / "nginx-site.conf.j2").write_text("server { nonsense on; }\n")
    placed = planned(config, server, folders=[own]).stages[0].steps[:2]

    shell(*placed).check()
    again = ran(planned(config, server, folders=[own]))
    assert again.exit_code != 0
    assert 'unknown directive "nonsense"' in again.stderr
    assert Path(config.nginx.site).read_text() == good

    shell(*placed).check()
    assert ran(planned(config, server)).exit_code == 0
    assert difference(config, asked(nginx(config))) == ""
    assert leftovers(server) == []


def test_recovery_leaves_a_finished_install_alone(config: Config, server: Nginx) -> None:
    plan = planned(config, server)
    ran(plan).check()
    shell(*plan.recovery, strict=False).check()
    assert difference(config, asked(nginx(config))) == ""


def test_an_older_hard_link_of_the_same_site_is_no_trouble(config: Config, server: Nginx) -> None:
    site = Path(config.nginx.site)
    site.write_text("# before\n")
    site.with_name(f".{site.name}.before").hardlink_to(site)  # killed between the link and the rename
    shell(*planned(config, server).recovery, strict=False).check()
    assert site.read_text() == "# before\n"
    assert leftovers(server) == []


def test_a_link_to_the_site_comes_back_as_a_link(config: Config, server: Nginx, tmp_path: Path) -> None:
    available, site = tmp_path / "available.conf", Path(config.nginx.site)
    available.write_text("# before\n")
    site.symlink_to(available)
    plan = planned(config, server)
    shell(*plan.stages[0].steps[:2]).check()
    assert not site.is_symlink()
    shell(*plan.recovery, strict=False).check()
    assert site.is_symlink()
    assert available.read_text() == "# before\n"


def test_a_configuration_that_was_broken_before_stops_the_install(config: Config, server: Nginx) -> None:
    (server.folder / "conf.d/other.conf").write_text("server {")
    with pytest.raises(NotReady, match=r"broken before anything was changed:\n.*other\.conf"):
        planned(config, server)


def test_without_nginx_the_package_is_named(config: Config) -> None:
    with pytest.raises(NotReady) as caught:
        install(config, facts(version=""), NginxRights("own", valid=True))
    assert caught.value.hint == "apt-get install nginx"


def test_without_rights_somebody_who_has_them_is_asked_for(config: Config) -> None:
    with pytest.raises(Refused, match="may not write"):
        install(config, facts(), NginxRights("none"))


def test_every_change_goes_through_sudo_where_that_is_the_right(config: Config) -> None:
    plan = install(config, facts(), NginxRights("sudo", valid=True))
    steps = {step.title: str(step.action) for step in (*plan.stages[0].steps, *plan.recovery)}
    for title in (f"Write {config.nginx.site}", "Put back the site that was there"):
        for line in steps[title].splitlines():
            if line.strip().split(" ")[0] in {
                "tee",
                "mv",
                "rm",
                "ln",
                "chmod",
                "nginx",
                "systemctl",
                "truncate",
            }:
                pytest.fail(f"without sudo: {line}")
    assert "sudo -n nginx -t" in steps["Test nginx's configuration"]
    assert "sudo -n systemctl reload nginx" in steps["Reload nginx"]


def test_taking_over_from_another_default_server_is_said(config: Config) -> None:
    (note,) = install(config, facts(catch_all=("/etc/nginx/x",)), NginxRights("own", valid=True)).notes
    assert "until now /etc/nginx/x does" in note


def test_the_installed_site_says_to_where_it_sends(config: Config, server: Nginx) -> None:
    assert asked(nginx(config)).upstreams == ()
    ran(planned(config, server)).check()
    seen = asked(nginx(config))
    assert dict(seen.upstreams) == {f"shop_{slot}": (f"127.0.0.1:{config.port(slot)}",) for slot in SLOTS}
    assert {str(config.layout.green), str(config.layout.stopped)} <= set(seen.flags)
    assert (seen.serves, astray(config, seen, "deploy@web1")) == (None, [])


def test_the_port_that_visitors_are_served_on_is_not_taken_from_them(
    config: Config, server: Nginx, tmp_path: Path
) -> None:
    ran(planned(config, server)).check()
    before = Path(config.nginx.site).read_text()
    Path(config.layout.slot_release("blue")).symlink_to(tmp_path)
    ports = config.port("blue"), config.port("green")
    idle, live = (
        configured(tmp_path, server, config.nginx.listen, web={"ports": list(changed)})
        for changed in ((ports[0], free_port()), (free_port(), ports[1]))
    )
    with pytest.raises(Refused, match="visitors are served by blue") as refused:
        planned(live, server)
    assert "give blue its port back" in refused.value.hint
    assert Path(config.nginx.site).read_text() == before
    assert [text.partition(",")[0] for text in astray(idle, asked(nginx(idle)), "deploy@web1")] == [
        f"nginx sends green to 127.0.0.1:{ports[1]}"
    ]
    ran(planned(idle, server)).check()
    assert astray(idle, asked(nginx(idle)), "deploy@web1") == []


def test_a_number_of_web_processes_that_the_site_does_not_have_is_told_with_the_way_out(
    config: Config, server: Nginx, tmp_path: Path
) -> None:
    blue, green = free_ports(3), free_ports(3)

    def of(instances: int | str, first: int = green[0]) -> Config:
        web = {"ports": [blue[0], first], "instances": instances}
        made = configured(tmp_path, server, config.nginx.listen, web={"ports": web["ports"]})
        return made.model_copy(update={"web": made.web.model_copy(update=web)})

    ran(planned(of(2), server)).check()
    seen = asked(nginx(of(2)))
    assert dict(seen.upstreams)["shop_blue"] == tuple(f"127.0.0.1:{port}" for port in blue[:2])
    assert miscounted(of(2), seen, "deploy@web1") == []
    for number in (1, 3):
        told = miscounted(of(number), seen, "deploy@web1")
        assert told == [
            f"nginx shares {slot}'s visitors among 2, and [web] instances is {number}: "
            "fab nginx.install -H root@web1 first"
            for slot in SLOTS
        ]
        assert astray(of(number), seen, "deploy@web1") == []
        assert (
            difference(of(number), seen)
            == f"{config.nginx.site} is not what the config and the template give"
        )
    assert seen.cpus == len(os.sched_getaffinity(0))
    cores = replace(seen, cpus=2)
    assert (miscounted(of("cpus"), cores, "h"), difference(of("cpus"), cores)) == ([], "")
    assert len(miscounted(of("cpus"), replace(seen, cpus=3), "h")) == 2


@pytest.mark.parametrize("listens", [True, False])
def test_visitors_of_what_is_live_are_not_sent_to_what_still_runs_on_the_other_slot(
    config: Config, server: Nginx, tmp_path: Path, listens: bool
) -> None:
    """Blue grows into green's port: nobody but a standby, or a release that is being tried, could be there."""
    first, later = free_ports(2), free_port()
    before = configured(tmp_path, server, config.nginx.listen, web={"ports": list(first)})
    ran(planned(before, server)).check()
    Path(config.layout.slot_release("blue")).symlink_to(tmp_path)
    web = before.web.model_copy(update={"ports": [first[0], later], "instances": 2})
    wider = before.model_copy(update={"web": web})
    if not listens:
        ran(planned(wider, server)).check()
        return
    standby = App("standby", first[1])
    try:
        with pytest.raises(Refused, match=f"port {first[1]} is green's in the site that is there") as refused:
            planned(wider, server)
        assert "end a warm standby" in refused.value.hint
    finally:
        standby.stop()


def configured(tmp_path: Path, server: Nginx, port: int, **settings: Any) -> Config:
    paths = {"site": str(server.folder / "conf.d/shop.conf"), "access_log": str(server.folder / "shop.log")}
    return Config.model_validate(
        {
            "app": {"name": "shop", "repository": "git@example.com:x.git", "root": str(tmp_path / "app")},
            "web": settings.pop("web", {"ports": [free_port(), free_port()]}),
            "nginx": {"listen": port, **paths, **settings},
        }
    )


def planned(config: Config, server: Nginx, folders: list[Path] | None = None) -> Plan:
    may = asked(rights(config, server.arguments))
    return install(config, asked(nginx(config)), may, arguments=server.arguments, folders=folders or [])


def facts(**given: Any) -> NginxFacts:
    there: dict[str, Any] = {
        "version": "1.22.1",
        "listening": True,
        "ipv6": False,
        "sha256": "",
        "loaded": "",
    }
    return NginxFacts(**{**there, "catch_all": (), **given})


def asked(question: Question[Any]) -> Any:
    completed = bash(question.command.text)
    return question.parse(Answer(completed.stdout, completed.stderr, completed.exit_code))


def ran(plan: Plan) -> Completed:
    """The plan's steps up to the first that fails, and then its recovery."""
    completed = shell(*(step for step in plan.stages[0].steps if not step.unchanged))
    if completed.exit_code == 0:
        return completed
    recovered = shell(*plan.recovery, strict=False)
    return Completed("plan", recovered.stdout, completed.stderr, completed.exit_code, completed.seconds)


def shell(*steps: Step, strict: bool = True) -> Completed:
    """Each step's text in a bash of its own, as the agent does."""
    completed = bash("true")
    for step in steps:
        assert isinstance(step.action, Command)
        completed = bash(step.action.text, strict=strict)
        if completed.exit_code != 0:
            break
    return completed


def bash(text: str, *, strict: bool = True) -> Completed:
    options = ["-euo", "pipefail"] if strict else ["-uo", "pipefail"]
    return run(["bash", *options, "-c", text], env={"PATH": PATH, "LC_ALL": "C.UTF-8"}, timeout=30)


def leftovers(server: Nginx) -> list[str]:
    return sorted(path.name for path in (server.folder / "conf.d").glob(".*"))
