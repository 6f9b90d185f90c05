"""The app's `.env` as the agent reads it, what it makes of the database's URL, and what it hides."""

from __future__ import annotations

import json
import os
import urllib.parse
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windlass.agent import env
from windlass.agent.step import LONGEST_LINE, Step

# What the npm package dotenv 16.6.1 makes of each.
DOTENV = [
    ("A=1", "1"),
    ("  export A = 1  ", "1"),
    ("A: yaml", "yaml"),
    ("A=", ""),
    ('A=""', ""),
    ("A=two words", "two words"),
    ("A='  kept  '", "  kept  "),
    ("A=value # comment", "value"),
    ("A=value#comment", "value"),
    ("A='a # b' # comment", "a # b"),
    ('A="a # b"# comment', "a # b"),
    ("A=it's", "it's"),
    ("A='unclosed", "'unclosed"),
    ('A="x"y', '"x"y'),
    ("A='it\\'s'", "it\\'s"),
    ('A="say \\"hi\\""', 'say \\"hi\\"'),
    ('A=`it\'s "both"`', 'it\'s "both"'),
    ('A="one\\ntwo\\r"', "one\ntwo\r"),
    ("A='one\\ntwo'", "one\\ntwo"),
    ('A="-----BEGIN\nKEY\n-----END"', "-----BEGIN\nKEY\n-----END"),
    ("A=pa$word", "pa$word"),
    ("A='$HOME'", "$HOME"),
    ("A=a=b==", "a=b=="),
    ("A=1\r\nB=2\r\n", "1"),
    ("A=1\rB=2", "1"),
    ("#A=no\nA=yes", "yes"),
    ("A=first\nA=last", "last"),
    ("\tA='tabbed'", "tabbed"),
    ("A=\\$x", "\\$x"),
    ('A={"json": "it\'s"}', '{"json": "it\'s"}'),
]


@pytest.mark.parametrize(("text", "value"), DOTENV, ids=[text for text, _ in DOTENV])
def test_a_file_is_read_as_dotenv_reads_it(text: str, value: str) -> None:
    assert env.parse(text)["A"] == value


def test_names_are_dotenvs_too() -> None:
    text = "A.B-C_1=x\nno variable\n2=digit\n=nothing\n# c\n\nLAST=y"
    assert env.parse(text) == {"A.B-C_1": "x", "2": "digit", "LAST": "y"}


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    variables = env.parse(text)
    env.maskable(variables)
    env.requested(["shared", "database", "migrate"], variables, next(iter(variables), "A"), 5)


def test_a_file_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert env.read(str(tmp_path / ".env")) == {}
    (tmp_path / ".env").write_bytes(b"A=\xff\xfe\nB=2")
    assert env.read(str(tmp_path / ".env"))["B"] == "2"


def test_references_are_expanded_where_the_file_knows_the_name() -> None:
    text = "PW=hunter2\nA=$PW-${PW}\nB=\\$PW\nC=x$unknown\nD=${unknown:-or}\nE=$A\nLOOP=a$LOOP"
    expanded = env.expanded(env.parse(text))
    assert (expanded["A"], expanded["B"], expanded["C"]) == ("hunter2-hunter2", "$PW", "x$unknown")
    assert (expanded["D"], expanded["E"], expanded["LOOP"]) == ("or", "hunter2-hunter2", "a$LOOP")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgresql://u%40x:p%2F%3A%23@db.example:5433/shop%20one?schema=public",
            {
                "PGHOST": "db.example",
                "PGPORT": "5433",
                "PGUSER": "u@x",
                "PGPASSWORD": "p/:#",
                "PGDATABASE": "shop one",
                "PGOPTIONS": '-c search_path="public"',
            },
        ),
        ("postgres://u@h/db", {"PGHOST": "h", "PGUSER": "u", "PGDATABASE": "db"}),
        (
            "postgresql://u@localhost/db?host=/var/run/postgresql&sslmode=require",
            {"PGHOST": "/var/run/postgresql", "PGUSER": "u", "PGDATABASE": "db", "PGSSLMODE": "require"},
        ),
        ("postgresql:///db?host=/tmp&port=5434", {"PGHOST": "/tmp", "PGPORT": "5434", "PGDATABASE": "db"}),
        ("postgresql://[::1]:5432/db", {"PGHOST": "::1", "PGPORT": "5432", "PGDATABASE": "db"}),
        (
            "postgresql://h/db?schema=Shop-One",
            {"PGHOST": "h", "PGDATABASE": "db", "PGOPTIONS": '-c search_path="Shop-One"'},
        ),
        ("postgresql://h/db?schema=a%22;x", {"PGHOST": "h", "PGDATABASE": "db"}),
        ("postgresql://u:p@h:99999/db", {}),
        ("postgresql://u:p@h:port/db", {}),
        ("postgresql://u:p[@h/db", {}),
        ("mysql://u:p@h/db", {}),
        ("file:./dev.db", {}),
        ("", {}),
    ],
)
def test_a_postgresql_url_becomes_libpqs_variables(url: str, expected: dict[str, str]) -> None:
    assert env.postgres(url) == expected


