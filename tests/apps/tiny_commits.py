"""The commits of the tiny app: good ones on one line, and next to it what a release can do wrong."""

from collections.abc import Iterator
from textwrap import dedent

from windlass.demo.repository import Commit, Edit, remove, replace, write

MAIN = "third"


def tiny_commits(build_seconds: int, install_seconds: int, megabytes: int, pages: int) -> Iterator[Commit]:
    """All commits, parents first. The figures say how slow, how big and how patient the bad ones are."""
    yield Commit("first", "Serve a page")
    yield Commit("change", "Say which version this is", "first", _version("first", "second"))
    yield Commit("third", "Count the versions on", "change", _version("second", "third"))
    yield from _builds(build_seconds, megabytes)
    yield from _installs(install_seconds, megabytes)
    yield from _starts()
    yield from _serves(pages)
    yield from _other_package_managers()


def _beside(name: str, subject: str, *edits: Edit) -> Commit:
    """A commit that main does not hold; its parent is a good one."""
    return Commit(name, subject, "change", edits)


def _version(old: str, new: str) -> tuple[Edit, ...]:
    return (replace("src/page.html", old, new), replace("src/client.js", old, new))


def _builds(seconds: int, megabytes: int) -> Iterator[Commit]:
    yield _beside("broken_build", "Break the build", _in_build('throw new Error("the page has no title");'))
    yield _beside("slow_build", "Build at leisure", _in_build(_leisure("building", seconds)))
    yield _beside("big_build", "Ship ballast", _in_build(_ballast("dist", megabytes)))
    yield _beside("noisy_build", "Print 12 MB while building", _in_build(_NOISE))
    yield _beside(
        "telltale_build",
        "Print the secrets while building",
        _in_build('console.log(readFileSync(".env", "utf8"));'),
    )
    yield _beside(
        "empty_build",
        "Build nothing, and call it a success",
        _in_build('rmSync("dist", { recursive: true });\nprocess.exit(0);'),
    )


def _installs(seconds: int, megabytes: int) -> Iterator[Commit]:
    yield _beside("slow_install", "Install at leisure", *_preinstall(_leisure("installing", seconds)))
    yield _beside("big_install", "Install ballast", *_preinstall(_ballast("node_modules/ballast", megabytes)))
    yield _beside(
        "lock_out_of_step",
        "Add a package, and forget the lock file",
        write("packages/forgotten/package.json", '{ "name": "forgotten", "version": "1.0.0" }\n'),
        _dependencies('{ "forgotten": "file:packages/forgotten" }'),
    )
    yield _beside(
        "from_the_registry",
        "Use a package of the registry",
        _dependencies('{ "ms": "2.1.3" }'),
        replace("package-lock.json", *_LOCK_WITHOUT_AND_WITH_MS),
    )
    yield _beside(
        "needs_newer_node",
        "Ask for a node that does not exist yet",
        replace("package.json", ">=20.12", ">=99"),
        replace("package-lock.json", ">=20.12", ">=99"),
    )


def _starts() -> Iterator[Commit]:
    yield _beside(
        "crash_at_start", "Crash at start", _in_server('throw new Error("the tide table is missing");')
    )
    yield _beside(
        "dies_every_two_seconds",
        "Die every two seconds",
        _in_server('setTimeout(() => { throw new Error("out of breath"); }, 2000);'),
    )
    yield _beside(
        "hangs_at_start",
        "Wait for ever, and never listen",
        _in_server('for (;;) { console.log("waiting for the tide"); await sleep(1000); }'),
    )
    yield _beside("slow_start", "Take three seconds to start", _in_server("await sleep(3000);"))


