"""The commits of Prompthub: good ones on one line, and next to it what Next.js and Prisma can do wrong."""

from collections.abc import Iterator
from textwrap import dedent

from windlass.demo.repository import Commit, Edit, replace, write

MAIN = "migration"


def prompthub_commits(migration_seconds: int, pages: int) -> Iterator[Commit]:
    """All commits, parents first. The figures say how slow and how patient the bad ones are."""
    yield Commit("first", "List the prompts")
    yield Commit("change", "Say which edition this is", "first", _CHANGE)
    yield Commit("migration", "Count the uses of a prompt", "change", _MIGRATION)
    yield from _builds()
    yield from _starts()
    yield from _serves(pages)
    yield from _migrates(migration_seconds)


def _beside(name: str, subject: str, *edits: Edit) -> Commit:
    """A commit that main does not hold; its parent is a good one."""
    return Commit(name, subject, "change", edits)


def _builds() -> Iterator[Commit]:
    yield _beside(
        "broken_build",
        "Import a file that is not there",
        replace("app/page.js", 'import { Prompt } from "./prompt"', 'import { Prompt } from "./prompts"'),
    )
    yield _beside(
        "lock_out_of_step",
        "Add a package, and forget the lock file",
        write("packages/forgotten/package.json", '{ "name": "forgotten", "version": "1.0.0" }\n'),
        replace("package.json", '    "next":', '    "forgotten": "file:packages/forgotten",\n    "next":'),
    )
    yield _beside(
        "standalone",
        "Build a standalone server",
        replace("next.config.mjs", "{};", '{ output: "standalone" };'),
    )


def _starts() -> Iterator[Commit]:
    # An error thrown here would not do: Next.js prints it, stays and answers 500.
    yield _beside("crash_at_start", "Crash at start", _at_start("process.exit(1);"))
    yield _beside(
        "dies_every_two_seconds",
        "Die every two seconds",
        _at_start("setTimeout(() => process.exit(1), 2000);"),
    )
    yield _beside(
        "hangs_at_start",
        "Accept connections, and never answer",
        _at_start("return new Promise(() => {});"),
    )


def _serves(pages: int) -> Iterator[Commit]:
    yield _beside(
        "answers_500",
        "Answer 500 to everything but assets",
        write("proxy.js", _ANSWER_500),
    )
    yield _beside(
        "fails_under_traffic",
        f"Answer 500 after {pages} pages, while the health is fine",
        replace("app/page.js", "export default", "let served = 0;\n\nexport default"),
        replace(
            "app/page.js",
            "  const prompts =",
            f'  if (++served > {pages}) throw new Error("no pages left");\n  const prompts =',
        ),
    )


def _migrates(seconds: int) -> Iterator[Commit]:
    yield _beside(
        "failing_migration",
        "Ask for a rating that no prompt has",
        _field("rating Int"),
        _model("Tag", "name String @unique"),
        _migration(
            "ratings",
            """\
            CREATE TABLE "Tag" ("id" SERIAL PRIMARY KEY, "name" TEXT NOT NULL);

            ALTER TABLE "Prompt" ADD COLUMN "rating" INTEGER NOT NULL;

            CREATE UNIQUE INDEX "Tag_name_key" ON "Tag"("name");
            """,
        ),
    )
    yield _beside(
        "broken_index",
        "Let no two searches find as much",
        _migration("results", 'CREATE UNIQUE INDEX CONCURRENTLY "Search_results" ON "Search"("results");\n'),
    )
    yield _beside(
        "slow_migration",
        "Migrate at leisure",
        _field("rating Int @default(0)"),
        _model("Tag", "name String"),
        _migration(
            "leisure",
            f"""\
            CREATE TABLE "Tag" ("id" SERIAL PRIMARY KEY, "name" TEXT NOT NULL);

            SELECT pg_sleep({seconds});

            ALTER TABLE "Prompt" ADD COLUMN "rating" INTEGER NOT NULL DEFAULT 0;
            """,
        ),
    )


def _at_start(code: str) -> Edit:
    """Code that Next.js runs before it answers a first request, and not while it builds."""
    return write("instrumentation.js", f"export function register() {{\n  {code}\n}}\n")


def _field(line: str) -> Edit:
    """A field more for Prompt."""
    return replace("prisma/schema.prisma", "  body  String\n", f"  body  String\n  {line}\n")


def _model(name: str, field: str) -> Edit:
    model = f"model {name} {{\n  id Int @id @default(autoincrement())\n  {field}\n}}\n"
    return replace("prisma/schema.prisma", "model Search {", f"{model}\nmodel Search {{")


def _migration(name: str, sql: str) -> Edit:
    return write(f"prisma/migrations/20260303090000_{name}/migration.sql", dedent(sql))


_CHANGE = (
    replace("app/page.js", "<h1>Prompthub</h1>", "<h1>Prompthub, second edition</h1>"),
    replace("app/prompt.js", "<p>{body}</p>", "<blockquote>{body}</blockquote>"),
    replace("app/style.css", "sans-serif", "serif"),
    replace("app/api/health/route.js", '"ok", commit', '"ok", edition: 2, commit'),
)

_CLSX_HASH = "eYm0QWBtUrBWZWG0d386OGAw16Z995PiOVo2B7bjWSbHedGl5e0ZWaq65kOGgUSNesEIDkB9ISbTg/JK9dhCZA=="

_CLSX_IN_LOCK = f"""\
    "node_modules/clsx": {{
      "version": "2.1.1",
      "integrity": "sha512-{_CLSX_HASH}",
      "license": "MIT",
      "engines": {{
        "node": ">=6"
      }}
    }},
"""

_NEXT = '"next": "16.4.5",\n'
_CONFBOX = '    "node_modules/confbox": {\n'
_USE_STATE = 'import { useState } from "react";\n'

_MIGRATION = (
    replace("package.json", _NEXT, f'"clsx": "2.1.1",\n    {_NEXT}'),
    replace("package-lock.json", _NEXT, f'"clsx": "2.1.1",\n        {_NEXT}'),
    replace("package-lock.json", _CONFBOX, _CLSX_IN_LOCK + _CONFBOX),
    replace("app/page.js", "second edition", "third edition"),
    replace("app/api/health/route.js", "edition: 2", "edition: 3"),
    replace("app/prompt.js", _USE_STATE, f'import clsx from "clsx";\n{_USE_STATE}'),
    replace("app/prompt.js", "<section>", '<section className={clsx("prompt", open && "open")}>'),
    _field("uses  Int    @default(0)"),
    _migration("uses", 'ALTER TABLE "Prompt" ADD COLUMN "uses" INTEGER NOT NULL DEFAULT 0;\n'),
)

_ANSWER_500 = """\
export function proxy() {
  return new Response("all hands are ashore\\n", { status: 500 });
}

export const config = { matcher: "/((?!_next/static).*)" };
"""
