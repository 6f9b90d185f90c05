"""Make a bare server ready, or take over one where the app runs by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fabric import task

from .chosen import chosen_config
from .options import RUN_HELP

if TYPE_CHECKING:
    from invoke.context import Context

    from windlass.plans.setup.wishes import Wishes

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

    from windlass.opening import Entry
    from windlass.plans.setup.wishes import Wishes, check

    from .visiting import crew

    config = chosen_config(ctx, app)
    wishes = Wishes(_keys(key or []), database, firewall, tls, _email(email))
    check(config, wishes)
    what = "setup --dry-run" if dry_run else "setup"
    entry = Entry("unlocked", as_root=True)
    with crew(
        ctx, config, what, target=target, entry=entry, aside=dry_run, json=json, verbose=verbose
    ) as hosts:
        code = _set_up(hosts, wishes, dry_run=dry_run)
    if code:
        raise Exit(code=code)


def _set_up(crew: Crew, wishes: Wishes, *, dry_run: bool) -> int:
    """Packages first; what they carry is looked at and planned once they are there."""
    from windlass.plans.setup import base, software
    from windlass.runner import each

    from .chosen import branch_of, templates
    from .printing import run_or_print
    from .setting_up import look_at_base, look_at_software

    config, branch = crew.config, branch_of(crew.config, crew.target)
    first = each(crew.hosts, lambda host: look_at_base(config, wishes, host))
    code = run_or_print(crew, [base.plan(config, wishes, seen) for seen in first], dry_run=dry_run)
    if code:
        return code
    then = each(crew.hosts, lambda host: look_at_software(config, wishes, host, branch))
    plans = [
        software.plan(config, wishes, seen, host.name, folders=templates())
        for host, seen in zip(crew.hosts, then, strict=True)
    ]
    return run_or_print(crew, plans, dry_run=dry_run)


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
