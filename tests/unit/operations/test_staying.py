"""Which hosts of a rollback stay as they are because they were left out."""

from __future__ import annotations

import pytest

from tests.unit.made import config
from windlass.errors import UsageError
from windlass.operations.request import Request
from windlass.operations.staying import leave_out

REQUEST = Request.to(config(), hosts="ana@web1,ana@web2:2222,ana@web3")


@pytest.mark.parametrize(
    ("without", "left", "out"),
    [
        (None, ["ana@web1", "ana@web2:2222", "ana@web3"], []),
        ("web1", ["ana@web2:2222", "ana@web3"], ["ana@web1"]),
        ("ana@WEB3,web2:2222", ["ana@web1"], ["ana@web2:2222", "ana@web3"]),
    ],
)
def test_hosts_are_left_out_by_their_place(without: str | None, left: list[str], out: list[str]) -> None:
    request, stays = leave_out(REQUEST, without)
    assert [spec.name for spec in request.hosts] == left
    assert list(stays) == out


@pytest.mark.parametrize(
    ("without", "said"),
    [
        ("web9", "--without web9 is none of the hosts (ana@web1, ana@web2:2222, ana@web3)"),
        ("web2", "--without web2 is none of the hosts"),
        ("web1,web2:2222,web3", "--without leaves no host of"),
        ("", "--without is empty"),
        ("a b", "--without a b: "),
    ],
)
def test_what_is_no_host_of_the_request_or_leaves_none_is_refused(without: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        leave_out(REQUEST, without)
    assert refused.value.message.startswith(said)
