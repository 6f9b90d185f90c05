"""Which programs the server has, and where node is hidden when no login shell set it up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from windlass.question import Answer, Question
from windlass.shell import Command, quote

PACKAGES = {
    "git": "git",
    "rsync": "rsync",
    "nginx": "nginx",
    "psql": "postgresql-client",
    "pg_dump": "postgresql-client",
    "pg_restore": "postgresql-client",
}
"""The Debian package of each program that a server may lack."""

_SEARCH = """\
nvm=${NVM_DIR:-$HOME/.nvm} fnm=${FNM_DIR:-$HOME/.local/share/fnm}
newest() { ls -d "$@" 2>/dev/null | sort -rV || true; }
homes() {
    wanted=$(cat "$nvm/alias/default" 2>/dev/null || true)
    case $wanted in [0-9v]*) newest "$nvm/versions/node/v${wanted#v}"*/bin ;; esac
    dirname -- "$(command -v node || true)"
    printf '%s\\n' "$HOME/.volta/bin" "$fnm/aliases/default/bin" "$HOME/.fnm/aliases/default/bin"
    newest "$nvm"/versions/node/v*/bin
    newest "$fnm"/node-versions/v*/installation/bin
    printf '%s\\n' /usr/local/bin /usr/bin /opt/node/bin
}"""


@dataclass(frozen=True)
class Tools:
    """`node` is its folder ("" where none was found), `programs` maps each program that is there to its path."""

    node: str
    node_version: str
    npm_version: str
    programs: Mapping[str, str]

    def has(self, program: str) -> bool:
        return program in self.programs

    @property
    def pm2(self) -> str:
        return self.programs.get("pm2", "")


def question(node_path: str | None, *, versions: bool = True) -> Question[Tools]:
    """Find the programs; `node_path` is the configured folder of node, or node itself: the only one then.

    Without `versions` nothing that was found is run.
    """
    homes = "homes" if node_path is None else f"echo {quote(_folder(node_path))}"
    names = "git rsync nginx psql pg_dump pg_restore curl npm pnpm yarn corepack pm2 ionice ss sudo"
    version = '    echo "node_version=$("$found/node" --version)"\n' if versions else ""
    text = f"""\
found=
{_SEARCH}
while IFS= read -r folder; do
    if [ "$folder" != . ] && [ -x "$folder/node" ]; then
        found=$folder
        break
    fi
done < <({homes})
if [ -n "$found" ]; then
    PATH=$found:$PATH
    echo "node=$found"
{version}    npm=$(readlink -f -- "$(command -v npm || echo /nowhere)")
    manifest=${{npm%/bin/*}}/package.json
    echo "npm_version=$(sed -n 's/^ *"version": *"\\([^"]*\\)".*/\\1/p' "$manifest" 2>/dev/null | head -n 1 || true)"
fi
PATH=$PATH:/usr/sbin:/sbin
for program in {names}; do
    where=$(command -v "$program" || true)
    if [ -n "$where" ]; then echo "program=$program $where"; fi
done
"""
    return Question("tools", Command(text), parse)


def parse(answer: Answer) -> Tools:
    """The `name=value` lines as they were printed; what is missing stays empty, as all does where the shell failed."""
    if answer.code:
        return Tools("", "", "", {})
    values: dict[str, str] = {}
    programs: dict[str, str] = {}
    for line in answer.out.splitlines():
        name, _, value = line.partition("=")
        if name == "program":
            program, _, path = value.partition(" ")
            programs[program] = path
        else:
            values[name] = value
    return Tools(
        node=values.get("node", ""),
        node_version=values.get("node_version", "").removeprefix("v"),
        npm_version=values.get("npm_version", ""),
        programs=programs,
    )


def _folder(path: str) -> str:
    given = PurePosixPath(path)
    return str(given.parent if given.name == "node" else given)
