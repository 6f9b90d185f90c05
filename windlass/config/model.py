"""The model of one app's configuration; `config/prompthub.toml` is its manual, `rules` bind its keys."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any, Self

from pydantic import Field, model_validator

from windlass.config.fields import (
    Name,
)
from windlass.config.sections import (
    App,
    Backups,
    Build,
    Contact,
    Database,
    Git,
    Health,
    Limits,
    Nginx,
    Node,
    Process,
    Section,
    Setup,
    Shared,
    Soak,
    Ssh,
    Target,
    Web,
)
from windlass.config.spelling import MOST_INSTANCES, is_name
from windlass.layout import Layout, Slot


class Config(Section):
    """One app: what it is, where it goes, how it is built, started, checked and kept."""

    app: App
    targets: dict[Name, Target] = Field(default={})
    ssh: Ssh = Ssh()
    git: Git = Git()
    node: Node = Node()
    build: Build = Build()
    web: Web = Web()
    processes: dict[Name, Process] = Field(default={})
    health: Health = Health()
    soak: Soak = Soak()
    database: Database = Database()
    backups: Backups = Backups()
    shared: Shared = Shared()
    nginx: Nginx = Nginx()
    limits: Limits = Limits()
    setup: Setup = Setup()
    contacts: list[Contact] = Field(default=[])

    @model_validator(mode="before")
    @classmethod
    def _defaults_from_name(cls, values: Any) -> Any:
        """The root, the site's file and its log are named after the app where the file does not say."""
        app = values.get("app") if isinstance(values, dict) else None
        if not isinstance(app, dict) or not is_name(name := app.get("name")):
            return values
        site = {"site": f"/etc/nginx/conf.d/{name}.conf", "access_log": f"/var/log/nginx/{name}.access.log"}
        filled = {**values, "app": _filled(app, {"root": f"/srv/{name}"})}
        if isinstance(nginx := values.get("nginx", {}), dict):
            filled["nginx"] = _filled(nginx, site)
        return filled

    @property
    def layout(self) -> Layout:
        return Layout(PurePosixPath(self.app.root), PurePosixPath(self.app.directory))

    @property
    def app_user(self) -> str:
        """As whom the app runs under systemd: a user of its own, who owns none of what it runs."""
        return self.setup.app_user or f"{self.app.name}-app"

    def counted(self, cpus: int) -> Self:
        """The configuration on a host of so many cores: `web.instances` is a number."""
        if self.web.instances != "cpus":
            return self
        web = self.web.model_copy(update={"instances": min(MOST_INSTANCES, max(1, cpus))})
        return self.model_copy(update={"web": web})

    @property
    def instances(self) -> int:
        """How many web processes a slot has. Raises ValueError for "cpus" that were not `counted`."""
        return int(self.web.instances)

    def port(self, slot: Slot) -> int:
        """The first port of a slot, which a slot with one web process has alone."""
        return self.web.ports[0 if slot == "blue" else 1]

    def ports(self, slot: Slot) -> range:
        """The ports of a slot's web processes, in their order. Raises ValueError as `instances` does."""
        return range(self.port(slot), self.port(slot) + self.instances)

    def reserved(self, slot: Slot) -> range:
        """The ports that a slot may have on any host."""
        room = MOST_INSTANCES if self.web.instances == "cpus" else self.instances
        return range(self.port(slot), self.port(slot) + room)

    def namespace(self, slot: Slot) -> str:
        """What pm2 calls all processes of a slot together; no process can have this name."""
        return f"{self.app.name}:{slot}"

    def process_name(self, slot: Slot, process: str = "") -> str:
        """The pm2 name of a slot's web process, or of one of its extra processes."""
        return "-".join(part for part in (self.app.name, slot, process) if part)

    def web_names(self, slot: Slot) -> list[str]:
        """The names of a slot's web processes: no other process, and no pid file of another, can have one of them."""
        first = self.process_name(slot)
        return [first, *(f"{first}_{number}" for number in range(1, self.instances))]


def _filled(table: dict[str, Any], defaults: dict[str, str]) -> dict[str, Any]:
    unset = {key: value for key, value in defaults.items() if table.get(key, "") == ""}
    return {**table, **unset}
