"""Make a bare server ready, or take over one where the app runs by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .chosen import chosen_config
from .options import RUN_HELP, task

if TYPE_CHECKING:
    from invoke.context import Context

    from windlass.config.model import Config
    from windlass.plan import Plan
    from windlass.plans.setup.wishes import Wishes
    from windlass.remote.runner import Host

    from .visiting import Crew


@task(
    iterable=["key"],
    help={
        **RUN_HELP,
        "key": "a file with a public key that may log in as the app's user; may be repeated",
        "database": "PostgreSQL with a role and a database of the app's own, its URL in the server's .env",
        "firewall": "close every port but SSH's and nginx's (ufw)",
        "tls": "a certificate for [nginx] server_names, by certbot",
        "email": "the e-mail address for --tls (default: that of [setup])",
    },
)
def setup(
    ctx: Context,
    key: list[str] | None = None,
    database: bool = False,
    firewall: bool = False,
    tls: bool = False,
    email: str = "",
    dry_run: bool = False,
    app: str | None = None,
    target: str | None = None,
    json: bool = False,
    verbose: bool = False,
) -> None:
    """Make a server ready for deploys; needs root or sudo."""
    from invoke.exceptions import Exit

    from windlass.plans.setup.wishes import Wishes, check
    from windlass.remote.opening import Entry

    from .visiting import crew

    config = chosen_config(ctx, app)
    wishes = Wishes(_keys(key or []), database, firewall, tls, _email(email), _forge_keys(config))
    check(config, wishes)
    what = "setup --dry-run" if dry_run else "setup"
    entry = Entry("unlocked", as_root=True)
    with crew(
        ctx, config, what, target=target, entry=entry, aside=dry_run, json=json, verbose=verbose
    ) as hosts:
        if dry_run:
            code = _print(hosts, wishes)
        else:
            code = _set_up(hosts, wishes)
            if firewall and not code:
                code = _come_in_again(hosts)
    if code:
        raise Exit(code=code)


def _set_up(crew: Crew, wishes: Wishes) -> int:
    """Packages first; what they carry is looked at and planned once they are there. The exit code."""
    from windlass.remote.runner import Fleet

    from .visiting import conclude

    first = _base_plans(crew, wishes)
    crew.started = True
    Fleet(crew.hosts, first, crew.report.emit).run()
    pairs = list(zip(crew.hosts, first, strict=True))
    if any(host.lost or host.end["outcome"] != "done" for host, _ in pairs):
        return max(conclude(crew, host, plan) for host, plan in pairs)
    then = _software_plans(crew, wishes)
    _tell(crew, then)
    Fleet(crew.hosts, then, crew.report.emit).run()
    return max(
        _conclude(crew, host, [before, plan]) for (host, before), plan in zip(pairs, then, strict=True)
    )


def _conclude(crew: Crew, host: Host, plans: list[Plan]) -> int:
    """Say how it ended; where no step had anything to change, that."""
    from windlass.events import Ended

    from .visiting import conclude

    steps = [step for plan in plans for stage in plan.stages for step in stage.steps]
    if host.lost or host.end["outcome"] != "done" or not all(step.unchanged for step in steps):
        return conclude(crew, host, plans[-1])
    said, hint = plans[-1].outlook
    message = "; ".join(filter(None, ["the server is set up, and nothing was changed", said]))
    crew.report.emit(
        Ended(host.name, "nothing-to-do", host.end["live"]["release"], crew.seconds(), message, hint)
    )
    return 0


def _print(crew: Crew, wishes: Wishes) -> int:
    """What each host lacks, as text to be typed."""
    from .printing import print_plan

    first = _base_plans(crew, wishes)
    then = _software_plans(crew, wishes, as_if=True)
    for host, *plans in zip(crew.hosts, first, then, strict=True):
        for plan in plans:
            print_plan(host.name, plan)
    return 0


def _base_plans(crew: Crew, wishes: Wishes) -> list[Plan]:
    from windlass.plans.setup import base
    from windlass.remote.runner import each

    from .setting_up import look_at_base

    config = crew.config
    seen = each(crew.hosts, lambda host: look_at_base(config, wishes, host))
    return [base.plan(config, wishes, one) for one in seen]


def _software_plans(crew: Crew, wishes: Wishes, *, as_if: bool = False) -> list[Plan]:
    """`as_if`: what the packages bring is taken to be there."""
    from windlass.plans.setup import software
    from windlass.remote.runner import each

    from .chosen import branch_of, templates
    from .setting_up import look_at_software

    config, branch = crew.config, branch_of(crew.config, crew.target)
    seen = each(crew.hosts, lambda host: look_at_software(config, wishes, host, branch))
    if as_if:
        seen = [software.as_if_packaged(one) for one in seen]
    return [
        software.plan(config, wishes, one, host.name, folders=templates())
        for host, one in zip(crew.hosts, seen, strict=True)
    ]


def _tell(crew: Crew, plans: list[Plan]) -> None:
    from windlass.events import Note

    for host, plan in zip(crew.hosts, plans, strict=True):
        for note in plan.notes:
            crew.report.emit(Note(host.name, note))


def _come_in_again(crew: Crew) -> int:
    """Connect anew to each host; where that fails, the firewall is opened again on the way that still stands."""
    from windlass.events import Note
    from windlass.plans.setup import firewall

    from .visiting import run

    shut_out = [host for host in crew.hosts if not _comes_in(crew.config, host.name)]
    for host in shut_out:
        text = "nobody can come in any more: the firewall is opened again"
        crew.report.emit(Note(host.name, text, "warning"))
    crew.hosts = shut_out
    run(crew, [firewall.back(crew.config) for _ in shut_out])
    return 1 if shut_out else 0


def _comes_in(config: Config, host: str) -> bool:
    from windlass.address import parse_host
    from windlass.errors import WindlassError
    from windlass.remote.ssh import connect

    try:
        connect(parse_host(host), timeout=config.ssh.connect_timeout).close()
    except WindlassError:
        return False
    return True


def _keys(files: list[str]) -> tuple[str, ...]:
    """The lines of public key files. Raises UsageError for a file that cannot be read or holds something else."""
    from pathlib import Path

    from windlass.config.fields import check_public_key
    from windlass.errors import UsageError

    found = []
    for name in files:
        try:
            lines = Path(name).expanduser().read_text("utf-8").splitlines()
            found += [check_public_key(line) for line in lines if line.strip()]
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise UsageError(
                f"--key {name}: {reason}; nothing was touched", hint="--key ~/.ssh/id_ed25519.pub"
            ) from None
    return tuple(found)


def _email(value: str) -> str:
    from windlass.config.fields import check_email
    from windlass.errors import UsageError

    try:
        return check_email(value)
    except ValueError as error:
        raise UsageError(f"--email: {error}; nothing was touched") from None


def _forge_keys(config: Config) -> tuple[str, ...]:
    """The lines by which the operator's own known_hosts knows the repository's server."""
    from pathlib import Path

    from windlass.facts.deploy_key import forge
    from windlass.known_hosts import KnownHosts, written

    place = forge(config.app.repository)
    if place is None:
        return ()
    files = [Path("~/.ssh/known_hosts").expanduser(), Path("/etc/ssh/ssh_known_hosts")]
    known = KnownHosts.read(files).entries
    return tuple(
        written(place.listed, entry.key).strip()
        for entry in known
        if not entry.marker and entry.matches(place.listed)
    )