def test_the_database_is_reached_by_the_url_as_the_app_reads_it() -> None:
    variables = env.parse("PW=hunter2\nDATABASE_URL=postgresql://u:${PW}\\$x@h/db")
    asked = env.requested(["database"], variables, "DATABASE_URL", 5)
    assert (asked["PGPASSWORD"], asked["PGHOST"]) == ("hunter2$x", "h")
    assert "DATABASE_URL" not in asked


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u:p%40@h/db", "postgresql://u:p%40@h/db?options=-c%20lock_timeout%3D2500"),
        ("postgres://h/db?schema=a", "postgres://h/db?schema=a&options=-c%20lock_timeout%3D2500"),
        ("postgres://h/db?options=-c%20x%3D1", "postgres://h/db?options=-c%20x%3D1"),
        ("postgresql://u:p[@h/db", "postgresql://u:p[@h/db"),
        ("file:./dev.db", "file:./dev.db"),
        ("", ""),
    ],
)
def test_a_migration_waits_for_a_lock_only_so_long(url: str, expected: str) -> None:
    assert env.with_lock_timeout(url, 2.5) == expected


def test_a_step_gets_what_it_asked_for_and_no_more() -> None:
    variables = {"DATABASE_URL": "postgresql://u:p@h/db", "OTHER": "x", "BROKEN": "a\0b"}
    assert env.requested([], variables, "DATABASE_URL", 5) == {}
    assert env.requested(["shared"], variables, "DATABASE_URL", 5) == {
        "DATABASE_URL": "postgresql://u:p@h/db",
        "OTHER": "x",
    }
    migrate = env.requested(["migrate"], variables, "DATABASE_URL", 5)
    assert migrate["DATABASE_URL"].endswith("options=-c%20lock_timeout%3D5000")
    assert "DATABASE_URL" not in env.requested(["migrate"], {}, "DATABASE_URL", 5)


def test_a_clean_environment_has_a_path_and_nothing_of_the_agents_own() -> None:
    assert set(env.base()) <= set(env.PASSED_ON)
    assert {"PATH", "LANG"} <= set(env.base())


SECRET = 's3cret "it\'s" & ü/$x\\'


@pytest.mark.parametrize(
    "shown",
    [
        SECRET,
        urllib.parse.quote(SECRET, safe=""),
        "s3cret%20%22it's%22%20%26%20%C3%BC%2F%24x%5C",  # encodeURIComponent
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),  # JSON.stringify
    ],
)
def test_a_secret_is_hidden_however_it_is_encoded(shown: str) -> None:
    masked = env.masked(f"before {shown} after", env.maskable({"A": SECRET}))
    assert "s3cret" not in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")


def test_both_readings_of_a_dollar_are_hidden() -> None:
    masks = env.maskable({"A": "pa\\$\\$word123", "PW": "hunter2hunter2", "B": "user-$PW-x"})
    for shown in ("pa\\$\\$word123", "pa$$word123", "user-$PW-x", "user-hunter2hunter2-x"):
        assert env.masked(f"<{shown}>", masks) == "<********>"


def test_every_line_of_a_secret_is_hidden() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----"
    masks = env.maskable({"KEY": key})
    assert [env.masked(line, masks) for line in key.splitlines()] == ["********"] * 3


def test_the_password_of_a_url_is_hidden_alone_too() -> None:
    masks = env.maskable({"URL": "postgresql://u:p%40ssword1@h/db"})
    assert env.masked("p%40ssword1 p@ssword1", masks) == "******** ********"


def test_a_secret_within_another_does_not_leave_the_rest_of_it() -> None:
    masks = env.maskable({"A": "abcdefgh", "B": "abcdefgh-ijklmnop"})
    assert env.masked("abcdefgh-ijklmnop", masks) == "********"


def test_short_values_are_not_hidden_since_they_would_hide_everything() -> None:
    assert (
        env.maskable({"PORT": "3000", "DEBUG": "true", "AUTH_ENABLED": "true", "KEY_ID": "k1", "TOKEN": "1"})
        == []
    )


