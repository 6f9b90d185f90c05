"""Make a bare server ready, or take over one where the app runs by hand."""

from __future__ import annotations

from collections.abc import Sequence

from windlass.address import parse_host
from windlass.config.model import Config
from windlass.errors import WindlassError
from windlass.operations.crew import Crew, crew
from windlass.operations.printing import show_plan
from windlass.operations.request import Request
from windlass.operations.running import carry, conclude, run
from windlass.operations.setup_looking import look_at_base, look_at_software
from windlass.operations.setup_wishes import read_wishes
from windlass.plan import Plan
from windlass.plans.setup import base, software
from windlass.plans.setup import firewall as firewalls
from windlass.plans.setup.wishes import Wishes
from windlass.remote.opening import Entry
from windlass.remote.runner import Host, each
from windlass.remote.ssh import connect


def setup(
    request: Request,
    *,
    keys: Sequence[str] = (),
    database: bool = False,
    firewall: bool = False,
    tls: bool = False,
    email: str = "",
) -> int:
    """Make each host ready for deploys, which needs root or sudo; the exit code.

    `keys` are files with public keys that may log in as the app's user. `database` sets PostgreSQL up with a
    database of the app's own, `firewall` closes every port but SSH's and nginx's, `tls` gets a certificate by
    certbot, for which `email` is given where the config has none. Raises UsageError for what cannot be done with
    this config, and NotReady or Refused for a server on which nothing was changed.
    """
    wished = read_wishes(request.config, keys, database=database, firewall=firewall, tls=tls, email=email)
    what = "setup --dry-run" if request.dry_run else "setup"
    with crew(request, what, entry=Entry("unlocked", as_root=True), aside=request.dry_run) as hosts:
        if request.dry_run:
            return _print(hosts, wished)
        code = _set_up(hosts, wished)
        return _come_in_again(hosts) if firewall and not code else code


def _set_up(crew: Crew, wishes: Wishes) -> int:
    """Packages first; what they carry is looked at and planned once they are there. The exit code."""
    first = _base_plans(crew, wishes)
    carry(crew, first)
    pairs = list(zip(crew.hosts, first, strict=True))
    if any(host.lost or host.end["outcome"] != "done" for host, _ in pairs):
        return max(conclude(crew, host, plan) for host, plan in pairs)
    then = _software_plans(crew, wishes)
    for host, plan in zip(crew.hosts, then, strict=True):
        for note in plan.notes:
            crew.note(host.name, note)
    carry(crew, then)
    return max(
        _conclude(crew, host, [before, plan]) for (host, before), plan in zip(pairs, then, strict=True)
    )


def _conclude(crew: Crew, host: Host, plans: Sequence[Plan]) -> int:
    """Say how it ended; where no step had anything to change, that."""
    steps = [step for plan in plans for stage in plan.stages for step in stage.steps]
    if host.lost or host.end["outcome"] != "done" or not all(step.unchanged for step in steps):
        return conclude(crew, host, plans[-1])
    said, hint = plans[-1].outlook
    message = "; ".join(filter(None, ["the server is set up, and nothing was changed", said]))
    crew.nothing_to_do(host.name, host.end["live"]["release"], message, hint)
    return 0


def _print(crew: Crew, wishes: Wishes) -> int:
    """Print what each host lacks, as text to be typed; the exit code."""
    first = _base_plans(crew, wishes)
    then = _software_plans(crew, wishes, as_if=True)
    for host, *plans in zip(crew.hosts, first, then, strict=True):
        for plan in plans:
            show_plan(crew, host.name, plan)
    return 0


def _base_plans(crew: Crew, wishes: Wishes) -> list[Plan]:
    """The plans of what comes first: packages and the user."""
    config = crew.config
    seen = each(crew.hosts, lambda host: look_at_base(config, wishes, host))
    return [base.plan(config, wishes, one) for one in seen]


def _software_plans(crew: Crew, wishes: Wishes, *, as_if: bool = False) -> list[Plan]:
    """The plans of all the rest. `as_if`: what the packages bring is taken to be there."""
    config, branch = crew.config, crew.request.branch
    seen = each(crew.hosts, lambda host: look_at_software(config, wishes, host, branch))
    if as_if:
        seen = [software.as_if_packaged(one) for one in seen]
    return [
        software.plan(config, wishes, one, host.name, folders=crew.request.folders)
        for host, one in zip(crew.hosts, seen, strict=True)
    ]


def _come_in_again(crew: Crew) -> int:
    """Connect anew to each host; where that fails, the firewall is opened again on the way that still stands."""
    shut_out = [host for host in crew.hosts if not _comes_in(crew.config, host.name)]
    for host in shut_out:
        crew.warn(host.name, "nobody can come in any more: the firewall is opened again")
    crew.hosts = shut_out
    run(crew, [firewalls.back(crew.config) for _ in shut_out])
    return 1 if shut_out else 0


def _comes_in(config: Config, host: str) -> bool:
    try:
        connect(parse_host(host), timeout=config.ssh.connect_timeout).close()
    except WindlassError:
        return False
    return True
