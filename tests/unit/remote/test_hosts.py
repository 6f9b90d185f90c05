"""Which hosts a command is for."""

from __future__ import annotations

import pytest

from windlass.address import HostSpec, parse_host
from windlass.errors import ExitCode, UsageError
from windlass.remote.hosts import resolve_hosts

PRODUCTION, STAGING = ["deploy@web1", "deploy@web2"], ["deploy@test"]


@pytest.mark.parametrize(
    ("text", "user", "host", "port"),
    [
        ("web1", None, "web1", None),
        ("root@203.0.113.5", "root", "203.0.113.5", None),
        ("deploy.bot@web-1.example.com:2222", "deploy.bot", "web-1.example.com", 2222),
        ("[2001:db8::1]", None, "2001:db8::1", None),
        ("ana@[fe80::1%eth0]:2222", "ana", "fe80::1%eth0", 2222),
        ("my_alias", None, "my_alias", None),
    ],
)
def test_a_host_is_read_as_it_is_written(text: str, user: str | None, host: str, port: int | None) -> None:
    assert parse_host(text) == HostSpec(user, host, port, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-oProxyCommand=x",
        "a b",
        "a;b",
        "@a",
        "a@",
        "a:",
        "a:0",
        "a:65536",
        "a:x",
        "::1",
        "ana@fe80::1",
        "[a]",
        "a@b@c",
        "a/b",
        "ä",
        "a\n",
        "$(id)",
        "ssh://a",
    ],
)
def test_what_is_not_a_host_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a (host|port)"):
        parse_host(text)


def test_a_bare_ipv6_address_gets_its_brackets_as_a_hint() -> None:
    with pytest.raises(ValueError, match=r"ana@\[fe80::1\]"):
        parse_host("ana@fe80::1")


def test_hosts_that_are_named_win_over_targets() -> None:
    specs, target = resolve_hosts(
        "shop", {"production": PRODUCTION, "staging": STAGING}, "root@a, [::1]:22", None
    )
    assert [spec.name for spec in specs] == ["root@a", "[::1]:22"]
    assert target is None


def test_named_hosts_of_one_target_belong_to_it() -> None:
    both = {"production": PRODUCTION, "staging": STAGING}
    assert resolve_hosts("shop", both, "root@test", None)[1] == "staging"
    assert resolve_hosts("shop", both, "WEB2:22", None)[1] == "production"
    assert resolve_hosts("shop", both, "web1,test", None)[1] is None
    assert resolve_hosts("shop", {"production": PRODUCTION}, "elsewhere", None)[1] is None
    assert resolve_hosts("shop", both, "elsewhere", "staging")[1] == "staging"


def test_without_named_hosts_the_chosen_target_or_the_only_one_has_them() -> None:
    specs, target = resolve_hosts("shop", {"production": PRODUCTION}, None, None)
    assert ([spec.name for spec in specs], target) == (PRODUCTION, "production")
    specs, target = resolve_hosts("shop", {"production": PRODUCTION, "staging": STAGING}, None, "staging")
    assert ([spec.name for spec in specs], target) == (STAGING, "staging")


@pytest.mark.parametrize(
    ("targets", "hosts", "target", "said"),
    [
        ({}, None, None, "no host"),
        ({"production": PRODUCTION, "staging": STAGING}, None, None, "production, staging"),
        ({"production": PRODUCTION}, None, "prodution", "did you mean production"),
        ({"production": PRODUCTION}, "web1", "prodution", "did you mean production"),
        ({"production": PRODUCTION}, "", None, "-H is empty"),
        ({"production": PRODUCTION}, None, "", "no target ''"),
        ({"production": PRODUCTION}, "a,,b", None, "empty"),
        ({"production": PRODUCTION}, "a,", None, "empty"),
        ({}, "a:99999", None, "99999 is not a port"),
        ({}, "root@a,ana@A:22", None, "root@a and ana@A:22"),
    ],
)
def test_no_host_is_an_error_with_a_hint_and_never_the_local_machine(
    targets: dict[str, list[str]], hosts: str | None, target: str | None, said: str
) -> None:
    with pytest.raises(UsageError) as caught:
        resolve_hosts("shop", dict(**targets), hosts, target)
    assert said in caught.value.message
    assert caught.value.hint
    assert caught.value.exit_code == ExitCode.USAGE


def test_a_host_that_is_written_twice_counts_once() -> None:
    specs, _ = resolve_hosts("shop", {}, "root@a,b,root@A:22,b:2222", None)
    assert [spec.name for spec in specs] == ["root@a", "b", "b:2222"]