def _serves(pages: int) -> Iterator[Commit]:
    page = 'if (pathname === "/") return page();'
    over = f'if (pathname === "/" && ++served > {pages})'
    yield _beside(
        "answers_500",
        "Answer 500 to everything",
        replace("server.mjs", page, f'throw new Error("all hands are ashore");\n  {page}'),
    )
    yield _beside(
        "fails_under_traffic",
        f"Answer 500 after {pages} pages, while the health is fine",
        _in_server("let served = 0;"),
        replace("server.mjs", page, f'{over} throw new Error("no pages left");\n  {page}'),
    )
    yield _beside(
        "ignores_signals",
        "Take no orders",
        replace("server.mjs", "closing = true;", 'return console.log("tiny: deaf to orders");'),
    )


def _other_package_managers() -> Iterator[Commit]:
    yield _beside(
        "with_yarn",
        "Install with yarn",
        remove("package-lock.json"),
        write("yarn.lock", _YARN_LOCK),
    )
    yield _beside(
        "with_pnpm",
        "Install with pnpm",
        remove("package-lock.json"),
        write("pnpm-lock.yaml", _PNPM_LOCK),
    )


def _in_build(code: str) -> Edit:
    """Code that runs while dist/ is there but incomplete."""
    return replace("build.mjs", "const script =", f"{code}\n\nconst script =")


def _in_server(code: str) -> Edit:
    """Code that runs just before the server would listen."""
    return replace("server.mjs", "server.listen(", f"{code}\n\nserver.listen(")


def _preinstall(code: str) -> tuple[Edit, ...]:
    """Code that npm runs when it installs."""
    name = '"name": "tiny",\n'
    build = '"build": "node build.mjs",\n'
    return (
        write("install.mjs", f'import {{ mkdirSync, writeFileSync }} from "node:fs";\n\n{code}\n'),
        replace("package.json", build, f'"preinstall": "node install.mjs",\n    {build}'),
        replace("package-lock.json", f"      {name}", f'      {name}      "hasInstallScript": true,\n'),
    )


def _dependencies(value: str) -> Edit:
    private = '"private": true,\n'
    return replace("package.json", private, f'{private}  "dependencies": {value},\n')


def _leisure(what: str, seconds: int) -> str:
    return dedent(f"""\
        for (let second = 1; second <= {seconds}; second += 1) {{
          console.log(`{what}, second ${{second}} of {seconds}`);
          await new Promise((resolve) => setTimeout(resolve, 1000));
        }}""")


def _ballast(folder: str, megabytes: int) -> str:
    return dedent(f"""\
        mkdirSync("{folder}", {{ recursive: true }});
        for (let count = 0; count < {megabytes}; count += 1) {{
          writeFileSync("{folder}/ballast.bin", Buffer.alloc(1024 * 1024, "ballast "), {{ flag: "a" }});
        }}""")


_NOISE = """\
for (let line = 0; line < 120_000; line += 1) {
  console.log(`${String(line).padStart(6, "0")} ${"a loud build ".repeat(7)}`);
}"""

_MS_HASH = "6FlzubTLZG3J2a/NVCAleEhjzq5oxgHyaCU9yYXvcLsvoVaHJq/s5xXI6/XXP6tz7R9xAOtHnSO/tXtF3WRTlA=="

_LOCK_WITHOUT_AND_WITH_MS = (
    """\
      "engines": {
        "node": ">=20.12"
      }
    }
""",
    """\
      "dependencies": {
        "ms": "2.1.3"
      },
      "engines": {
        "node": ">=20.12"
      }
    },
    "node_modules/ms": {
      "version": "2.1.3",
      "integrity": "sha512-{_MS_HASH}",
      "license": "MIT"
    }
""".replace("{_MS_HASH}", _MS_HASH),
)

_YARN_LOCK = """\
# THIS IS AN AUTOGENERATED FILE. DO NOT EDIT THIS FILE DIRECTLY.
# yarn lockfile v1


"""

_PNPM_LOCK = """\
lockfileVersion: '9.0'

settings:
  autoInstallPeers: true
  excludeLinksFromLockfile: false

importers:

  .: {}
"""
