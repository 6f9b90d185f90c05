"""What a slot was started with: written, read back, and started from again."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.bash import bash
from tests.unit.made import config
from windlass.agent.live import LONGEST
from windlass.errors import Refused
from windlass.manifest import (
    Manifest,
    as_it_was,
    as_started,
    as_text,
    differences,
    manifest_of,
    read_manifest,
)

JOBS = {"script": "jobs.js", "args": ["--all"], "instances": 2, "env": {"KIND": "it's"}}
CLOCK = {"script": "clock.js", "exclusive": True}


def of(**tables: Any) -> Manifest:
    made = manifest_of(config(**tables), "blue", "0001-aaaaaaa", "a" * 40, "/usr/bin")
    read = read_manifest(json.loads(as_text(made)))
    assert read == made
    return made


def test_what_was_written_is_read_again_and_names_what_must_not_run_twice() -> None:
    made = of(processes={"jobs": JOBS, "clock": CLOCK})
    assert made.names == ("shop-blue", "shop-blue-jobs", "shop-blue-clock")
    assert made.by_type["clock"] == ("shop-blue-clock", made.processes["clock"])


def test_the_port_is_noted_and_one_that_an_earlier_version_did_not_note_is_none() -> None:
    made = of(web={"ports": [4000, 4001]})
    assert made.port == 4000
    known = json.loads(as_text(made))
    (row,) = known["processes"]
    for wrong in (None, "4000", True, 0, 70000):
        assert read_manifest({**known, "processes": [{**row, "port": wrong}]}) == replace(made, ports=())
    unnoted = {key: value for key, value in row.items() if key != "port"}
    assert read_manifest({**known, "processes": [unnoted]}) == replace(made, ports=())


@pytest.mark.parametrize("known", [None, [], {}, {"processes": 3}, {"processes": [{"type": "web"}]}, "text"])
def test_what_is_none_of_ours_is_no_manifest(known: Any) -> None:
    assert read_manifest(known) is None


def test_a_shell_can_read_the_names() -> None:
    text = as_text(of(processes={"jobs": JOBS, "clock": CLOCK}))
    names = 'sed -n \'s/^{"name": "\\([a-z0-9-]*\\)".*/\\1/p\''
    assert bash(f"{names} <<'END'\n{text}END").stdout.split() == [
        "shop-blue",
        "shop-blue-jobs",
        "shop-blue-clock",
    ]


def test_a_release_is_started_with_what_it_had_and_the_present_limits_ports_and_places() -> None:
    before = of(web={"script": "old.js", "args": ["-x"]}, processes={"jobs": {**JOBS, "kill_timeout": 3}})
    now = config(
        web={"script": "new.js", "ports": [4000, 4001], "max_memory": "1G"},
        processes={"jobs": {"script": "other.js", "kill_timeout": 9}, "clock": CLOCK},
    )
    again = as_started(now, before)
    assert (again.web.script, again.web.args) == ("old.js", ["-x"])
    assert (again.web.ports, again.web.max_memory) == ([4000, 4001], "1G")
    assert list(again.processes) == ["jobs"]
    assert (again.processes["jobs"].script, again.processes["jobs"].kill_timeout) == ("jobs.js", 9)
    assert as_started(now, None) is now


@pytest.mark.parametrize(
    "processes",
    [
        {"web": {"script": 3}},
        {"web": {}, "../x": {"script": "a"}},
        {"web": {}, "jobs": {"script": "a", "instances": 10_000}},
    ],
)
def test_a_manifest_that_windlass_cannot_have_written_is_refused(processes: dict[str, Any]) -> None:
    made = Manifest("blue", "0001-aaaaaaa", "a" * 40, "node", "pm2", "/usr/bin", processes, ())
    with pytest.raises(Refused, match="is not as Windlass wrote it"):
        as_started(config(), made)


def test_the_keys_that_differ_are_named_as_the_file_has_them() -> None:
    made = of(processes={"jobs": JOBS, "clock": CLOCK})
    now = config(web={"args": ["-v"]}, processes={"jobs": {**JOBS, "instances": 3}, "post": CLOCK})
    assert differences(now, made) == [
        "[web] args",
        "[processes.jobs] instances",
        "[processes.post] is new",
        "[processes.clock] is gone",
    ]
    assert differences(config(processes={"jobs": JOBS, "clock": CLOCK}), made) == []
    assert differences(now, None) == []


SEVERAL = {"instances": 3, "ports": [3000, 3100]}


def test_several_web_processes_are_written_each_with_its_name_and_port() -> None:
    made = of(web={**SEVERAL, "env": {"KIND": "x"}}, processes={"jobs": JOBS})
    assert made.names == ("shop-blue", "shop-blue_1", "shop-blue_2", "shop-blue-jobs")
    assert (made.web_names, made.beside) == (made.names[:3], made.names[3:])
    assert (made.ports, made.instances) == ((3000, 3001, 3002), 3)
    assert made.by_type["jobs"][0] == "shop-blue-jobs"
    rows = json.loads(as_text(made))["processes"]
    assert [(row["type"], row.get("port")) for row in rows] == [
        ("web", 3000), ("web", 3001), ("web", 3002), ("jobs", None),
    ]  # fmt: skip
    assert all("instances" not in row for row in rows[:3]), "a name is one process"


def test_the_manifest_of_the_largest_slot_is_read_whole() -> None:
    made = manifest_of(
        config(web={"instances": 64, "ports": [3000, 3100], "env": {"LONG": "x" * 30_000}}),
        "blue",
        "r",
        "",
        "",
    )
    assert len(as_text(made)) < LONGEST


def test_what_an_earlier_windlass_noted_had_one_web_process() -> None:
    rows = [
        {"name": "shop-blue", "type": "web", "script": "auto"},
        {"name": "shop-blue-jobs", "type": "jobs"},
    ]
    about = dict.fromkeys(("slot", "release", "revision", "stack", "node"), "x")
    read = read_manifest({**about, "supervisor": "pm2", "processes": rows})
    assert read is not None
    assert (read.instances, read.ports, read.beside) == (1, (), ("shop-blue-jobs",))
    assert differences(config(web=SEVERAL, processes={"jobs": {"script": "a"}}), read) == ["[web] instances"]


@pytest.mark.parametrize(
    "kinds", [["jobs"], ["jobs", "web"], ["web", "jobs", "web"], ["web", "jobs", "jobs"]]
)
def test_web_processes_come_first_and_no_other_twice(kinds: list[str]) -> None:
    about = dict.fromkeys(("slot", "release", "revision", "stack", "supervisor", "node"), "x")
    rows = [{"name": kind, "type": kind} for kind in kinds]
    assert read_manifest({**about, "processes": rows}) is None


def test_a_release_is_started_with_the_present_number_of_web_processes() -> None:
    before = of(web={"script": "old.js", **SEVERAL})
    now = config(web={"script": "new.js", "instances": 2, "ports": [4000, 4100], "max_memory": "1G"})
    again = as_started(now, before)
    assert (again.web.script, again.instances, list(again.ports("green"))) == ("old.js", 2, [4100, 4101])
    assert differences(now, before) == ["[web] instances, script, max_memory"]
    assert as_it_was(now, before) == ["[web] script"]


def test_the_cores_of_a_host_are_a_number_of_its_own() -> None:
    wanted = config(web={"instances": "cpus", "ports": [3000, 3100]})
    assert wanted.counted(3).web_names("green") == ["shop-green", "shop-green_1", "shop-green_2"]
    assert [wanted.counted(cpus).instances for cpus in (0, 1, 64, 500)] == [1, 1, 64, 64]
    assert differences(wanted.counted(4), manifest_of(wanted.counted(2), "blue", "r", "", "")) == [
        "[web] instances"
    ]
    with pytest.raises(ValueError, match="cpus"):
        wanted.ports("blue")
