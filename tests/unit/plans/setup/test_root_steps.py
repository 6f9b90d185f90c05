"""As root nothing below the app's folder by path: every step of every plan that root runs, found by listing them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.unit import made
from tests.unit.facts.test_sites import sites
from tests.unit.plans.setup.test_adoption import LISTENER, PLAIN, PROCESS
from tests.unit.plans.setup.test_node import BUILDS, NODE_18, NODE_22, system
from windlass.config.model import Config
from windlass.facts.certbot import Certificate
from windlass.facts.deploy_key import DeployKey
from windlass.facts.firewall import Firewall
from windlass.facts.nginx import NginxFacts, NginxRights
from windlass.facts.old_checkout import OldCheckout
from windlass.facts.package_json import PackageJson
from windlass.facts.postgres import Database
from windlass.facts.services import Services
from windlass.facts.tools import Tools
from windlass.facts.users import Account
from windlass.plan import Plan, Step
from windlass.plans import nginx
from windlass.plans.setup import base, site, software
from windlass.plans.setup.adoption import Predecessor
from windlass.plans.setup.base import Base
from windlass.plans.setup.node import Asked, Found
from windlass.plans.setup.seen import Seen
from windlass.plans.setup.wishes import Wishes
from windlass.shell import Command

WISHES = Wishes(("ssh-ed25519 AAAA x",), True, True, True, "ana@app.example", ("forge ssh-ed25519 AAAA",))
CERTIFICATE = {"certificate": "/etc/a/fullchain.pem", "certificate_key": "/etc/a/privkey.pem"}
NAMED = {"server_names": ["app.example"], **CERTIFICATE}
NOTHING = NginxFacts("1.22.1", True, True, "", "", (), cut=True)
OWN = NginxRights("own", valid=True)
WORD = r"""(?:'[^']*'|"[^"]*"|\\.|\$'(?:\\.|[^'])*'|[^\s'"\\])+"""
AS_SOMEBODY = re.compile(rf"""runuser -u \S+ -- (?:env -i HOME="[^"]*" )?(?:{WORD} )*?-c {WORD}""")
TOLD = re.compile(rf"echo {WORD} >&2")
HERE = re.compile(r"<<'(END_*)'\n.*?\n\1$", re.DOTALL | re.MULTILINE)


def seen(config: Config, *, live: bool, tools: Tools, whose: str) -> Seen:
    account = Account(False, "", frozenset(), (), "root", (), "")
    found = Base(replace(system(), missing=("git",)), account, DeployKey("", known=False))
    at = (
        {"live": "0001-aaaaaaa", "slot": "green", "slots": {"blue": "", "green": "0001-aaaaaaa"}}
        if live
        else {}
    )
    return Seen(
        found,
        made.state(**at),
        Found(found.system, tools, BUILDS),
        Asked(">=20", "engines.node"),
        PackageJson(">=20"),
        Services(frozenset(), frozenset(), {}),
        site.Found(
            NOTHING,
            NginxRights("own", valid=True),
            Certificate(),
            Predecessor(PROCESS, LISTENER, sites(app=PLAIN)),
        ),
        "/usr/bin",
        OldCheckout((".env",), assets=True, whose=whose),
        Database("", answers=False),
        Firewall(False, frozenset({22}), frozenset(), frozenset(), ""),
    )


def root_plans() -> Iterator[Plan]:
    """Every plan that root runs, in every way that brings steps of its own."""
    config = made.config(nginx=NAMED)
    for live in (False, True):
        for tools in (NODE_18, NODE_22, Tools("", "", "", {})):
            for whose in ("root", "deploy"):
                one = seen(config, live=live, tools=tools, whose=whose)
                yield base.plan(config, WISHES, one.base)
                yield software.plan(config, WISHES, one, "root@shop")
    yield nginx.install(config, NOTHING, NginxRights("own", valid=True))


def steps(plan: Plan) -> Iterator[Step]:
    for stage in plan.stages:
        yield from (*stage.steps, *stage.undo)
    yield from plan.recovery


def by_root(step: Step) -> str:
    """What root itself does: without what it has others do, what it says, and what is in the files it writes."""
    if step.as_owner or not isinstance(step.action, Command):
        return ""
    return AS_SOMEBODY.sub("", TOLD.sub("", HERE.sub("", step.action.text)))


def test_root_names_nothing_below_the_apps_folder() -> None:
    titles = set()
    for plan in root_plans():
        for step in steps(plan):
            titles.add(step.title)
            assert "/srv/shop/" not in by_root(step), f"{step.title}: {by_root(step)}"
    below = {
        "make /srv/shop",
        "copy /root/shop/.env",
        "make the database of DATABASE_URL",
        "Write the maintenance page",
    }
    assert below <= titles


@pytest.mark.parametrize("text", ["chown x /srv/shop/shared", "true; cat '/srv/shop/a b' >y"])
def test_a_step_of_roots_that_does_is_found(text: str) -> None:
    assert "/srv/shop/" in by_root(Step("", Command(text)))
