"""Whatever a repository holds, what is written passes the check of the configuration and tells no secret."""

from __future__ import annotations

import json
import tomllib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.init import made
from windlass.config.check import check
from windlass.errors import UsageError
from windlass.init.answers import Origin

SECRET = "hunter2-hunter2-hunter2"
NASTY = st.sampled_from(
    [
        "",
        ".",
        "..",
        "/",
        "a b",
        "$HOME",
        "';",
        '"',
        "{",
        "}",
        "\\",
        "\n",
        "\0",
        "\ud800",
        "é",
        "-x",
        "../x",
        "/etc",
        "#",
    ]
)
PLAIN = st.sampled_from(
    ["web", "worker", "dist", "build", "server.js", "src/index.js", "npm", "start", "next", "node"]
)
NUMBERS = st.sampled_from([0, 1, 80, 443, 3000, 65535, 99999, 10**30])
WORDS = st.one_of(PLAIN, NASTY, st.text(max_size=8), st.lists(PLAIN | NASTY, max_size=4).map(" ".join))
VALUES = st.recursive(
    st.one_of(WORDS, NUMBERS, st.booleans(), st.none(), st.floats()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
STARTS = st.sampled_from(
    [
        "next start -p 4000",
        "node .",
        "node dist/x --y",
        "node -r dotenv/config a.mjs 'b c'",
        "npm start",
        "a && b",
        "'",
    ]
)


def table(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Some of the keys, most with a value of the right type, some with any."""
    return st.fixed_dictionaries({}, optional={key: value | VALUES for key, value in keys.items()})


PACKAGES = table(
    name=WORDS,
    main=WORDS,
    packageManager=st.sampled_from(["npm@10", "pnpm@9.1.0", "yarn@4", "bun@1", "@"]),
    scripts=table(build=WORDS, start=STARTS | WORDS),
    dependencies=table(next=WORDS, express=WORDS, prisma=WORDS),
    engines=table(node=WORDS),
    volta=table(node=WORDS),
    workspaces=st.lists(WORDS, max_size=2),
)
PROCESSES = table(
    name=WORDS,
    script=STARTS | WORDS,
    args=WORDS | st.lists(WORDS, max_size=2),
    node_args=WORDS,
    interpreter=st.sampled_from(["none", "python3", "node", ""]),
    instances=NUMBERS,
    max_memory_restart=st.sampled_from(["1G", "500M", "0M", 500]),
    kill_timeout=NUMBERS,
    env=table(PORT=NUMBERS | WORDS, API_KEY=st.just(SECRET), NODE_ENV=st.just("production")),
    cwd=WORDS,
)
NEXT_CONFIGS = table(output=WORDS, distDir=WORDS, basePath=WORDS, assetPrefix=WORDS)
SITES = st.builds(
    "server {{ listen {0}; server_name {1}; client_max_body_size {2}; ssl_certificate {1};\n"
    " ssl_certificate_key {2}; location / {{ proxy_pass http://127.0.0.1:{0}; proxy_read_timeout {2}; }} }}".format,
    NUMBERS, WORDS, st.sampled_from(["10m", "1G", "5T", "60s", "2m", "x"]),
)  # fmt: skip
SCHEMAS = st.builds(
    'datasource db {{ provider = "{}"\n url = env("{}") }}'.format,
    st.sampled_from(["postgresql", "mysql", "sqlite", ""]), st.sampled_from(["DATABASE_URL", "DB", "1X", "É", ""]),
)  # fmt: skip
ANY_TEXT = st.text(max_size=40)


def as_js(value: Any) -> str:
    return f"module.exports = {json.dumps(value)};"


FILES = st.fixed_dictionaries(
    {"package.json": PACKAGES.map(json.dumps)},
    optional={
        "package-lock.json": ANY_TEXT,
        "yarn.lock": ANY_TEXT,
        "pnpm-lock.yaml": ANY_TEXT,
        ".nvmrc": WORDS,
        ".gitignore": WORDS,
        "tsconfig.json": WORDS.map(lambda word: f'{{"compilerOptions": {{"outDir": "{word}"}}}}'),
        "next.config.mjs": NEXT_CONFIGS.map(as_js) | ANY_TEXT,
        "ecosystem.config.js": st.lists(PROCESSES, max_size=3).map(lambda apps: as_js({"apps": apps}))
        | ANY_TEXT,
        "nginx/site.conf": SITES | ANY_TEXT,
        "prisma/schema.prisma": SCHEMAS | ANY_TEXT,
        "db/schema.prisma": SCHEMAS,
        ".env.example": st.lists(st.builds("{}={}".format, WORDS, WORDS), max_size=3).map("\n".join),
        "app/api/health/route.ts": ANY_TEXT,
        "src/index.js": WORDS.map(lambda word: f"get('{word}/health')"),
    },
)
ORIGINS = st.builds(
    Origin,
    st.sampled_from(
        [
            "git@h:a/b.git",
            f"https://me:{SECRET}@h/b.git",
            "https://h/b",
            "/srv/b.git",
            "file:///b",
            "-x",
            "a b",
        ]
    ),
    WORDS,
    folder=WORDS,
)


@settings(max_examples=300)
@given(FILES, ORIGINS)
def test_what_is_written_passes_the_check_and_tells_no_secret(files: dict[str, str], origin: Origin) -> None:
    try:
        text = made.text(files, origin=origin)
    except UsageError:
        assert origin.address in ("-x", "a b")
        return
    assert SECRET not in text
    text.encode("utf-8")
    config, problems = check(tomllib.loads(text))
    assert problems == []
    assert config is not None
