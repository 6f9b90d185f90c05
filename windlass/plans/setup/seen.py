"""What is known of a server once the packages are there."""

from __future__ import annotations

from dataclasses import dataclass

from windlass.facts.firewall import Firewall
from windlass.facts.old_checkout import OldCheckout
from windlass.facts.package_json import PackageJson
from windlass.facts.postgres import Database
from windlass.facts.services import Services
from windlass.facts.state import State
from windlass.facts.units import Units
from windlass.plans.setup import site
from windlass.plans.setup.base import Base
from windlass.plans.setup.node import Asked, Found


@dataclass(frozen=True)
class Seen:
    """What the second look at a host saw.

    `firewall` and `database` are None where nobody asked for them, `checkout` where no app runs by hand.
    """

    base: Base
    state: State
    node: Found
    asked: Asked
    package: PackageJson
    services: Services
    site: site.Found
    own_node: str
    checkout: OldCheckout | None = None
    database: Database | None = None
    firewall: Firewall | None = None
    units: Units | None = None
