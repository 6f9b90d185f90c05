"""What is said of a wrong configuration: all of it at once, each with its path, in plain words."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windlass.config.check import check
from windlass.config.words import sections

APP = '[app]\nname = "shop"\nrepository = "git@example.com:shop.git"\n'


def problems(text: str, app: str = APP) -> list[str]:
    config, found = check(tomllib.loads(app + text))
    assert (config is None) == bool(found)
    return [str(problem) for problem in found]


def test_a_minimal_configuration_is_right() -> None:
    assert problems("") == []


def test_every_problem_is_reported_at_once_in_the_files_order() -> None:
    found = problems(
        """
        [web]
        ports = [3000, 99999]
        prots = [1, 2]
        drain = "30"
        [soak]
        seconds = -1
        [targets.production]
        hosts = ["a", "::1"]
        [shared]
        dirs = ["data", "data"]
        [git]
        key = "id_ed25519"
        """
    )
    assert found == [
        "web.ports[1]: 99999 is not a port",
        "web.drain: expected a number, got text",
        "web.prots: unknown key; did you mean ports?",
        "soak.seconds: -1 is out of range: at least 0",
        "targets.production.hosts[1]: '::1' is not a host: write an IPv6 address in brackets, [::1]",
        "shared.dirs[1]: data is shared already (shared.dirs[0])",
        "git.key: 'id_ed25519' is not an absolute path without '..'",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[databse]", "databse: unknown key; did you mean database?"),
        ("[web]\nmin_healthy = 3", "web.min_healthy: unknown key; min_healthy belongs in [health]"),
        ("[zzz]", "zzz: unknown key"),
        (
            "[targets.live]\nhots = ['a']\nhosts = ['a']",
            "targets.live.hots: unknown key; did you mean hosts?",
        ),
        (
            "[[contacts]]\nrole = 'x'\ncontact = 'y'\nrol = 'z'",
            "contacts[0].rol: unknown key; did you mean role?",
        ),
        (
            "[backups]\ncopy_to = 'bucket/ships'",
            "backups.copy_to: 'bucket/ships' is not a place such as \"s3://bucket/folder\"",
        ),
        ("[database]\nkind = 'prisma'\nshema = 'x'", "database.shema: unknown key; did you mean schema?"),
    ],
)
def test_an_unknown_key_is_named_with_what_was_meant(text: str, expected: str) -> None:
    assert problems(text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[web]\ndrain = '30'", "web.drain: expected a number, got text"),
        ("[web]\ndrain = true", "web.drain: expected a number, got true or false"),
        ("[web]\nports = 3000", "web.ports: expected a list, got a number"),
        ("[web]\nports = [3000, 3001.5]", "web.ports[1]: expected a whole number, got 3001.5"),
        ("[web]\nports = [3000]", "web.ports: expected at least 2 values, got 1"),
        ("[web]\nscript = 1979-05-27", "web.script: expected text, got a date or time"),
        ("[web]\nenv = {A = 1}", "web.env.A: expected text, got a number; put it in quotes"),
        ("[web]\nenv = {'A B' = 'x'}", "web.env.\"A B\": 'A B' is not the name of a variable"),
        ("[web]\ninstances = 0", 'web.instances: 0 is neither a number from 1 to 64 nor "cpus"'),
        ("[web]\ninstances = true", 'web.instances: True is neither a number from 1 to 64 nor "cpus"'),
        ("[web]\ninstances = 'max'", "web.instances: 'max' is neither a number from 1 to 64 nor \"cpus\""),
        ("[web]\nstandby = 'hot'", 'web.standby: expected "cold" or "warm", got "hot"'),
        (
            "[web]\nmax_memory = '1 GB'",
            'web.max_memory: \'1 GB\' is not an amount of memory such as "512M" or "1G"',
        ),
        ("[[web]]\nports = []", "web: expected a table, got a list"),
        ("[git]\nsubmodules = 'yes'", "git.submodules: expected true or false, got text"),
        ("[soak]\nseconds = inf", "soak.seconds: inf is out of range: at most 3600"),
        ("[soak]\nseconds = nan", "soak.seconds: nan is out of range: at most 3600"),
        ("[targets.live]\nhosts = []", "targets.live.hosts: expected at least 1 value, got none"),
        ("[targets.live]", "targets.live.hosts: is missing"),
        (
            "[database]\nkind = 'prisma'\nlock_timeout = 0",
            "database.lock_timeout: 0 is out of range: more than 0",
        ),
    ],
)
def test_a_wrong_value_is_named_in_plain_words(text: str, expected: str) -> None:
    assert problems(text) == [expected]


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("[web]\nports = [3000, 3000]", "web.ports", "not 3000 twice"),
        ("[web]\nports = [3000, 80]", "web.ports[1]", "nginx.listen"),
        ("[nginx]\nlisten = 3001", "web.ports[1]", "nginx.listen"),
        (
            "[web]\nports = [3000, 3100]\ninstances = 4\n[nginx]\nlisten = 3103",
            "web.ports[1]",
            "nginx.listen",
        ),
        (
            "[web]\ninstances = 2",
            "web.ports",
            "each slot needs 2 ports in a row: 3000 and 3001 are too close",
        ),
        ("[web]\ninstances = 2", "web.ports", "ports = [3000, 3100] would do"),
        ("[web]\ninstances = 4\nports = [3003, 3000]", "web.ports", "ports = [3000, 3100] would do"),
        ("[web]\ninstances = 'cpus'\nports = [3000, 3063]", "web.ports", '"cpus" may be up to 64'),
        ("[web]\ninstances = 3\nports = [3000, 65534]", "web.ports[1]", "would run past 65535"),
        ("[web]\ninstances = 3\nports = [65530, 65529]", "web.ports", "choose lower ones"),
        ("[nginx]\ncertificate = '/c'", "nginx.certificate_key", "is missing"),
        ("[nginx]\ncertificate_key = '/k'", "nginx.certificate", "is missing"),
        (
            "[nginx]\nlisten = 443\ncertificate = '/c'\ncertificate_key = '/k'",
            "nginx.listen_tls",
            "a port each",
        ),
        ("[nginx]\nsite = '/etc/nginx/conf.d/shop'", "nginx.site", "reads only *.conf"),
        ("[nginx]\nassets_url = '/'", "nginx.assets_url", "not a folder of the site"),
        ("[nginx]\nassets_from = '.next/cache/x'", "nginx.assets_from", "left out of every release"),
        ("[web]\nenv = {PORT = '3000'}", "web.env.PORT", "set web.ports"),
        ("[targets.live]\nhosts = ['a', 'root@A:22']", "targets.live.hosts[1]", "the same host as a"),
        ("[database]\nschema = 'x.prisma'", "database.schema", 'set kind = "prisma"'),
        ("[backups]\nkeep = 3", "backups.keep", 'set kind = "prisma"'),
        ("[build]\nverify = []", "build.verify", "is empty"),
        ("[build]\nverify = ['.next/cache/x']", "build.verify[0]", "left out of every release"),
        ("[shared]\ndirs = ['data/x', 'data']", "shared.dirs[1]", "overlaps data/x"),
        ("[shared]\nfiles = ['data/x']\ndirs = ['data']", "shared.dirs[0]", "(shared.files[0])"),
        ("[shared]\ndirs = ['./uploads/', 'uploads']", "shared.dirs[1]", "shared already"),
        ("[shared]\ndirs = ['node_modules']", "shared.dirs[0]", "made anew"),
        ("[shared]\ndirs = ['../other']", "shared.dirs[0]", "without '..'"),
        ("[shared]\ndirs = ['.']", "shared.dirs[0]", "the whole app"),
        ("[processes.green]\nscript = 'x'", "processes.green", "the name of a slot"),
        ("[health]\ntimeout = 90", "health.timeout", "health.start_timeout (60 s)"),
        ("[health]\nmin_healthy = 0", "health.min_healthy_known", "longer than health.min_healthy"),
    ],
)
def test_a_combination_that_cannot_work_is_named(text: str, path: str, words: str) -> None:
    (found,) = problems(text)
    assert found.startswith(f"{path}: ")
    assert words in found


@pytest.mark.parametrize(
    "root",
    [
        "/",
        "/etc",
        "/etc/shop",
        "/usr",
        "/usr/lib/shop",
        "/home",
        "/home/ana",
        "/root",
        "/root/shop",
        "/srv",
        "/srv/",
        "/var/www",
        "//srv",
        "/srv/./",
        "/run/shop",
        "/srv/../etc",
        "srv/shop",
        "/srv/a b",
        "/srv/$HOME",
        "/srv/a;b",
    ],
)
def test_a_root_that_is_not_the_apps_own_is_refused(root: str) -> None:
    (found,) = problems("", f"{APP}root = '{root}'\n")
    assert found.startswith("app.root: ")


@pytest.mark.parametrize(
    "root", ["/srv/shop", "/home/ana/shop", "/var/www/shop", "/opt/shop", "/usr/local/shop"]
)
def test_a_root_of_the_apps_own_is_taken(root: str) -> None:
    assert problems("", f"{APP}root = '{root}'\n") == []


@pytest.mark.parametrize(
    "name", ["Shop", "-shop", "shop-", "shop_1", "a" * 41, "", "shop/x", "shop-blue", "shop\\n"]
)
def test_a_wrong_name_is_one_problem_not_one_for_each_key_derived_from_it(name: str) -> None:
    (found,) = problems("", f'[app]\nname = "{name}"\nrepository = "x"\n')
    assert found.startswith("app.name: ")


@pytest.mark.parametrize("branch", ["--upload-pack=x", "; rm -rf ~", "", "a..b", "HEAD", "a\\nb"])
def test_a_branch_that_git_would_take_for_something_else_is_refused(branch: str) -> None:
    (found,) = problems("", f'{APP}branch = "{branch}"\n')
    assert found.startswith("app.branch: ")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("[web]\nenv = {STRIPE_API_KEY = 'hunter2'}", "web.env.STRIPE_API_KEY"),
        ("[build]\nenv = {SENTRY_AUTH_TOKEN = 'hunter2'}", "build.env.SENTRY_AUTH_TOKEN"),
        ("[processes.w]\nscript = 'x'\nenv = {session_secret = 'hunter2'}", "processes.w.env.session_secret"),
        ("[web]\nenv = {DATABASE_URL = 'postgresql://shop:hunter2@db/shop'}", "web.env.DATABASE_URL"),
        ("[web]\nargs = ['redis://:hunter2@cache']", "web.args[0]"),
        ("[git]\nkey = 'https://x:hunter2@example.com'", "git.key"),
        ("[webb]\nenv = {A_PASSWORD = 'hunter2'}", "webb.env.A_PASSWORD"),
    ],
)
def test_a_secret_is_refused_and_not_shown(text: str, path: str) -> None:
    found = problems(text)
    assert any(
        line.startswith(f"{path}: ") and "belongs in the server's shared/.env" in line for line in found
    )
    assert "hunter2" not in "".join(found)


@pytest.mark.parametrize(
    "address", ["https://me:hunter2@example.com/x.git", "https://hunter2@example.com/x.git"]
)
def test_a_repository_with_a_password_is_refused(address: str) -> None:
    (found,) = problems("", f'[app]\nname = "shop"\nrepository = "{address}"\n')
    assert found.startswith("app.repository: ")
    assert "hunter2" not in found


@pytest.mark.parametrize(
    "text",
    [
        "[web]\nenv = {NEXT_PUBLIC_POSTHOG_KEY = 'phc_x', KEYBOARD = 'de', TLS_KEY_FILE = '/k'}",
        "[build]\ninstall = 'npm ci --registry https://me:$NPM_TOKEN@npm.example.com'",
        "[web]\nenv = {MONKEY = 'x', API_URL = 'https://example.com:8443/a@b'}",
    ],
)
def test_what_only_resembles_a_secret_is_taken(text: str) -> None:
    assert problems(text) == []


def test_a_rule_is_silent_about_a_key_that_is_wrong_already() -> None:
    assert problems("[web]\nports = [80, 'x']") == ["web.ports[1]: expected a whole number, got text"]


def test_rules_hold_for_the_rest_where_the_app_itself_is_missing() -> None:
    assert problems("[web]\nports = [80, 3001]", app="") == [
        "app: is missing",
        "web.ports[0]: 80 is the port that nginx itself listens on (nginx.listen)",
    ]


PLACES = [(table, key) for table, keys in sections() for key in keys]
VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text() | st.just(date(2026, 1, 1)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(PLACES), VALUES, min_size=1, max_size=4))
def test_whatever_a_file_holds_is_taken_or_explained_in_words_of_its_own(
    chosen: dict[tuple[str, str], Any],
) -> None:
    tables: dict[str, Any] = tomllib.loads(APP)
    for (table, key), value in chosen.items():
        tables.setdefault(table, {})[key] = value
    config, found = check(tables)
    assert (config is None) == bool(found)
    for problem in found:
        assert problem.reason != "cannot be used"
        assert not re.search(
            r"pydantic|[Ii]nput should|validat|NoneType|Error\b", problem.reason.split("'")[-1]
        )


@pytest.mark.parametrize(
    "text",
    [
        "[web]\ninstances = 1\nports = [3000, 3001]",
        "[web]\ninstances = 4\nports = [3000, 3004]",
        "[web]\ninstances = 4\nports = [3004, 3000]",
        "[web]\ninstances = 'cpus'\nports = [3000, 3064]",
        "[web]\ninstances = 3\nports = [3000, 65533]",
    ],
)
def test_ports_that_leave_room_are_right(text: str) -> None:
    assert problems(text) == []
