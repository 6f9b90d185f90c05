"""What a deploy would do, for every state that a server can be in."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.bash import is_bash
from tests.unit.made import config, cutover, kept, live, look, revision, state, with_database
from tests.unit.plans.reading import all_steps, running, stage, step, text_of, titles, whole_text
from windlass.config.model import Config
from windlass.facts.applied import Applied
from windlass.facts.backups import Backup
from windlass.facts.revision import Revision
from windlass.gates import longest
from windlass.layout import other
from windlass.plan import Gate, Plan
from windlass.plans import build
from windlass.plans.cutover import Cutover
from windlass.plans.deploy import Options, deploy, fetch, release_id
from windlass.plans.look import Look
from windlass.remote.legs import legs

OLD = "0001-aaaaaaa"
GOING_LIVE = [
    "end what runs on green",
    "start on green",
    "save the process list",
    "healthy on port 3001",
    "nginx reaches green",
    "switch to green",
    "healthy through nginx",
    "publish",
    "watch for 30 s",
]
AFTER = ["drain blue", "stop blue", "save the process list", "remove what is too old"]


def planned(
    chosen: Config | None = None,
    seen: Look | None = None,
    wanted: Revision | None = None,
    to: Cutover | None = None,
    **options: Any,
) -> Plan:
    known = live(OLD) if seen is None else seen.state
    goes = to or cutover(release="0002-ccccccc", was=known.live, slot=other(known.slot))
    return deploy(chosen or config(), seen or look(live(OLD)), wanted or revision(), goes, Options(**options))


def built_before(chosen: Config, wanted: Revision) -> Look:
    """A server whose workspace was installed and generated for this revision."""
    tools = build.tooling(chosen, look(), wanted)
    generate = f"{tools.stamp} {wanted.schema} {tools.generate.text}"
    return look(live(OLD, install_stamp=tools.stamp, generate_stamp=generate))


def test_a_first_deploy_does_everything_and_has_no_old_slot_to_end() -> None:
    plan = planned(with_database(), look(state()), revision(migrations=("1_init",)))
    assert running(plan) == [
        "check out",
        "install",
        "generate",
        "build",
        "snapshot",
        "hold the database's lock",
        "back up the database",
        "migrate",
        *GOING_LIVE,
        "stop blue",
        "save the process list",
        "remove what is too old",
    ]


def test_a_code_only_change_neither_installs_nor_generates_nor_migrates() -> None:
    chosen, wanted = with_database(), revision(migrations=("1_init",), schema="5" * 40)
    seen = replace(built_before(chosen, wanted), applied=Applied(frozenset({"1_init"})))
    plan = planned(chosen, seen, wanted)
    assert running(plan) == ["check out", "build", "snapshot", *GOING_LIVE, *AFTER]
    assert step(plan, "install").unchanged == "lock file, node and package manager are the same"
    assert step(plan, "generate").unchanged == "schema and install are the same"
    assert step(plan, "migrate").unchanged == "the database has every migration"
    assert plan.record["migrations"] == []
    assert plan.notes == ()


def test_force_runs_what_need_not_run() -> None:
    chosen, wanted = with_database(), revision(migrations=("1_init",))
    seen = replace(built_before(chosen, wanted), applied=Applied(frozenset({"1_init"})))
    plan = planned(chosen, seen, wanted, force=True)
    assert running(plan) == titles(plan)


@pytest.mark.parametrize(
    "change",
    [
        {"blobs": {"package-lock.json": "2" * 40}},
        {"blobs": {"package-lock.json": "1" * 40, ".npmrc": "3" * 40}},
        {"blobs": {"yarn.lock": "1" * 40}},
        {"blobs": {}},
    ],
)
def test_another_lock_file_is_installed_and_generated_for(change: dict[str, Any]) -> None:
    chosen = with_database()
    plan = planned(chosen, built_before(chosen, revision()), revision(**change))
    assert {"install", "generate"} <= set(running(plan))


def test_another_node_is_installed_for() -> None:
    seen = built_before(config(), revision())
    newer = replace(seen, tools=replace(seen.tools, node_version="24.0.0"))
    assert "install" in running(planned(seen=newer))
    assert "install" not in running(planned(seen=seen))


def test_another_schema_is_generated_for_and_not_installed() -> None:
    chosen = with_database()
    plan = planned(chosen, built_before(chosen, revision()), revision(schema="9" * 40))
    assert ("install" in running(plan), "generate" in running(plan)) == (False, True)


def test_an_install_that_did_not_finish_is_done_again() -> None:
    chosen = with_database()
    seen = built_before(chosen, revision())
    torn = replace(seen, state=replace(seen.state, install_stamp=""))
    assert {"install", "generate"} <= set(running(planned(chosen, torn)))


def test_another_package_changes_what_is_installed_and_doubts_it_until_it_is_built() -> None:
    seen, wanted = built_before(config(), revision()), revision(blobs={"package-lock.json": "2" * 40})
    stamp = build.tooling(config(), seen, wanted).stamp
    plan = planned(seen=seen, wanted=wanted)
    assert "npm install --package-lock --save" in text_of(step(plan, "install"))
    assert f"{stamp} changed" in text_of(step(plan, "install"))
    assert f"{stamp} doubted" in text_of(step(plan, "build"))
    assert f"{stamp} doubted" not in text_of(step(plan, "snapshot"))
    assert stamp in text_of(step(plan, "snapshot"))
    rehearsed = replace(seen, state=replace(seen.state, install_stamp=f"{stamp} changed"))
    again = planned(seen=rehearsed, wanted=wanted)
    assert "install" not in running(again)
    assert f"{stamp} doubted" in text_of(step(again, "build"))
    forced = planned(seen=seen, wanted=wanted, force=True)
    assert "npm install" not in text_of(step(forced, "install"))
    assert "doubted" not in text_of(step(planned(seen=seen), "build"))


def test_pending_migrations_are_named_backed_up_and_applied_after_the_build() -> None:
    seen = look(live(OLD), applied=Applied(frozenset({"1_init"})))
    plan = planned(with_database(), seen, revision(migrations=("1_init", "2_more", "3_most")))
    steps = running(plan)
    assert steps.index("snapshot") < steps.index("back up the database") < steps.index("record the down SQL")
    assert steps.index("record the down SQL") < steps.index("migrate") < steps.index("start on green")
    assert plan.record["migrations"] == ["2_more", "3_most"]
    assert plan.notes == ("pending migrations: 2_more, 3_most",)
    assert "2_more, 3_most" in step(plan, "migrate").hint
    assert not step(plan, "migrate").interruptible


def test_an_app_that_prerenders_from_its_database_is_migrated_before_it_is_built() -> None:
    plan = planned(with_database(migrate="before-build"), look(live(OLD)), revision(migrations=("1_init",)))
    steps = running(plan)
    assert (
        steps.index("generate")
        < steps.index("back up the database")
        < steps.index("migrate")
        < steps.index("build")
    )


def test_the_database_is_reached_by_the_environment_and_never_by_the_text() -> None:
    plan = planned(with_database(), look(live(OLD)), revision(migrations=("1_init",)))
    assert step(plan, "migrate").environment == ("migrate",)
    assert step(plan, "back up the database").environment == ("database",)
    assert step(plan, "build").environment == ()
    assert "DATABASE_URL" not in whole_text(plan)
    assert "PGPASSWORD" not in whole_text(plan)


def test_of_several_hosts_the_second_does_not_migrate() -> None:
    seen = look(live(OLD), applied=Applied())
    plan = planned(with_database(), seen, revision(migrations=("1_init",)), migrates=False)
    assert not {"migrate", "back up the database", "record the down SQL"} & set(titles(plan))
    assert plan.record["migrations"] == []
    assert [stage.name for stage in plan.stages] == [stage.name for stage in planned(with_database()).stages]


def test_an_app_without_a_database_has_none_to_migrate() -> None:
    assert not {"migrate", "back up the database", "generate"} & set(titles(planned()))


def test_a_backup_that_is_not_wanted_is_not_made() -> None:
    plan = planned(with_database(backup=False), look(live(OLD)), revision(migrations=("1_init",)))
    assert "back up the database" not in titles(plan)
    assert "backup" not in step(plan, "migrate").hint


def test_maintenance_puts_the_page_up_before_the_database_changes_and_takes_it_down_at_the_end() -> None:
    to = cutover(release="0002-ccccccc", was=OLD, page_up=True)
    plan = planned(with_database(), look(live(OLD)), revision(migrations=("1_init",)), to)
    steps = running(plan)
    assert steps.index("snapshot") < steps.index("put the page up") < steps.index("back up the database")
    assert steps.index("healthy through nginx") < steps.index("take the page down")
    assert "run/migrated" in text_of(step(plan, "migrate"))
    assert "run/migrated" not in text_of(step(planned(with_database()), "migrate"))


@pytest.mark.parametrize("moment", ["before-build", "after-build"])
def test_of_several_hosts_all_have_the_page_and_keep_it_before_one_migrates(moment: str) -> None:
    chosen, wanted = with_database(migrate=moment), revision(migrations=("1_init",))
    to = cutover(release="0002-ccccccc", was=OLD, page_up=True)
    first, second = (
        planned(chosen, look(live(OLD)), wanted, to, migrates=migrates) for migrates in (True, False)
    )
    names = [leg.name for leg in legs({"first": first, "second": second})]
    order = [
        name for name in names if name in ("page", "backup", "hold", "migrate", "cutover", "open", "soak")
    ]
    assert order == ["page", "backup", "hold", "migrate", "cutover", "open", "soak"]
    assert {"page", "open"} <= {one.name for one in first.stages} & {one.name for one in second.stages}
    assert (stage(second, "backup").steps, stage(second, "migrate").steps) == ((), ())
    assert "run/migrated" in text_of(step(second, "keep the page if the migration fails"))
    done = planned(
        chosen, look(live(OLD), applied=Applied(frozenset({"1_init"}))), wanted, to, migrates=False
    )
    assert step(done, "keep the page if the migration fails").unchanged


def test_without_maintenance_there_is_no_page() -> None:
    assert not any("page" in title for title in titles(planned(with_database())))


def test_the_other_processes_are_watched_before_the_cutover_and_end_with_their_slot() -> None:
    plan = planned(config(processes={"worker": {"script": "worker.js"}}))
    steps = titles(plan)
    order = ["start the other processes", "shop-green-worker stay up", "switch to green", "watch for 30 s"]
    assert [steps.index(title) for title in order] == sorted(steps.index(title) for title in order)
    assert "shop-green-worker" not in text_of(step(plan, "start on green")).split("pm2 start")[1]
    assert "pm2 -s delete shop:blue" in text_of(step(plan, "stop blue"))


def test_a_warm_standby_is_kept_instead_of_stopped() -> None:
    plan = planned(config(web={"standby": "warm"}, processes={"worker": {"script": "worker.js"}}))
    assert "keep blue as a warm standby" in titles(plan)
    assert "stop blue" not in titles(plan)
    assert "pm2 -s delete shop-blue-worker" in text_of(step(plan, "keep blue as a warm standby"))


def test_what_is_switched_off_leaves_no_step() -> None:
    plan = planned(config(soak={"seconds": 0}, web={"drain": 0}))
    assert not any(title.startswith(("watch", "drain")) for title in titles(plan))


def test_commands_of_ones_own_replace_the_automatic_ones() -> None:
    own = {"install": "make deps\nmake more", "generate": "make types", "command": "make all"}
    chosen = config(build=own, database={"kind": "prisma", "command": "make migrate"})
    plan = planned(chosen, look(live(OLD)), revision(migrations=("1_init",)))
    assert "\nmake deps\nmake more\n" in text_of(step(plan, "install"))
    assert "\nmake types\n" in text_of(step(plan, "generate"))
    assert "\nmake all\n" in text_of(step(plan, "build"))
    assert text_of(step(plan, "migrate")).endswith("\nmake migrate")
    assert not any(word in whole_text(plan) for word in ("npm ci", "npm run", "prisma generate"))


def test_commands_that_are_empty_are_left_out() -> None:
    plan = planned(config(build={"install": "", "generate": "", "command": "", "verify": []}))
    assert "build" not in titles(plan)
    assert "generate" not in titles(plan)
    assert "npm" not in text_of(step(plan, "install")).replace("npm-10.9.3", "")


def test_an_install_of_nothing_is_known_again() -> None:
    chosen = config(build={"install": ""})
    stamp = build.tooling(chosen, look(), revision()).stamp
    assert stamp == stamp.strip()  # so is the server's file read
    assert "install" not in running(planned(chosen, built_before(chosen, revision())))


def test_variables_for_the_build_reach_install_generate_and_build() -> None:
    plan = planned(
        config(build={"env": {"NEXT_PUBLIC_URL": "https://it's.example"}}, database={"kind": "prisma"})
    )
    for title, program in {
        "install": "npm ci",
        "generate": "prisma generate",
        "build": "npm run build",
    }.items():
        before, _, _ = text_of(step(plan, title)).partition(program)
        assert "export NEXT_PUBLIC_URL='https://it'\"'\"'s.example'" in before, title
    assert f"export WINDLASS_REVISION={revision().hash}" in text_of(step(plan, "build"))


def test_the_configs_package_manager_decides_which_lock_file_counts() -> None:
    both = {"package-lock.json": "1" * 40, "pnpm-lock.yaml": "2" * 40}
    chosen = config(node={"package_manager": "pnpm"})
    before = build.tooling(chosen, look(), revision(blobs=both))
    assert before.change.text == "pnpm install --frozen-lockfile --prod=false"
    other_lock = build.tooling(chosen, look(), revision(blobs={**both, "pnpm-lock.yaml": "3" * 40}))
    assert other_lock.stamp != before.stamp
    unlocked = build.tooling(chosen, look(), revision())
    assert "--frozen-lockfile" not in unlocked.install.text


@pytest.mark.parametrize(
    ("package", "blobs", "berry"),
    [
        ("yarn@1.22.0", {}, False),
        ("yarn@4.1.0+sha512.abc", {}, True),
        ("", {".yarnrc.yml": "2" * 40}, True),
        ("", {}, False),
    ],
)
def test_yarn_is_told_from_yarn_berry(package: str, blobs: dict[str, str], berry: bool) -> None:
    named = {"packageManager": package} if package else {}
    wanted = revision(blobs={"yarn.lock": "1" * 40, **blobs}, package=named)
    assert ("--immutable" in build.tooling(config(), look(), wanted).install.text) is berry


def test_an_app_in_a_workspace_installs_at_the_top_and_builds_in_its_folder() -> None:
    wanted = revision(places={"package-lock.json": "."})
    plan = planned(config(app={"directory": "apps/web"}), wanted=wanted)
    assert "cd /srv/shop/workspace\nnpm ci" in text_of(step(plan, "install"))
    assert "cd /srv/shop/workspace/apps/web\nnpm run build" in text_of(step(plan, "build"))
    own = planned(
        config(app={"directory": "apps/web"}), wanted=revision(places={"package-lock.json": "apps/web"})
    )
    assert "cd /srv/shop/workspace/apps/web\nnpm ci" in text_of(step(own, "install"))


def test_modules_are_shared_with_the_newest_release_of_the_same_stamp() -> None:
    stamp = build.tooling(config(), look(), revision()).stamp
    one, two, three = kept("0001-aaaaaaa", "0002-bbbbbbb", "0003-ddddddd")
    releases = (replace(one, stamp=stamp), replace(two, stamp=stamp), three)
    text = text_of(step(planned(seen=look(live(OLD, releases=releases))), "snapshot"))
    assert "cp -alT /srv/shop/releases/0002-bbbbbbb/" in text
    text = text_of(step(planned(seen=look(live(OLD, releases=(three,)))), "snapshot"))
    assert "cp -alT" not in text


def test_a_standalone_build_gets_its_files_before_the_release_gets_its_name() -> None:
    text = text_of(step(planned(), "snapshot"))
    assert text.index("rsync") < text.index(".next/standalone") < text.index("mv -T /srv/shop/releases/.0002")


def test_a_fetch_changes_nothing_else_and_leaves_no_record() -> None:
    plan = fetch(config(git={"key": "/home/deploy/key"}))
    assert (titles(plan), plan.record, plan.recovery) == (["fetch"], {}, ())
    assert step(plan, "fetch").environment == ("ssh",)


def test_a_release_is_numbered_past_the_others() -> None:
    assert release_id(look(state()), revision()) == "0001-ccccccc"
    assert release_id(look(live("0041-aaaaaaa")), revision()) == "0042-ccccccc"
    assert release_id(look(live("9999-aaaaaaa")), revision()) == "10000-ccccccc"


def test_a_deploy_may_keep_a_warm_standby_and_a_rollback_that_builds_never_does() -> None:
    warm = config(web={"standby": "warm"})
    assert "keep blue as a warm standby" in titles(planned(warm))
    assert "stop blue" in titles(planned(warm, going_back=True))


def test_the_ledger_is_told_what_went_live_and_what_before() -> None:
    plan = planned(going_back=True)
    assert plan.record == {
        "release": "0002-ccccccc",
        "revision": revision().hash,
        "subject": "Sail",
        "was": OLD,
        "migrations": [],
        "rolled_from": OLD,
    }


BUILDS = st.fixed_dictionaries(
    {},
    optional={
        "install": st.sampled_from(["auto", "", "make deps"]),
        "generate": st.sampled_from(["auto", "", "make types"]),
        "command": st.sampled_from(["auto", "make all"]),
        "env": st.dictionaries(
            st.sampled_from(["A", "B_1"]),
            st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
        ),
    },
)
CONFIGS = st.fixed_dictionaries(
    {},
    optional={
        "app": st.sampled_from([{}, {"directory": "apps/web"}, {"keep": 2}]),
        "build": BUILDS,
        "database": st.sampled_from(
            [
                {},
                {"kind": "prisma"},
                {"kind": "prisma", "migrate": "before-build"},
                {"kind": "prisma", "backup": False},
            ]
        ),
        "web": st.sampled_from([{}, {"drain": 0}, {"standby": "warm"}, {"kill_timeout": 900}]),
        "soak": st.sampled_from([{}, {"seconds": 0}, {"seconds": 3600}]),
        "processes": st.sampled_from([{}, {"worker": {"script": "worker.js"}}]),
        "shared": st.sampled_from([{}, {"dirs": ["uploads", "data/a"]}]),
        "git": st.sampled_from([{}, {"key": "/home/deploy/key"}, {"submodules": False}]),
        "health": st.sampled_from([{}, {"start_timeout": 600, "min_healthy": 60}]),
    },
)
LOOKS = st.builds(
    lambda known, slot, applied: look(live(OLD, slot) if known else state(), applied=applied),
    st.booleans(),
    st.sampled_from(["blue", "green"]),
    st.sampled_from([Applied(), Applied(frozenset({"1_init"}))]),
)
MIGRATIONS = st.sampled_from([(), ("1_init",), ("1_init", "2_it's")])


@settings(max_examples=40)
@given(CONFIGS, LOOKS, MIGRATIONS, st.booleans(), st.booleans(), st.booleans())
def test_every_deploy_can_be_undone_and_typed_by_hand(
    tables: dict[str, Any], seen: Look, migrations: tuple[str, ...], force: bool, page: bool, migrates: bool
) -> None:
    to = cutover(release="0002-ccccccc", was=seen.state.live, slot=seen.state.idle, page_up=page)
    plan = planned(
        config(**tables), seen, revision(migrations=migrations), to, force=force, migrates=migrates
    )
    names = [stage.name for stage in plan.stages]
    assert names[0] == "workspace"
    migrated = [name for name in names if name in ("alone", "page", "backup", "hold", "migrate")]
    assert sorted(names[1 : names.index("start")]) == sorted(["build", *migrated])
    assert names[names.index("start") :] == [
        "start",
        "cutover",
        *(["open"] if page else []),
        "soak",
        "finish",
    ]
    assert [one.name for one in plan.stages if one.settles] == ["finish"]
    assert plan.recovery
    cut = stage(plan, "cutover")
    assert (cut.on_cancel, cut.ordered) == ("finish", True)
    back = [f"switch back to {seen.state.slot}"]
    looks = [f"see that {seen.state.slot} runs", f"see that {seen.state.slot} listens"]
    assert [undo.title for undo in cut.undo] == (looks if seen.state.live else []) + back
    assert [step.title for step in stage(plan, "build").undo] == ["remove the release"]
    assert (stage(plan, "finish").on_failure, stage(plan, "finish").on_cancel) == ("warn", "keep")
    assert all(stage.on_failure == "recover" for stage in plan.stages[:-1])
    for one in all_steps(plan):
        if isinstance(one.action, Gate):
            assert one.timeout >= longest(one.action)
    assert json.loads(json.dumps(plan.record)) == plan.record
    assert is_bash(whole_text(plan))


@settings(max_examples=40)
@given(CONFIGS, LOOKS, MIGRATIONS)
def test_visitors_see_nothing_before_the_cutover(
    tables: dict[str, Any], seen: Look, migrations: tuple[str, ...]
) -> None:
    to = cutover(release="0002-ccccccc", was=seen.state.live, slot=seen.state.idle)
    plan = planned(config(**tables), seen, revision(migrations=migrations), to)
    touching = (
        "run/green.off /srv/shop/run/green",
        "run/green /srv/shop/run/green.off",
        "shop/current",
        "pm2 -s stop",
    )
    names = [stage.name for stage in plan.stages]
    for before in plan.stages[: names.index("cutover")]:
        for one in before.steps:
            assert not any(word in text_of(one) for word in touching), one.title
            assert f"pm2 -s delete shop-{seen.state.slot}" not in text_of(one)


@pytest.mark.parametrize(("applied", "gone"), [(frozenset({"1_init"}), False), (frozenset(), True)])
def test_a_deploy_removes_the_backups_for_which_there_is_no_place_after_its_own(
    applied: frozenset[str], gone: bool
) -> None:
    made = datetime.fromtimestamp(1_790_000_000, UTC)
    dumps = tuple(Backup(f"b{number}", 6, made, why="by hand", verified=made) for number in range(10))
    seen = look(live(OLD, now=made.timestamp()), applied=Applied(applied), backups=dumps)
    text = text_of(
        step(planned(with_database(), seen, revision(migrations=("1_init",))), "remove what is too old")
    )
    assert ("/backups/b9.dump" in text) is gone
    assert "/backups/b8.dump" not in text
