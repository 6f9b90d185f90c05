"""The table of `.env`: names, masks and versions, at 80 columns and as JSON."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime

from windlass.report.rows import EnvVersion, HostEnv, Variable
from windlass.report.tables import show_env

AT = datetime(2026, 11, 21, 23, 42, tzinfo=UTC)
WELL = HostEnv(
    "deploy@203.0.113.5",
    version=2,
    since=AT,
    live="0042-abc1234",
    runs_with=2,
    variables=(Variable("DATABASE_URL"), Variable("EMPTY", "empty")),
    versions=(EnvVersion(1, AT, ("0041-def5678",)), EnvVersion(2, AT, ("0042-abc1234",)), EnvVersion(3, AT)),
)


def shown(*rows: HostEnv) -> list[str]:
    stream = io.StringIO()
    show_env(rows, stream=stream, width=80, zone=UTC)
    return stream.getvalue().splitlines()


def test_a_host_in_order_shows_names_and_masks() -> None:
    assert shown(WELL) == [
        "deploy@203.0.113.5",
        "  version 2  since 2026-11-21 23:42  live: 0042-abc1234 with version 2",
        "  DATABASE_URL  ********",
        "  EMPTY         (empty)",
        "  kept: version 3  of 2026-11-21 23:42",
        "  kept: version 2  of 2026-11-21 23:42  in use, 0042-abc1234",
        "  kept: version 1  of 2026-11-21 23:42  0041-def5678",
        "",
    ]


def test_what_is_another_value_elsewhere_is_said_beside_its_name() -> None:
    odd = (Variable("A", differs=True), Variable("B", stale=True), Variable("C", "missing", True, True))
    assert shown(replace(WELL, variables=odd, versions=()))[2:] == [
        "  A  ********  not the same on all hosts",
        "  B  ********  another value than 0042-abc1234 runs with",
        "  C  (missing)  another value than 0042-abc1234 runs with; not the same on all",
        "  hosts",
        "",
    ]


def test_a_host_without_an_env_or_that_could_not_be_looked_at_says_so() -> None:
    assert shown(HostEnv("h", warnings=("there is no .env yet",))) == [
        "h", "  no .env", "  ! there is no .env yet", "",
    ]  # fmt: skip
    assert shown(HostEnv("h", error="PermissionError")) == ["h", "  PermissionError", ""]
    assert "  edited by hand" in shown(replace(WELL, version=0))[1]
    assert "with an unknown version" in shown(replace(WELL, runs_with=None))[1]


def test_a_name_cannot_drive_the_terminal() -> None:
    assert "\x1b" not in "".join(shown(replace(WELL, variables=(Variable("\x1b[2JA"),))))


def test_machines_get_the_same_rows() -> None:
    stream = io.StringIO()
    show_env([WELL], json=True, stream=stream)
    known = json.loads(stream.getvalue())
    assert (known["version"], known["since"]) == (2, "2026-11-21T23:42:00.000Z")
    assert known["variables"][1] == {"name": "EMPTY", "value": "empty", "differs": False, "stale": False}
