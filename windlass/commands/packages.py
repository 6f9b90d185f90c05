"""Installing, generating and building with npm, pnpm or yarn."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from windlass.layout import Layout
from windlass.shell import Command, all_of, cmd, quote, write_file

_INSTALL = {
    "npm": ("npm", "ci", "--include=dev", "--no-audit", "--no-fund", "--prefer-offline"),
    "pnpm": ("pnpm", "install", "--frozen-lockfile", "--prod=false"),
    "yarn": ("yarn", "install", "--frozen-lockfile", "--production=false", "--non-interactive"),
    "yarn-berry": ("yarn", "install", "--immutable"),
}
_WITHOUT_LOCK_FILE = {
    "npm": ("npm", "install", "--include=dev", "--no-audit", "--no-fund", "--no-package-lock"),
    "pnpm": ("pnpm", "install", "--prod=false"),
    "yarn": ("yarn", "install", "--production=false", "--non-interactive", "--no-lockfile"),
    "yarn-berry": ("yarn", "install"),
}


_IN_STEP = (
    "npm",
    "ci",
    "--dry-run",
    "--ignore-scripts",
    "--include=dev",
    "--no-audit",
    "--no-fund",
    "--prefer-offline",
)
_CHANGE = (
    "npm", "install", "--package-lock", "--save", "--include=dev", "--no-audit", "--no-fund", "--prefer-offline",
)  # fmt: skip
"""By the lock file whatever .npmrc says, as `npm ci` does; what it writes there is put back."""


def install(manager: str, *, locked: bool, corepack: bool) -> Command:
    """Everything that the build needs, by the lock file; `corepack`: the manager comes from there."""
    words = (_INSTALL if locked else _WITHOUT_LOCK_FILE)[manager]
    return cmd(*(("corepack", *words) if corepack else words))


def afresh(manager: str, work: Command, *, locked: bool) -> Command:
    """An install that builds on nothing that is there: `npm ci` removes it by itself, the others are helped."""
    return work if manager == "npm" and locked else all_of(cmd("rm", "-rf", "node_modules"), work)


def changed(manager: str, work: Command, lock_file: str, *, corepack: bool) -> Command:
    """The install `work` on top of one that finished, where only what is different is fetched and unpacked.

    npm's is `work` itself where that would refuse the lock file, where packages are links to folders, whose own
    installs it would pass over, and where it fails.
    """
    if manager != "npm" or not lock_file:
        return work
    through = ("corepack",) if corepack else ()
    dry_run, change = cmd(*through, *_IN_STEP).quietly(), cmd(*through, *_CHANGE)
    links, aside = f"grep -q '\"link\": true' {quote(lock_file)}", '"$(git rev-parse --git-dir)"/windlass-npm'
    # A dry run, too, writes down what there would be, and the install after it would believe that.
    there = "node_modules/.package-lock.json"
    in_step = f"cp -p {there} {aside} && {dry_run} && cp -p {aside} {there}"
    quick = f"! {links} && {in_step} && {change}"
    kept = cmd("git", "checkout", "--quiet", "HEAD", "--", "package.json", lock_file)
    return Command(
        f'if {quick}; then changed=yes; else changed=; fi\n{kept.text}\nif [ -z "$changed" ]; then {work.text}; fi'
    )


def run_script(manager: str, script: str, *, corepack: bool) -> Command:
    """Run a script of package.json."""
    words = (manager.removesuffix("-berry"), "run", script)
    return cmd(*(("corepack", *words) if corepack else words))


def stamped(work: Command, stamp: PurePosixPath, value: str) -> Command:
    """Work that is known to be finished by its stamp: removed before, written after."""
    return all_of(cmd("rm", "-f", stamp), work, write_file(stamp, value))


def exported(variables: Mapping[str, str]) -> Command:
    """The variables, for the commands that follow in the same step."""
    return Command("\n".join(f"export {name}={quote(value)}" for name, value in variables.items()))


def verified_build(
    layout: Layout, build: Command, outputs: list[str], environment: Mapping[str, str]
) -> Command:
    """Build, and check that each output is there and new: what an earlier build left cannot pass for it."""
    paths = [layout.workspace_app / output for output in outputs]
    return all_of(
        cmd("rm", "-rf", "--", *paths) if paths else Command(""),
        exported(environment),
        cmd("cd", layout.workspace_app),
        build,
        *(
            Command(f"{cmd('test', '-e', path)} || {{ echo 'the build left no' {quote(path)} >&2; exit 1; }}")
            for path in paths
        ),
    )