@pytest.mark.parametrize(
    "name", ["DB_PASSWORD", "api_key", "SESSION_SECRET", "SmtpPass", "GITHUB_TOKEN", "ADMIN_PIN"]
)
def test_a_short_value_of_a_variable_that_says_it_is_secret_is_masked_as_a_word(name: str) -> None:
    masks = env.maskable({name: "moon7"})
    assert env.masked("moon7 (moon7) 'moon7' pw=moon7 moon70 amoon7", masks) == (
        "******** (********) '********' pw=******** moon70 amoon7"
    )


@pytest.mark.parametrize("password", ["p", "ab", "abc", "s3cr", "s3cre7", "p%40s"])
def test_a_password_in_a_url_is_masked_at_any_length(password: str) -> None:
    masks = env.maskable({"DATABASE_URL": f"postgresql://shop:{password}@h:5432/shop?schema=public"})
    assert f":{password}@" not in env.masked(f"cannot reach postgres://shop:{password}@other/x", masks)
    if len(password) >= env.SHORT_LENGTH:
        assert env.masked(f"PGPASSWORD={password}", masks) == "PGPASSWORD=********"


def test_a_password_that_is_the_users_name_does_not_hide_every_mention_of_the_app() -> None:
    masks = env.maskable({"DATABASE_URL": "postgresql://shop:shop@h/shop"})
    assert (
        env.masked("shop starts, postgresql://shop:shop@h/", masks)
        == "shop starts, postgresql://shop********h/"
    )


@pytest.mark.parametrize("value", ["://[@", "http://[half@", "x://u:p@[::1", "://@"])
def test_a_value_that_only_looks_like_a_url_is_no_error(value: str) -> None:
    assert env.masked(value * 3, env.maskable({"A": value * 3})) == "********"


class Printing:
    """A step whose output the test writes."""

    def __init__(self, masks: list[str]) -> None:
        reader, self.writer = os.pipe()
        os.set_blocking(reader, False)
        self.step = Step(0, reader, None, masks)
        self.shown: list[str] = []

    def prints(self, data: bytes) -> None:
        os.write(self.writer, data)
        self.step.read(self.shown.append)

    def ends(self) -> str:
        os.close(self.writer)
        self.step.finish(self.shown.append)
        return "".join(self.shown)


@pytest.mark.parametrize("cut", range(0, 17, 4))
def test_a_secret_that_arrives_in_two_pieces_is_hidden(cut: int) -> None:
    secret = "hünter2-hünter2"
    step = Printing(env.maskable({"A": secret}))
    step.prints(b"password: " + secret.encode()[:cut])
    step.prints(secret.encode()[cut:] + b"!\n")
    assert step.ends() == "password: ********!"


@pytest.mark.parametrize("cut", range(0, 17, 4))
def test_a_secret_in_a_line_too_long_to_be_kept_whole_is_hidden(cut: int) -> None:
    secret = b"hunter2-hunter2"
    step = Printing(env.maskable({"A": secret.decode()}))
    step.prints(b"x" * (LONGEST_LINE - cut + 1) + secret[:cut])
    step.prints(secret[cut:] + b"y" * LONGEST_LINE)
    step.prints(b"z\n")
    shown = step.ends()
    assert shown == "x" * (LONGEST_LINE - cut + 1) + "********" + "y" * LONGEST_LINE + "z"
    assert len(step.shown) > 1


def test_a_rehearsal_is_kept_off_the_database_by_every_url_that_names_it() -> None:
    variables = {
        "NAME": "my shop",
        "DATABASE_URL": "postgresql://u:p%40ss@h/my%20shop?schema=a",
        "DIRECT_URL": "postgres://u:p%40ss@h:5433/my%20shop",
        "REPORTS_URL": "postgresql://u@h/reports",
        "REDIS_URL": "redis://h/0",
    }
    given = env.requested(["scratch"], variables, "DATABASE_URL", 5)
    assert given["DATABASE_URL"].startswith(
        "postgresql://u:p%40ss@h/my%20shop_windlass_scratch?schema=a&options="
    )
    assert given["DIRECT_URL"] == "postgres://u:p%40ss@h:5433/my%20shop_windlass_scratch"
    assert {given[name] for name in ("REPORTS_URL", "REDIS_URL")} == {
        "postgresql://u@h/reports",
        "redis://h/0",
    }
    assert env.requested(["scratch"], {"DATABASE_URL": "mysql://h/shop", "A": "b"}, "DATABASE_URL", 5) == {}
