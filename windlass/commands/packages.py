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


def install(manager: str, *, locked: bool, corepack: bool) -> Command:
    """A clean install of everything that the build needs; `corepack`: the manager comes from there."""
    words = (_INSTALL if locked else _WITHOUT_LOCK_FILE)[manager]
    return cmd(*(("corepack", *words) if corepack else words))


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
