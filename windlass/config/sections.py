"""The tables of an app's file; `config/prompthub.toml` is their manual, `rules` bind their keys."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from windlass.config.fields import (
    AbsolutePath,
    AbsolutePathOrDefault,
    AppName,
    BodySize,
    BucketPlace,
    Email,
    Folder,
    HostName,
    HttpUrl,
    HttpUrlOrDefault,
    Instances,
    Memory,
    NodeLine,
    NpmVersion,
    Port,
    PublicKey,
    Ref,
    RelativePath,
    Repository,
    Seconds,
    ServerName,
    ShellText,
    Text,
    Timeout,
    UrlFolder,
    UrlPath,
    UserName,
    UserNameOrDefault,
    VariableName,
    Version,
    Word,
)
from windlass.config.spelling import MOST_INSTANCES


class Section(BaseModel):
    """A table of the file: unknown keys are mistakes, and a text is never taken for a number."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, strict=True)


class App(Section):
    name: AppName
    repository: Repository
    branch: Ref = "main"
    root: AbsolutePathOrDefault = ""
    directory: Folder = "."
    keep: Annotated[int, Field(ge=2, le=100)] = 5


class Target(Section):
    hosts: Annotated[list[HostName], Field(min_length=1)]
    branch: Ref | None = None


class Ssh(Section):
    forward_agent: bool = False
    connect_timeout: Timeout = 10


class Git(Section):
    key: AbsolutePath | None = None
    submodules: bool = True


class Node(Section):
    path: AbsolutePath | None = None
    version: Version = ""
    package_manager: Literal["auto", "npm", "pnpm", "yarn"] = "auto"


class Build(Section):
    install: ShellText = "auto"
    generate: ShellText = "auto"
    command: ShellText = "auto"
    verify: list[RelativePath] = [".next/BUILD_ID"]
    cache: list[RelativePath] = [".next/cache"]
    env: dict[VariableName, Word] = {}
    env_prefixes: list[VariableName] = ["NEXT_PUBLIC_"]
    timeout: Timeout = 1800


class Web(Section):
    ports: Annotated[list[Port], Field(min_length=2, max_length=2)] = [3000, 3001]
    instances: Instances = 1
    script: Text = "auto"
    args: list[Word] = []
    node_args: list[Word] = []
    env: dict[VariableName, Word] = {}
    kill_timeout: Seconds = 10
    drain: Seconds = 30
    max_memory: Memory = ""
    standby: Literal["cold", "warm"] = "cold"
    supervisor: Literal["pm2", "systemd"] = "pm2"


class Process(Section):
    script: Text
    args: list[Word] = []
    interpreter: Text = "node"
    instances: Annotated[int, Field(ge=1, le=MOST_INSTANCES)] = 1
    exclusive: bool = False
    env: dict[VariableName, Word] = {}
    kill_timeout: Seconds = 10
    max_memory: Memory = ""


class Health(Section):
    path: UrlPath = "/api/health"
    status: Annotated[int, Field(ge=200, le=499)] = 200
    timeout: Timeout = 5
    start_timeout: Timeout = 60
    min_healthy: Seconds = 3
    min_healthy_known: Seconds = 0.5
    revision: Word = ""


class Soak(Section):
    seconds: Annotated[float, Field(ge=0, le=3600)] = 30
    max_errors_percent: Annotated[float, Field(ge=0, le=100)] = 5
    min_errors: Annotated[int, Field(ge=1)] = 5


class Database(Section):
    kind: Literal["none", "prisma"] = "none"
    url: VariableName = "DATABASE_URL"
    migrations: RelativePath = "prisma/migrations"
    schema_file: Annotated[RelativePath, Field(alias="schema")] = "prisma/schema.prisma"
    migrate: Literal["after-build", "before-build"] = "after-build"
    command: ShellText = "auto"
    lock_timeout: Timeout = 5
    timeout: Timeout = 1800
    backup: bool = True
    strict: bool = False


class Backups(Section):
    keep: Annotated[int, Field(ge=1, le=1000)] = 10
    keep_days: Annotated[int, Field(ge=0)] = 30
    copy_to: BucketPlace = ""
    endpoint: HttpUrlOrDefault = ""


class Shared(Section):
    files: list[RelativePath] = [".env"]
    dirs: list[RelativePath] = []
    required: list[VariableName] = []


class Nginx(Section):
    server_names: Annotated[list[ServerName], Field(min_length=1)] = ["_"]
    listen: Port = 80
    listen_tls: Port = 443
    certificate: AbsolutePath | None = None
    certificate_key: AbsolutePath | None = None
    site: AbsolutePathOrDefault = ""
    max_body: BodySize = "10m"
    read_timeout: Timeout = 60
    assets_url: UrlFolder = "/_next/static/"
    assets_from: RelativePath = ".next/static"
    assets_days: Annotated[int, Field(ge=1)] = 30
    retry_after: Annotated[int, Field(ge=1)] = 120
    access_log: AbsolutePathOrDefault = ""

    @property
    def tls(self) -> bool:
        return self.certificate is not None

    @property
    def probe_name(self) -> str:
        """The name that a request from the server itself carries: an address where the site takes any name."""
        name = next((name for name in self.server_names if name != "_"), "127.0.0.1")
        return name.replace("*", "www", 1)


class Limits(Section):
    disk_free_mb: Annotated[int, Field(ge=0)] = 1024
    memory_free_mb: Annotated[int, Field(ge=0)] = 256


class Setup(Section):
    user: UserName = "deploy"
    app_user: UserNameOrDefault = ""
    keys: list[PublicKey] = []
    node: NodeLine = "22"
    node_dist: HttpUrl = "https://nodejs.org/dist"
    pm2: NpmVersion = "latest"
    email: Email = ""
    acme: HttpUrl = "https://acme-v02.api.letsencrypt.org/directory"


class Contact(Section):
    role: Text
    contact: Text
