"""What a server lacks is said all at once, each with what brings it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.made import config, look, state, with_database
from windlass.facts.nginx import NginxFacts
from windlass.facts.tools import Tools
from windlass.plans.look import Look, missing

HOST = "deploy@web1"
NO_TOOLS = Tools("", "", "", {})
NO_NGINX = NginxFacts("", False, False, "", "", ())
DEBIAN, ALPINE = "ID=debian\n", 'ID=alpine\nNAME="Alpine Linux"\n'


def bare(**parts: Any) -> Look:
    """A server with nothing on it."""
    facts = {"env_version": None, "env_keys": frozenset(), "disk_free": 0, "memory_available": 0, **parts}
    return replace(look(state(**facts)), tools=NO_TOOLS, nginx=NO_NGINX)


def test_a_server_that_is_ready_lacks_nothing() -> None:
    assert missing(with_database(), look(), HOST, building=True) == []


def test_everything_that_is_missing_is_named_at_once_with_its_package() -> None:
    problems = missing(with_database(), bare(unenterable="/srv"), HOST, building=True)
    assert [problem.split(":")[0] for problem in problems] == [
        "git",
        "rsync",
        "psql, pg_dump, pg_restore",
        "node",
        "pm2",
        "nginx",
        "/srv/shop/shared/.env",
        "/srv may not be entered by others, so nginx could not see the app's files",
        "0 MiB of disk are free, [limits] disk_free_mb asks for 1024",
        "0 MiB of memory are free, [limits] memory_free_mb asks for 256",
    ]
    assert "psql, pg_dump, pg_restore: apt-get install postgresql-client" in problems


def test_going_back_needs_nothing_that_only_a_build_needs() -> None:
    problems = "\n".join(missing(with_database(), bare(), HOST, building=False))
    assert not any(word in problems for word in ("git", "rsync", "psql", "MiB"))
    assert all(word in problems for word in ("node", "pm2", "nginx", ".env"))


@pytest.mark.parametrize(
    ("system", "said"),
    [
        (DEBIAN, False),
        ("ID=ubuntu\nID_LIKE=debian\n", False),
        ('ID=linuxmint\nID_LIKE="ubuntu debian"\n', False),
        ('ID="debian"\n', False),
        (ALPINE, True),
        ("ID=fedora\n", True),
        ("", True),
    ],
)
def test_packages_may_have_other_names_where_this_is_no_debian(system: str, said: bool) -> None:
    problems = missing(config(), bare(system=system), HOST, building=True)
    assert ("no Debian or Ubuntu" in problems[-1]) is said


def test_another_system_that_lacks_nothing_is_fine() -> None:
    assert missing(config(), look(state(system=ALPINE)), HOST, building=True) == []


def test_variables_that_must_be_there_are_named_with_their_file() -> None:
    chosen = config(shared={"required": ["DATABASE_URL", "SECRET_KEY", "MAIL"]})
    (problem,) = missing(chosen, look(), HOST, building=False)
    assert problem == "SECRET_KEY, MAIL: add to /srv/shop/shared/.env"


def test_an_app_without_an_env_needs_none() -> None:
    assert missing(config(shared={"files": []}), look(state(env_version=None)), HOST, building=False) == []


def test_a_site_that_is_not_loaded_is_said_with_the_command_that_installs_it() -> None:
    unloaded = replace(look(), nginx=NginxFacts("1.22.1", True, True, "", "", ()))
    assert missing(config(), unloaded, HOST, building=False) == [
        "nginx has no site of shop: fab nginx.install -H root@web1"
    ]


def test_a_configured_node_that_is_not_there_is_named() -> None:
    nodeless = replace(look(), tools=replace(look().tools, node=""))
    (problem,) = missing(config(node={"path": "/opt/node/bin"}), nodeless, HOST, building=False)
    assert problem == "node: there is none in /opt/node/bin, which [node] path names"
    (problem,) = missing(config(), nodeless, HOST, building=False)
    assert "nvm, fnm, volta and the PATH were searched" in problem


@pytest.mark.parametrize("building", [True, False])
def test_a_site_that_sends_elsewhere_is_named_with_the_way_out(building: bool) -> None:
    wanted = config(web={"ports": [3000, 4001]})
    ways = (("shop_blue", ("127.0.0.1:3000",)), ("shop_green", ("127.0.0.1:3001",)))
    flags = ("/srv/shop/run/green", "/srv/shop/run/stopped")
    installed = replace(look().nginx, upstreams=ways, flags=flags, serves="blue")
    (problem,) = missing(wanted, look(nginx=installed), HOST, building=building)
    assert problem == (
        "nginx sends green to 127.0.0.1:3001, and the config has 127.0.0.1:4001: "
        "fab nginx.install -H root@web1"
    )
    (problem,) = missing(wanted, look(nginx=replace(installed, serves="green")), HOST, building=building)
    assert "visitors are served there, so give green its port back" in problem
    assert missing(config(web={"ports": [3000, 3001]}), look(nginx=installed), HOST, building=building) == []


@pytest.mark.parametrize("instances", [1, 3, "cpus"])
def test_another_number_of_processes_than_the_site_has_keeps_a_build_from_beginning_but_no_way_back(
    instances: int | str,
) -> None:
    wanted = config(web={"ports": [3000, 3100], "instances": instances})
    ways = tuple(
        (f"shop_{slot}", (f"127.0.0.1:{port}", f"127.0.0.1:{port + 1}"))
        for slot, port in (("blue", 3000), ("green", 3100))
    )
    seen = look(nginx=replace(look().nginx, upstreams=ways, cpus=4))
    assert [problem.partition(",")[0] for problem in missing(wanted, seen, HOST, building=True)] == [
        "nginx shares blue's visitors among 2",
        "nginx shares green's visitors among 2",
    ]
    assert missing(wanted, seen, HOST, building=False) == []
    two = look(nginx=replace(seen.nginx, cpus=2))
    assert missing(config(web={"ports": [3000, 3100], "instances": "cpus"}), two, HOST, building=True) == []


def test_a_site_that_looks_for_the_flag_of_another_root_is_named() -> None:
    installed = replace(look().nginx, flags=("/srv/old/run/green", "/srv/old/run/stopped"))
    (problem,) = missing(config(), look(nginx=installed), HOST, building=False)
    assert problem.startswith(
        "nginx looks for /srv/old/run/green, and the config's root has /srv/shop/run/green"
    )


def test_a_template_of_ones_own_may_call_its_upstreams_as_it_likes() -> None:
    installed = replace(look().nginx, upstreams=(("mine", ("127.0.0.1:9",)),), flags=("/x/closed",))
    assert missing(config(), look(nginx=installed), HOST, building=False) == []
