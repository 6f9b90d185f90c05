"""The model of one app's configuration; `config/prompthub.toml` is its manual."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from windlass.layout import Layout, Slot

NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
HOST = re.compile(r"(?:(?P<user>[A-Za-z_][\w.-]*)@)?(?P<host>[A-Za-z0-9][\w.-]*|\[[0-9A-Fa-f:.]+\])(?::(?P<port>\d+))?")


def _name(value: str) -> str:
    if not NAME.fullmatch(value):
        raise ValueError(f"{value!r} is not a name: lower-case letters, digits and dashes, a letter first, at most 40")
    return value


def _port(value: int) -> int:
    if not 1 <= value <= 65535:
        raise ValueError(f"{value} is not a port")
    return value


def _host(value: str) -> str:
    if not HOST.fullmatch(value):
        raise ValueError(f"{value!r} is not a host: [user@]host[:port]")
    return value


def _absolute(value: str) -> str:
    path = PurePosixPath(value)
    if not path.is_absolute() or ".." in path.parts or len(path.parts) < 2:
        raise ValueError(f"{value!r} is not an absolute path without '..'")
    return _printable(value)


def _relative(value: str) -> str:
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"{value!r} is not a path inside the app: relative, without '..'")
    return _printable(value)


def _url_path(value: str) -> str:
    if not value.startswith("/") or any(c.isspace() for c in value):
        raise ValueError(f"{value!r} is not a path: it starts with / and has no spaces")
    return value


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("holds a character that cannot be printed")
    return value


def _ref(value: str) -> str:
    if not value or value.startswith("-") or not value.isprintable() or " " in value:
        raise ValueError(f"{value!r} is not a branch, tag or commit")
    return value


def _server_name(value: str) -> str:
    if not re.fullmatch(r"(\*\.)?[A-Za-z0-9_][A-Za-z0-9_.-]*", value):
        raise ValueError(f"{value!r} is not a server name")
    return value


Name = Annotated[str, AfterValidator(_name)]
Port = Annotated[int, AfterValidator(_port)]
HostName = Annotated[str, AfterValidator(_host)]
AbsolutePath = Annotated[str, AfterValidator(_absolute)]
RelativePath = Annotated[str, AfterValidator(_relative)]
UrlPath = Annotated[str, AfterValidator(_url_path)]
Ref = Annotated[str, AfterValidator(_ref)]
ServerName = Annotated[str, AfterValidator(_server_name)]
Seconds = Annotated[float, Field(ge=0, le=86400)]
ShellText = Annotated[str, AfterValidator(lambda value: value.strip())]
"""A command of the operator's own, run by bash as written; "auto" chooses, "" leaves the step out."""
VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


