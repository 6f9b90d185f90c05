"""nginx: putting a site in place so that no half of it is ever read, and taking it back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from windlass.shell import Command, all_of, both, cmd, either, fed, quote, when

BINARIES = Command("PATH=$PATH:/usr/sbin:/sbin")
"""nginx is in a folder that is not on the PATH of a user who is not root."""
CONFIRM_SECONDS = 5


@dataclass(frozen=True)
class Control:
    """How nginx is told things: `sudo` are the words put before, `arguments` name an nginx of one's own."""

    sudo: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()

    def run(self, *words: str | PurePosixPath) -> Command:
        return cmd(*self.sudo, *words)

    def test(self) -> Command:
        """Check the whole configuration, as nginx would at its next start."""
        return all_of(BINARIES, self.run("nginx", "-t", *self.arguments))

    def reload(self) -> Command:
        """Have the running nginx read its configuration, without closing a connection."""
        signal = all_of(BINARIES, self.run("nginx", *self.arguments, "-s", "reload"))
        if self.arguments:
            return signal
        return when(
            cmd("test", "-d", "/run/systemd/system"), self.run("systemctl", "reload", "nginx"), signal
        )


def place(site: PurePosixPath, text: str, control: Control) -> Command:
    """Put the site's text in place by a rename; what was there is kept until `keep` or `put_back`."""
    tee = control.run("tee", _incoming(site))
    return all_of(
        fed(Command(f"{tee.text} >/dev/null"), text),
        control.run("chmod", "0644", _incoming(site)),
        when(
            cmd("test", "-e", site),
            control.run("ln", "-fPT", site, before(site)),
            control.run("truncate", "-s", "0", before(site)).commented("empty: there was none"),
        ),
        control.run("mv", "-T", _incoming(site), site),
    )


def confirm(port: int, host: str, served: str) -> Command:
    """Wait until nginx says that it has loaded the site; exit 1 after `CONFIRM_SECONDS`."""
    complaint = (
        f"nginx has not loaded the site after {CONFIRM_SECONDS} s: another program may hold the port, "
        "or another site claim the name; nginx's error log says more"
    )
    return Command(
        f"deadline=$((SECONDS + {CONFIRM_SECONDS}))\n"
        f'until [ "$({loaded(port, host)})" = {quote(served)} ]; do\n'
        f'    if [ "$SECONDS" -gt "$deadline" ]; then\n'
        f"        echo {quote(complaint)} >&2\n"
        f"        exit 1\n"
        f"    fi\n"
        f"    sleep 0.1\n"
        f"done"
    )


def loaded(port: int, host: str) -> Command:
    """Print which text of a site nginx has loaded; nothing where no site of Windlass answers on the port."""
    request = f"GET /.windlass/site HTTP/1.0\\r\\nHost: {host}\\r\\n\\r\\n"
    talk = f"exec 3<>/dev/tcp/127.0.0.1/{port}; printf {quote(request)} >&3; cat <&3"
    return Command(
        f"{{ timeout 3 bash -c {quote(talk)} 2>/dev/null | sed -n '$s/^windlass site //p' || true; }}"
    )


def keep(site: PurePosixPath, control: Control) -> Command:
    """The new site stays: forget what was there before."""
    return control.run("rm", "-f", before(site))


def before(site: PurePosixPath) -> PurePosixPath:
    """Where what was there before lies while a site is being installed."""
    return site.with_name(f".{site.name}.before")


def put_back(site: PurePosixPath, control: Control) -> Command:
    """Undo `place` if `keep` was not reached, and have nginx read what is there again; else do nothing."""
    kept = before(site)
    restore = when(
        cmd("test", "-s", kept),
        either(
            both(cmd("test", kept, "-ef", site), control.run("rm", "-f", kept)),
            control.run("mv", "-T", kept, site),
        ),
        control.run("rm", "-f", site, kept),
    )
    agree = when(
        control.test(),
        all_of(control.reload().tolerated(), cmd("echo", f"{site} is as it was before")),
        cmd("echo", f"{site} is as it was before, and nginx's configuration is broken without it: see above"),
    )
    return all_of(
        control.run("rm", "-f", _incoming(site)), when(cmd("test", "-e", kept), all_of(restore, agree))
    )


def _incoming(site: PurePosixPath) -> PurePosixPath:
    """Beside the site, under a name that neither `*` nor `*.conf` matches."""
    return site.with_name(f".{site.name}.next")
