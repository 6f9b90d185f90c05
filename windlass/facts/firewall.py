"""What the firewall lets in, by which ports the server is reached, and who else listens to the world."""

from __future__ import annotations

from dataclasses import dataclass

from windlass.facts.users import LOGIN
from windlass.question import Answer, Question
from windlass.shell import Command


@dataclass(frozen=True)
class Firewall:
    """`ssh` are the ports that SSH comes in by, `allowed` those that ufw has a rule for.

    `listening` are the ports that anybody may reach where nothing is shut. `other` is a firewall at work that
    is not ufw, "" for none.
    """

    active: bool
    ssh: frozenset[int]
    allowed: frozenset[int]
    listening: frozenset[int]
    other: str


def question() -> Question[Firewall]:
    """Needs root. The port in use is that of this very connection; sshd may have others."""
    text = f"""\
PATH=$PATH:/usr/sbin:/sbin
{LOGIN}
echo "ssh $(login SSH_CONNECTION | cut -d' ' -f4)"
sshd -T 2>/dev/null | sed -n 's/^port /ssh /p' || true
# Anybody may call a program sshd: only one that root runs counts.
ss -Htlnp | awk '/"sshd"/ {{ sub(/.*:/, "", $4); split($0, rest, "pid="); print $4, rest[2] + 0 }}' |
    while read -r port pid; do
        if [ "$(stat -c %u "/proc/$pid" 2>/dev/null)" = 0 ]; then echo "ssh $port"; fi
    done
ss -Htln | awk '$4 !~ /^(127\\.|\\[::1\\]|\\[::ffff:127\\.)/ {{ sub(/.*:/, "", $4); print "listening", $4 }}'
if LC_ALL=C ufw status 2>/dev/null | grep -q '^Status: active'; then echo active; fi
LC_ALL=C ufw show added 2>/dev/null | sed -n 's,^ufw allow \\([0-9]*\\)/tcp$,allowed \\1,p' || true
for unit in firewalld nftables; do
    if systemctl is-active --quiet "$unit"; then echo "other $unit"; fi
done
"""
    return Question("firewall", Command(text), parse)


def parse(answer: Answer) -> Firewall:
    lines = [line.split() for line in answer.out.splitlines()]

    def ports(kind: str) -> frozenset[int]:
        pairs = [words for words in lines if len(words) == 2 and words[0] == kind]
        return frozenset(int(words[1]) for words in pairs if words[1].isdigit())

    other = next((words[1] for words in lines if words[0] == "other"), "")
    return Firewall(["active"] in lines, ports("ssh"), ports("allowed"), ports("listening"), other)
