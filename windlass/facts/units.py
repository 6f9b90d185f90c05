"""Which of the app's units are installed, come back after a boot, and may be used by the user who deploys."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath

from windlass.config.model import Config
from windlass.question import Answer, Question
from windlass.shell import Command, quote

FOLDER = PurePosixPath("/etc/systemd/system")
SUDOERS = PurePosixPath("/etc/sudoers.d")


@dataclass(frozen=True)
class Units:
    """`digests` are the SHA-256 of the files that may be read, `installed` all that are there.

    Of the instances, `enabled` are those that a boot starts, `running` those that live, `stale` those of whose file
    systemd has read another text. `rights` is what sudo says of the user who deploys, in one line; `groups` are theirs.
    `user`: there is one that the app runs as; `opened`: they have of what releases share what they are to have.
    """

    digests: dict[str, str]
    enabled: frozenset[str]
    stale: frozenset[str]
    rights: str
    groups: frozenset[str]
    user: bool
    installed: frozenset[str]
    running: frozenset[str]
    opened: bool = True

    def holds(self, file: PurePosixPath, text: str) -> bool:
        """Whether the file has exactly this text."""
        return self.digests.get(str(file)) == sha256(text.encode()).hexdigest()


def question(config: Config) -> Question[Units]:
    """Ask for all units of the app, for its users, and for the rights of the one who deploys."""
    app, user, app_user = config.app.name, config.setup.user, config.app_user
    text = f"""\
for file in {FOLDER}/windlass-{app}.*@.service {SUDOERS}/windlass-{app}@*; do
    if [ -e "$file" ]; then echo "installed $file"; fi
    sha256sum "$file" 2>/dev/null | sed 's/^/digest /' || true
done
for link in {FOLDER}/multi-user.target.wants/windlass-{app}.*@*; do
    if [ -L "$link" ]; then echo "enabled ${{link##*/}}"; fi
done
systemctl show -p Id,NeedDaemonReload 'windlass-{app}.*@*' 2>/dev/null |
    sed -n '/^Id=/{{s/^Id=//;h}};/^NeedDaemonReload=yes/{{x;s/^/stale /p}}' || true
systemctl list-units --plain --no-legend --full 'windlass-{app}.*@*' 2>/dev/null |
    sed -nE '/ (active|activating|deactivating) /s/^([^ ]*) .*/running \\1/p' || true
whose=
if [ "$(id -u)" = 0 ]; then whose='-U '{quote(user)}; fi
echo "rights $(sudo -n -l $whose 2>/dev/null | tr -s '[:space:]' ' ' || true)"
echo "groups $(id -nG {quote(user)} 2>/dev/null || true)"
if getent passwd {quote(app_user)} >/dev/null; then echo "user {app_user}"; fi
closed=$(stat -c '%a %G' {quote(config.layout.env_file)} 2>/dev/null | grep -vx '640 {app_user}' || true)
for folder in {" ".join(quote(config.layout.shared / folder) for folder in config.shared.dirs)}; do
    closed+=$(find "$folder" -user {quote(user)} ! -group {app_user} -print -quit 2>/dev/null || true)
done
if [ -n "$closed" ]; then echo "closed yes"; fi
"""
    return Question("units", Command(text), parse)


def parse(answer: Answer) -> Units:
    """The `name value` lines."""
    lines = [line.split(None, 2) for line in answer.out.splitlines()]
    pairs = [(words[0], words[1]) for words in lines if len(words) > 1]

    def all_of(name: str) -> frozenset[str]:
        return frozenset(value for key, value in pairs if key == name)

    rest = {words[0]: " ".join(words[1:]) for words in lines}
    return Units(
        {words[2]: words[1] for words in lines if words[0] == "digest" and len(words) == 3},
        all_of("enabled"),
        all_of("stale"),
        rest.get("rights", ""),
        frozenset(rest.get("groups", "").split()),
        "user" in rest,
        all_of("installed"),
        all_of("running"),
        "closed" not in rest,
    )
