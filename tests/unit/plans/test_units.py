"""The units of an app and the rights to use them: what is in them, what a server lacks of them, what goes."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from hashlib import sha256

import pytest

from tests.unit import made
from tests.unit.bash import is_bash
from windlass.config.model import Config
from windlass.facts.units import Units, parse, question
from windlass.manifest import manifest_of
from windlass.plans import look, units
from windlass.plans.setup import units as setup
from windlass.plans.units import commands, lacks, wanted
from windlass.question import Answer
from windlass.supervisors.units import all_units

WORKER = {"worker": {"script": "worker.js", "instances": 2, "max_memory": "1G", "kill_timeout": 90}}


def config(**tables: object) -> Config:
    web = {"supervisor": "systemd", **tables.pop("web", {})}
    return made.config(web=web, **tables)


def installed(config: Config) -> Units:
    """A server that has all that setup installs."""
    there = wanted(config)
    digests = {
        str(file): sha256(text.encode()).hexdigest()
        for one in there
        for file, text in zip(one.files, (one.unit_text, one.sudoers_text), strict=True)
    }
    rights = " ".join(command for one in there for command in commands(one.sudoers_text))
    groups = frozenset({"deploy", config.app_user})
    names = frozenset(digests)
    enabled = frozenset(all_units(config))
    return Units(digests, enabled, frozenset(), rights, groups, True, names, frozenset())


def seen(units: Units | None, **parts: object) -> look.Look:
    return replace(made.look(made.state()), units=units, **parts)


def test_who_goes_back_needs_units_that_are_there_and_not_those_that_the_configuration_would_give() -> None:
    before = config(web={"max_memory": "300M"})
    there = installed(before)
    changed = config(web={"max_memory": "400M"})
    assert "is not what the config gives" in "".join(look.missing(changed, seen(there), "h", building=False))
    assert look.missing(changed, seen(there), "h", building=False, exact=False) == []
    without = replace(there, digests={})
    assert "is missing" in "".join(look.missing(changed, seen(without), "h", building=False, exact=False))


def test_who_goes_back_on_a_server_that_was_not_set_up_yet_goes_back_to_what_kept_the_release_running() -> (
    None
):
    before = manifest_of(made.config(), "blue", "0001-aaaaaaa", "a" * 40, "/usr/bin")
    nothing = replace(installed(config()), digests={}, rights="")
    assert look.startable(config(), seen(nothing), before).web.supervisor == "pm2"
    assert look.startable(config(), seen(installed(config())), before).web.supervisor == "systemd"
    assert look.startable(config(), seen(nothing), None).web.supervisor == "systemd"


def test_each_type_has_a_unit_of_its_own_limits() -> None:
    web, worker = wanted(config(processes=WORKER))
    assert web.unit.name == "windlass-shop.web@.service"
    assert "MemoryMax" not in web.unit_text
    assert "TimeoutStopSec=10\n" in web.unit_text
    assert worker.unit.name == "windlass-shop.worker@.service"
    assert "MemoryMax=1G\n" in worker.unit_text
    assert "TimeoutStopSec=90\n" in worker.unit_text
    assert worker.enabled == tuple(
        f"windlass-shop.worker@{slot}.{number}.service" for slot in ("blue", "green") for number in (1, 2)
    )


def test_root_is_told_of_nothing_in_the_apps_folder_but_where_to_look_and_what_the_app_opens() -> None:
    (web,) = wanted(made.config("/srv/100%/shop", web={"supervisor": "systemd"}))
    about = [line for line in web.unit_text.splitlines() if "/srv/" in line and not line.startswith("#")]
    assert about == [
        "ConditionPathExists=/srv/100%%/shop/run/web.%i.start",
        "ExecStart=/bin/sh /srv/100%%/shop/run/web.%i.start",
        "ReadWritePaths=-/srv/100%%/shop/shared",
    ]
    assert "User=shop-app\n" in web.unit_text


def test_an_app_below_home_sees_it_and_may_not_write_there() -> None:
    (web,) = wanted(made.config("/home/deploy/shop", web={"supervisor": "systemd"}))
    assert "ProtectHome=read-only\n" in web.unit_text
    assert "ProtectHome=yes\n" in wanted(config())[0].unit_text


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        ("start windlass-shop.web@blue.1.service", True),
        ("stop windlass-shop.web@green.64.service", True),
        ("restart windlass-shop.web@blue.1.service", False),
        ("start windlass-shop.worker@blue.1.service", False),
        ("start windlass-shop.web@blue.0.service", False),
        ("start windlass-shop.web@blue.100.service", False),
        ("start windlass-shop.web@blue.1.service nginx.service", False),
        ("start nginx.service", False),
    ],
)
def test_the_rights_fit_the_apps_own_units_and_nothing_else(words: str, allowed: bool) -> None:
    """By fnmatch, as sudo compares words."""
    listed = commands(wanted(config())[0].sudoers_text)
    assert any(fnmatchcase(f"/usr/bin/systemctl {words}", one) for one in listed) is allowed


def test_a_server_as_setup_leaves_it_lacks_nothing() -> None:
    there = config(processes=WORKER)
    assert lacks(there, installed(there)) == []
    steps = setup.steps(there, made.state(), installed(there))
    assert steps
    assert all(step.unchanged for step in steps)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"user": False}, "there is no user shop-app"),
        ({"groups": frozenset({"deploy"})}, "deploy is not in the group shop-app"),
        ({"digests": {}}, "windlass-shop.web@.service is missing"),
        ({"enabled": frozenset()}, "windlass-shop.web@green.1.service would not come back after a boot"),
        ({"stale": frozenset({"windlass-shop.web@blue.1.service"})}, "systemd has not read"),
        ({"rights": ""}, "does not let you start and stop windlass-shop.web"),
    ],
)
def test_what_a_server_lacks_is_named(parts: dict[str, object], said: str) -> None:
    there = config()
    found = lacks(there, replace(installed(there), **parts))
    assert any(said in one for one in found), found
    steps = setup.steps(there, made.state(), replace(installed(there), **parts))
    if "rights" not in parts:
        assert not all(step.unchanged for step in steps)


def test_a_deploy_is_refused_where_the_units_are_of_another_configuration() -> None:
    before, now = config(), config(web={"max_memory": "300M"})
    seen = made.look(units=installed(before))
    assert look.missing(before, seen, "deploy@web1", building=True) == []
    found = look.missing(now, seen, "deploy@web1", building=True)
    assert "web@.service is not what the config gives" in found[0]
    assert "fab setup -H root@web1" in found[1]


def test_under_systemd_pm2_is_not_asked_for_and_node_is_where_the_app_may_enter() -> None:
    there = config()
    seen = made.look(units=installed(there))
    hidden = replace(seen.tools, node="/home/deploy/.nvm/versions/node/v22/bin", programs={})
    found = "\n".join(look.missing(there, replace(seen, tools=hidden), "deploy@web1", building=False))
    assert "pm2" not in found
    assert "which shop-app may not enter" in found


def test_what_a_kept_release_would_start_keeps_its_unit_and_what_nothing_would_goes() -> None:
    before, now = config(processes=WORKER), config()
    started = manifest_of(before, "blue", "0001-aaaaaaa", "a" * 40, "/usr/bin")
    kept = replace(made.kept("0001-aaaaaaa")[0], manifest=started)
    there = installed(before)
    assert [one.kind for one in wanted(now, made.state(releases=(kept,)))] == ["web", "worker"]
    assert [path.name for path in units.gone(now, there, wanted(now, made.state()))] == [
        "windlass-shop@worker",
        "windlass-shop.worker@.service",
    ]
    alive = replace(there, running=frozenset({"windlass-shop.worker@blue.1.service"}))
    assert units.gone(now, alive, wanted(now, made.state())) == []
    assert units.gone(made.config(), replace(there, running=frozenset()), wanted(made.config())) != []


def test_every_text_is_bash_and_the_answer_is_read() -> None:
    there = config(processes=WORKER, shared={"files": [".env"], "dirs": ["uploads"]})
    assert is_bash(question(there).command.text)
    for step in setup.steps(there, made.state(), parse(Answer("rights \ngroups deploy\n"))):
        assert is_bash(str(step.action))
    seen = parse(
        Answer(
            "installed /etc/systemd/system/windlass-shop.web@.service\n"
            "digest abc /etc/systemd/system/windlass-shop.web@.service\n"
            "enabled windlass-shop.web@blue.1.service\nstale windlass-shop.web@blue.1.service\n"
            "running windlass-shop.web@green.1.service\n"
            "rights User deploy may run: (root) NOPASSWD: /usr/bin/systemctl start x\n"
            "groups deploy adm shop-app\nuser shop-app\nclosed yes\n"
        )
    )
    assert seen.digests == {"/etc/systemd/system/windlass-shop.web@.service": "abc"}
    assert seen.enabled == seen.stale == {"windlass-shop.web@blue.1.service"}
    assert seen.running == {"windlass-shop.web@green.1.service"}
    assert "/usr/bin/systemctl start x" in seen.rights
    assert (seen.groups, seen.user, seen.opened) == ({"deploy", "adm", "shop-app"}, True, False)