class Section(BaseModel):
    """A table of the file: unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class App(Section):
    name: Name
    repository: Annotated[str, Field(min_length=1), AfterValidator(_printable)]
    branch: Ref = "main"
    root: AbsolutePath | Literal[""] = ""
    directory: RelativePath = "."
    keep: Annotated[int, Field(ge=2, le=100)] = 5

    @model_validator(mode="before")
    @classmethod
    def _root_from_name(cls, values: Any) -> Any:
        if isinstance(values, dict) and isinstance(values.get("name"), str):
            values.setdefault("root", f"/srv/{values['name']}")
        return values


class Target(Section):
    hosts: Annotated[list[HostName], Field(min_length=1)]
    branch: Ref | None = None


class Ssh(Section):
    forward_agent: bool = False
    connect_timeout: Seconds = 10


class Git(Section):
    key: AbsolutePath | None = None
    submodules: bool = True


class Node(Section):
    path: AbsolutePath | None = None
    version: str = ""
    package_manager: Literal["auto", "npm", "pnpm", "yarn"] = "auto"


class Build(Section):
    install: ShellText = "auto"
    generate: ShellText = "auto"
    command: ShellText = "auto"
    verify: list[RelativePath] = [".next/BUILD_ID"]
    cache: list[RelativePath] = [".next/cache"]
    env: dict[VariableName, str] = {}
    timeout: Seconds = 1800


class Web(Section):
    ports: Annotated[list[Port], Field(min_length=2, max_length=2)] = [3000, 3001]
    script: str = "auto"
    args: list[str] = []
    node_args: list[str] = []
    env: dict[VariableName, str] = {}
    kill_timeout: Seconds = 10
    drain: Seconds = 30
    max_memory: Annotated[str, Field(pattern=r"^(\d+[KMG])?$")] = ""
    standby: Literal["cold", "warm"] = "cold"

    @model_validator(mode="after")
    def _two_ports(self) -> Self:
        if len(set(self.ports)) != len(self.ports):
            raise ValueError(f"ports: blue and green need two different ports, not {self.ports[0]} twice")
        return self


class Process(Section):
    script: str
    args: list[str] = []
    interpreter: str = "node"
    instances: Annotated[int, Field(ge=1, le=64)] = 1
    env: dict[VariableName, str] = {}
    kill_timeout: Seconds = 10
    max_memory: Annotated[str, Field(pattern=r"^(\d+[KMG])?$")] = ""


class Health(Section):
    path: UrlPath = "/api/health"
    status: Annotated[int, Field(ge=100, le=599)] = 200
    timeout: Seconds = 5
    start_timeout: Seconds = 60
    min_healthy: Seconds = 3
    min_healthy_known: Seconds = 1
    revision: str = ""


class Soak(Section):
    seconds: Seconds = 30
    max_errors_percent: Annotated[float, Field(ge=0, le=100)] = 5
    min_errors: Annotated[int, Field(ge=1)] = 5


class Database(Section):
    kind: Literal["none", "prisma"] = "none"
    url: VariableName = "DATABASE_URL"
    migrations: RelativePath = "prisma/migrations"
    schema_file: Annotated[RelativePath, Field(alias="schema")] = "prisma/schema.prisma"
    migrate: Literal["after-build", "before-build"] = "after-build"
    command: ShellText = "auto"
    lock_timeout: Seconds = 5
    timeout: Seconds = 1800
    backup: bool = True


class Shared(Section):
    files: list[RelativePath] = [".env"]
    dirs: list[RelativePath] = []
    required: list[VariableName] = []


class Nginx(Section):
    server_names: list[ServerName] = ["_"]
    listen: Port = 80
    listen_tls: Port = 443
    certificate: AbsolutePath | None = None
    certificate_key: AbsolutePath | None = None
    site: AbsolutePath | Literal[""] = ""
    max_body: Annotated[str, Field(pattern=r"^\d+[kmg]?$")] = "10m"
    read_timeout: Seconds = 60
    assets_url: UrlPath = "/_next/static/"
    assets_from: RelativePath = ".next/static"
    assets_days: Annotated[int, Field(ge=1)] = 30
    retry_after: Annotated[int, Field(ge=1)] = 120
    access_log: AbsolutePath | Literal[""] = ""

    @model_validator(mode="after")
    def _certificate_with_key(self) -> Self:
        if (self.certificate is None) != (self.certificate_key is None):
            raise ValueError("certificate and certificate_key come together: set both or neither")
        return self

    @property
    def tls(self) -> bool:
        return self.certificate is not None


class Limits(Section):
    disk_free_mb: Annotated[int, Field(ge=0)] = 1024
    memory_free_mb: Annotated[int, Field(ge=0)] = 256


class Contact(Section):
    role: str
    contact: str


class Config(Section):
    """One app: what it is, where it goes, how it is built, started, checked and kept."""

    app: App
    targets: dict[Name, Target] = {}
    ssh: Ssh = Ssh()
    git: Git = Git()
    node: Node = Node()
    build: Build = Build()
    web: Web = Web()
    processes: dict[Name, Process] = {}
    health: Health = Health()
    soak: Soak = Soak()
    database: Database = Database()
    shared: Shared = Shared()
    nginx: Nginx = Nginx()
    limits: Limits = Limits()
    contacts: list[Contact] = []

    @model_validator(mode="before")
    @classmethod
    def _defaults_from_name(cls, values: Any) -> Any:
        """The site's file and log are named after the app where the file does not say."""
        if not isinstance(values, dict) or not isinstance(values.get("app"), dict):
            return values
        name = values["app"].get("name")
        nginx = values.get("nginx", {})
        if isinstance(name, str) and isinstance(nginx, dict):
            defaults = {
                "site": f"/etc/nginx/conf.d/{name}.conf",
                "access_log": f"/var/log/nginx/{name}.access.log",
            }
            values = {**values, "nginx": {**defaults, **nginx}}
        return values

    @property
    def layout(self) -> Layout:
        return Layout(PurePosixPath(self.app.root), PurePosixPath(self.app.directory))

    def port(self, slot: Slot) -> int:
        return self.web.ports[0 if slot == "blue" else 1]

    def process_name(self, slot: Slot, process: str = "") -> str:
        """The pm2 name of a slot's web process, or of one of its extra processes."""
        return "-".join(part for part in (self.app.name, slot, process) if part)
