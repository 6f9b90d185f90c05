"""What a start script runs is found behind the helpers in front of it."""

from __future__ import annotations

import pytest

from windlass.init.start import Start, start_of_text

SCRIPTS = {
    "start": "npm run serve",
    "serve": "node dist/main",
    "loop": "npm run loop",
    "web": "next start -p 3100",
}


def of(text: str) -> Start:
    return start_of_text(text, SCRIPTS)


@pytest.mark.parametrize(
    ("text", "script", "args", "node_args"),
    [
        ("node server.js", "server.js", (), ()),
        ("NODE_ENV=production node ./dist/index.js --port 1", "dist/index.js", ("--port", "1"), ()),
        ("cross-env A=b node -r dotenv/config --test a.mjs", "a.mjs", (), ("-r", "dotenv/config", "--test")),
        ("npm start", "dist/main.js", (), ()),
        ("yarn serve", "dist/main.js", (), ()),
        ("pnpm run serve", "dist/main.js", (), ()),
        ("exec node 'a b.js'", "a b.js", (), ()),
    ],
)  # fmt: skip
def test_node_scripts(text: str, script: str, args: tuple[str, ...], node_args: tuple[str, ...]) -> None:
    found = of(text)
    assert (found.kind, found.script, found.args, found.node_args) == ("node", script, args, node_args)


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("next start", 0),
        ("next start --port=4000", 4000),
        ("npx next start -p 4000 -H 0.0.0.0", 4000),
        ("npm run web", 3100),
        ("node node_modules/next/dist/bin/next start -p 5", 5),
        ("node_modules/.bin/next start", 0),
        ("node .next/standalone/apps/web/server.js", 0),
    ],
)
def test_next_is_known_in_each_of_its_forms(text: str, port: int) -> None:
    assert (of(text).kind, of(text).port) == ("next", port)


@pytest.mark.parametrize(
    "text",
    ["npm run build && node x.js", "node a.js & node b.js", "nest start", "next dev", "npm run loop", "node .",
     "node /etc/x.js", "node ../x.js", "node", "vite preview", "'", "", "pm2 start x"],
)  # fmt: skip
def test_what_is_no_single_script_is_left_to_the_operator(text: str) -> None:
    assert of(text).kind == "other"
