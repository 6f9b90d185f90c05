"""What is asked for on the command line: refused before any server is touched, or planned in the right order."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit import made
from windlass.errors import NotReady, Refused, UsageError
from windlass.facts.apt import System
from windlass.facts.deploy_key import DeployKey
from windlass.facts.firewall import Firewall
from windlass.facts.users import Account
from windlass.plan import Stage
from windlass.plans.setup import base, firewall
from windlass.plans.setup.base import Base
from windlass.plans.setup.wishes import Wishes, check

TLS = {"server_names": ["shop.example"], "certificate": "/a.pem", "certificate_key": "/a.key"}
KEY = "ssh-ed25519 AAAAnew ana@laptop"


@pytest.mark.parametrize(
    ("nginx", "wishes", "hint"),
    [
        ({}, Wishes(tls=True, email="a@b.c"), "server_names ="),
        ({**TLS, "server_names": ["*.shop.example"]}, Wishes(tls=True, email="a@b.c"), "server_names ="),
        ({"server_names": ["shop.example"]}, Wishes(tls=True, email="a@b.c"), "/live/shop.example/fullchain.pem"),
        (TLS, Wishes(tls=True), "--email"),
    ],
)  # fmt: skip
def test_a_certificate_that_cannot_be_had_is_refused_at_once(
    nginx: dict[str, Any], wishes: Wishes, hint: str
) -> None:
    with pytest.raises(UsageError) as refused:
        check(made.config(nginx=nginx), wishes)
    assert hint in refused.value.hint


def test_what_can_be_had_is_not_refused() -> None:
    check(made.config(nginx=TLS), Wishes(tls=True, email="a@b.c"))
    check(made.config(), Wishes(database=True, firewall=True))


def seen(missing: tuple[str, ...] = (), **account: Any) -> Base:
    system = System(missing, True, True, "debian", "Debian 12", 12.0, "x86_64")
    known = {
        "there": True, "home": "/home/deploy", "groups": frozenset({"adm"}), "keys": (), "login": "root",
        "login_keys": (), "owner": "deploy", **account,
    }  # fmt: skip
    return Base(system, Account(**known), DeployKey("ssh-ed25519 AAAAkey", True))


def running(seen: Base, wishes: Wishes | None = None, **tables: Any) -> list[str]:
    plan = base.plan(made.config(**tables), wishes or Wishes(), seen)
    return [step.title for step in plan.stages[0].steps if not step.unchanged]


def test_a_server_in_order_is_left_alone() -> None:
    assert running(seen(keys=(KEY,))) == []


def test_who_may_log_in_as_the_operator_may_deploy_where_no_key_is_named() -> None:
    assert running(seen(login_keys=(KEY,))) == ["let keys in as deploy"]
    assert running(seen(login_keys=(KEY,), keys=("ssh-ed25519 AAAAold x",))) == []


def test_named_keys_are_let_in_and_nobody_elses() -> None:
    plan = base.plan(made.config(), Wishes(keys=(KEY,)), seen(login_keys=("ssh-ed25519 AAAAroot x",)))
    text = "".join(step.action.text for step in plan.stages[0].steps)  # type: ignore[union-attr]
    assert "AAAAnew" in text
    assert "AAAAroot" not in text


def test_an_app_that_is_somebody_elses_is_refused_and_an_old_system_too() -> None:
    with pytest.raises(Refused, match="belongs to ana"):
        base.check(made.config(), seen(owner="ana"), "root@shop")
    old = Base(System((), True, True, "debian", "Debian 11", 11.0, "x86_64"), seen().account, seen().key)
    with pytest.raises(NotReady, match="Debian 11"):
        base.check(made.config(), old, "root@shop")


def test_a_repository_over_https_needs_no_key() -> None:
    assert base.needs_key(made.config())
    assert not base.needs_key(made.config(app={"repository": "https://example.org/shop.git"}))
    assert not base.needs_key(made.config(ssh={"forward_agent": True}))


def fire(**parts: Any) -> Firewall:
    known = {
        "active": False,
        "ssh": frozenset({2222}),
        "allowed": frozenset(),
        "listening": frozenset(),
        "other": "",
    }
    return Firewall(**{**known, **parts})  # type: ignore[arg-type]


def shut(seen: Firewall, **tables: Any) -> Stage:
    return firewall.stage(made.config(**tables), seen, "root@shop")


def test_the_port_that_ssh_comes_in_by_is_let_in_before_anything_is_shut() -> None:
    lines = shut(fire(), nginx=TLS).steps[0].action.text.splitlines()  # type: ignore[union-attr]
    assert lines == ["ufw allow 2222/tcp", "ufw allow 80/tcp", "ufw allow 443/tcp", "ufw --force enable"]


def test_a_firewall_is_not_shut_where_sshs_port_cannot_be_seen() -> None:
    with pytest.raises(NotReady, match="cannot be seen"):
        shut(fire(ssh=frozenset()))


def test_another_firewall_is_left_alone() -> None:
    with pytest.raises(NotReady, match="nftables is the firewall at work"):
        shut(fire(other="nftables"))


def test_a_firewall_that_was_up_stays_up_when_setup_fails() -> None:
    assert [step.title for step in shut(fire()).undo] == ["open the firewall again"]
    assert shut(fire(active=True)).undo == ()
    done = fire(active=True, allowed=frozenset({2222, 80}))
    assert shut(done).steps[0].unchanged


def test_ports_that_will_be_shut_are_told_before() -> None:
    config = made.config()
    assert "9100" in firewall.note(config, fire(listening=frozenset({9100, 80, 2222})))
    assert firewall.note(config, fire(listening=frozenset({80, 2222}))) == ""
