"""Object literals are read as they are written; what would have to be computed is not guessed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windlass.init.js import Unknown, objects, written

NEXT = """
/** @type {import('next').NextConfig} */
const nextConfig: NextConfig = {
  output: 'standalone', // output: "export" was tried
  basePath: process.env.BASE || '/x',
  "distDir": `build`, assetPrefix: `${cdn}/x`,
  matcher: /['"]{2,}/g,
  images: { domains: ["a", 'b',], unoptimized: true, },
  webpack(config) { config.output = { library: 1 }; return config; },
  async headers() { return [{ source: '/' }]; },
  ...shared, [key]: 1, poweredByHeader: false,
};
export default withAnalyzer({ enabled: process.env.ANALYZE === 'true' })(nextConfig);
"""


def test_literals_are_read_and_the_rest_is_unknown() -> None:
    config = objects(NEXT)[0]
    assert {key: value for key, value in config.items() if not isinstance(value, Unknown)} == {
        "output": "standalone",
        "distDir": "build",
        "images": {"domains": ["a", "b"], "unoptimized": True},
        "poweredByHeader": False,
    }
    assert isinstance(config["basePath"], Unknown)
    assert isinstance(config["assetPrefix"], Unknown)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('export default { a: "b" } satisfies X', [{"a": "b"}]),
        ("export default (phase) => { if (phase) { f() } return { a: 'x' as const } }", [{"a": "x"}]),
        (
            "module.exports = { a: 'it\\'s', c: 1_000, d: 1.5, e: null }",
            [{"a": "it's", "c": 1000, "d": 1.5, "e": None}],
        ),
        ("module.exports = { a: [1, ...b, { c: 2 }] }", [{"a": [1, Unknown("... b"), {"c": 2}]}]),
        (
            "module.exports = { a: -1, b: c ? 'd' : 'e' }",
            [{"a": Unknown("- 1"), "b": Unknown("c ? 'd' : 'e'")}],
        ),
        ("if (a) { b: for (;;) {} }", []),
        ("= { a: 1", []),
        ("= { a: 'unclosed }", [{"a": Unknown("' unclosed")}]),
    ],
)
def test_what_configuration_files_write(text: str, found: Any) -> None:
    assert objects(text) == found


@given(st.text(alphabet="{}[]():,=.'\"`/\\ \n$abc12*", max_size=60))
def test_no_text_is_too_broken_to_be_read(text: str) -> None:
    assert isinstance(objects(text), list)


def test_a_value_of_another_kind_counts_as_absent() -> None:
    table = {"port": True, "name": "x"}
    assert written(table, "port", int) is None
    assert written(table, "name", str) == "x"
