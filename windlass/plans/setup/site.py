"""The site, with or without a certificate: http first, so that the authority can look, https once it is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from windlass.commands import certbot
from windlass.config.model import Config
from windlass.errors import NotReady
from windlass.facts.certbot import Certificate
from windlass.facts.nginx import NginxFacts, NginxRights
from windlass.plan import Step
from windlass.plans import nginx
from windlass.plans.setup import adoption
from windlass.plans.setup.adoption import Predecessor
from windlass.plans.setup.wishes import Wishes, certificate_name


@dataclass(frozen=True)
class Found:
    """What there is of nginx, of the certificate, and of what serves the app until now."""

    nginx: NginxFacts
    rights: NginxRights
    certificate: Certificate
    old: Predecessor | None = None


@dataclass(frozen=True)
class Site:
    """The steps of the site and of the certificate, what undoes them, and what is to be said."""

    site: tuple[Step, ...]
    tls: tuple[Step, ...]
    recovery: tuple[Step, ...]
    notes: tuple[str, ...]


def plan(config: Config, wishes: Wishes, found: Found, host: str, *, folders: Sequence[Path] = ()) -> Site:
    """Raises NotReady for a certificate that is not there and was not asked for, and what nginx.install raises."""
    has_certificate = bool(found.certificate.expires)
    if config.nginx.tls and not has_certificate and not wishes.tls:
        raise NotReady(
            f"{host}: {config.nginx.certificate} is not there, and [nginx] certificate names it",
            hint="--tls --email … asks for one; else put it there",
        )
    first = config if has_certificate else _plain(config)
    installed = nginx.install(first, replace(found.nginx, cut=False), found.rights, folders=folders)
    _, write, *rest = installed.stages[0].steps  # a deploy writes the page, as the user whose it is
    aside = adoption.move_aside(found.old)
    steps = (write, *aside, *rest)
    if aside or found.nginx.cut:
        steps = tuple(replace(step, unchanged="") for step in steps)
    return Site(
        steps,
        _certificate(config, wishes, found, folders),
        (*adoption.put_back(config, found.old), *installed.recovery),
        installed.notes,
    )


def _certificate(config: Config, wishes: Wishes, found: Found, folders: Sequence[Path]) -> tuple[Step, ...]:
    if not wishes.tls:
        return ()
    obtain = certbot.obtain(
        certificate_name(config),
        config.nginx.server_names,
        wishes.email or config.setup.email,
        config.setup.acme,
    )
    expires = found.certificate.expires
    step = Step(
        "ask for a certificate",
        obtain,
        timeout=600,
        unchanged=f"there until {expires}, and renews itself" if expires else "",
        hint="does every name of [nginx] server_names point to this server, and is port 80 open to the world?",
    )
    if expires:
        return (step,)
    missing = replace(found.nginx, sha256="", cut=False)
    _, *secure = nginx.install(config, missing, found.rights, folders=folders).stages[0].steps
    return (step, *(replace(one, title=f"{one.title}, with the certificate") for one in secure))


def _plain(config: Config) -> Config:
    """The config without its certificate."""
    without = {"certificate": None, "certificate_key": None}
    return config.model_copy(update={"nginx": config.nginx.model_copy(update=without)})
