"""What the files of a repository say is in the configuration, and what they do not say is asked for."""

from __future__ import annotations

import tomllib
from itertools import pairwise
from typing import Any

import pytest

from tests.apps.history import build_prompthub, build_tiny
from tests.unit.init import made
from tests.unit.init.made import EXPRESS, NEXT, checks, config, text
from windlass.config.check import check
from windlass.config.manual import uncommented
from windlass.config.model import Config
from windlass.errors import UsageError
from windlass.init.answers import Origin, answers
from windlass.init.apps import chosen_app
from windlass.init.project import Project
from windlass.init.settle import settled
from windlass.init.source import opened
from windlass.init.text import text_of

ECOSYSTEM = """
module.exports = { apps: [
  { name: "shop", script: "npm", args: "start", cwd: "/root/shop", max_memory_restart: "1G",
    env: { NODE_ENV: "production", PORT: 4100, SESSION_SECRET: "hunter2-hunter2" } },
  { name: "Shop_Queue", script: "./workers/queue.js", args: ["--fast"], instances: 2, kill_timeout: 20000 },
  { name: "report", script: "report.py", interpreter: "python3" },
] };
"""
NGINX = """
upstream app { server 127.0.0.1:4100; }
server { listen 80; server_name shop.example www.shop.example; return 301 https://$host$request_uri; }
server {
  listen 443 ssl; server_name shop.example;
  ssl_certificate /etc/ssl/shop.pem; ssl_certificate_key "/etc/ssl/shop.key"; # by hand
  client_max_body_size 25M;
  location / { proxy_pass http://app; proxy_read_timeout 2m; }
}
server { server_name api.example; location / { proxy_pass http://127.0.0.1:9000; } }
"""
OLD = {
    "package.json": NEXT,
    "package-lock.json": "",
    "ecosystem.config.js": ECOSYSTEM,
    "deploy/nginx.conf": NGINX,
}


def test_an_app_of_the_old_way_keeps_its_port_memory_workers_and_site() -> None:
    found = config(OLD)
    assert found.web.ports == [4100, 4101]
    assert found.web.max_memory == "1G"
    assert found.web.script == "auto"
    queue, report = found.processes["shop-queue"], found.processes["report"]
    assert (queue.script, queue.args, queue.instances, queue.kill_timeout) == (
        "workers/queue.js",
        ["--fast"],
        2,
        20,
    )
    assert (report.script, report.interpreter) == ("report.py", "python3")
    assert found.nginx.server_names == ["shop.example", "www.shop.example"]
    assert (found.nginx.certificate, found.nginx.certificate_key) == (
        "/etc/ssl/shop.pem",
        "/etc/ssl/shop.key",
    )
    assert (found.nginx.max_body, found.nginx.read_timeout) == ("25m", 120)
    assert "9000" in checks(OLD)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ("PORT: 4100", "its port of shop"),
        ('args: ["--fast"]', "args of Shop_Queue"),
        ("instances: 2", "instances of Shop_Queue"),
    ],
)
def test_what_an_ecosystem_file_computes_wants_a_look(changed: str, said: str) -> None:
    key = changed.partition(":")[0]
    files = {**OLD, "ecosystem.config.js": ECOSYSTEM.replace(changed, f"{key}: process.env.X || 1")}
    assert said in checks(files)
    assert "computes" not in checks(OLD)


def test_an_ecosystem_file_that_tells_nothing_is_pointed_out() -> None:
    files = {**OLD, "ecosystem.config.js": "module.exports = require('./pm2')"}
    assert "ecosystem.config.js could not be read" in checks(files)


def test_of_variables_only_the_names_are_taken() -> None:
    assert config(OLD).shared.required == ["SESSION_SECRET"]
    assert "hunter2" not in text(OLD)


def test_every_line_that_is_set_says_where_it_was_found() -> None:
    lines = text(OLD).splitlines()
    for above, line in pairwise(lines):
        assert " = " not in line or line.startswith("# ") or above.startswith("# "), line


def test_what_is_only_shown_can_be_put_in_force() -> None:
    for files in (OLD, {"package.json": EXPRESS}):
        tomllib.loads(uncommented(text(files)))


def test_a_fresh_next_app_needs_little() -> None:
    files = {"package.json": NEXT, "package-lock.json": "", "app/api/(ops)/health/route.ts": ""}
    assert config(files).model_dump(exclude_unset=True, exclude={"app", "nginx"}) == {
        "build": {}, "database": {}, "git": {}, "health": {"path": "/api/health"}, "node": {}, "shared": {}, "web": {},
    }  # fmt: skip
    assert checks(files) == ""


def test_a_route_below_the_base_path_is_asked_there() -> None:
    next_config = "export default { basePath: '/docs', distDir: 'build' }"
    found = config({"package.json": NEXT, "next.config.mjs": next_config, "pages/api/healthz.ts": ""})
    assert found.health.path == "/docs/api/healthz"
    assert (found.nginx.assets_url, found.nginx.assets_from) == ("/docs/_next/static/", "build/static")
    assert found.build.verify == ["build/BUILD_ID"]


@pytest.mark.parametrize(
    ("next_config", "said"),
    [
        ("module.exports = { output: 'export' }", "leaves files and no server"),
        ("module.exports = { distDir: process.env.DIST }", "distDir in a way that reading does not tell"),
        (
            "module.exports = {}; module.exports.basePath = '/x'",
            "basePath in a way that reading does not tell",
        ),
        ("module.exports = { assetPrefix: 'https://cdn.example' }", "assetPrefix"),
        ("module.exports = { output: 'standalone', distDir: 'x' }", "in .next only"),
    ],
)
def test_what_next_may_do_otherwise_wants_a_look(next_config: str, said: str) -> None:
    assert said in checks({"package.json": NEXT, "next.config.js": next_config})


@pytest.mark.parametrize(
    ("files", "version", "said"),
    [
        ({".nvmrc": "v22.11.0\n"}, "22", ""),
        ({".node-version": "20"}, "20", ""),
        ({".nvmrc": "lts/jod"}, "", 'says "lts/jod"'),
        ({".nvmrc": "22", "package.json": {**EXPRESS, "engines": {"node": ">=20"}}}, "", ""),
        ({"package.json": {**EXPRESS, "volta": {"node": "18.1.0"}}}, "18", ""),
    ],
)
def test_the_version_of_node_is_that_of_engines_or_of_a_version_manager(
    files: dict[str, Any], version: str, said: str
) -> None:
    files = {"package.json": EXPRESS, **files}
    assert config(files).node.version == version
    assert said in checks(files)


@pytest.mark.parametrize(
    ("files", "manager", "said"),
    [
        ({"pnpm-lock.yaml": ""}, "auto", ""),
        (
            {"yarn.lock": "", "package-lock.json": ""},
            "npm",
            "several lock files (package-lock.json, yarn.lock)",
        ),
        (
            {"yarn.lock": "", "package-lock.json": "", "package.json": {"packageManager": "yarn@4"}},
            "auto",
            "",
        ),
        ({}, "auto", "no lock file"),
        ({"bun.lock": ""}, "auto", "bun.lock"),
    ],
)
def test_a_package_manager_that_is_not_plain_is_named(files: dict[str, Any], manager: str, said: str) -> None:
    files = {"package.json": {}, **files}
    assert config(files).node.package_manager == manager
    assert said in checks(files)


def test_an_express_app_starts_its_own_script() -> None:
    script = "app.get('/healthz', ok); app.listen(process.env.PORT)"
    files = {
        "package.json": EXPRESS,
        "yarn.lock": "",
        "src/index.js": script,
        ".env.example": "API_KEY=\nLEVEL=info\n",
    }
    found = config(files)
    assert (found.web.script, found.build.command, found.build.verify) == ("src/index.js", "", [])
    assert found.health.path == "/healthz"
    assert found.shared.required == ["API_KEY"]
    assert "--env-file" in checks(files)
    assert "--env-file" not in checks(
        {**files, "package.json": {**EXPRESS, "dependencies": {"dotenv": "16"}}}
    )


@pytest.mark.parametrize(
    ("file", "path"),
    [
        ("app/api/health/route.ts", "/api/health"),
        ("src/app/(ops)/healthz/route.js", "/healthz"),
        ("src/pages/api/ping/index.ts", "/api/ping"),
        ("app/api/orders/status/route.ts", "/"),
        ("app/health/page.tsx", "/"),
    ],
)
def test_routes_of_next_that_tell_the_apps_health(file: str, path: str) -> None:
    assert config({"package.json": NEXT, file: ""}).health.path == path


def test_a_router_may_have_something_in_front_of_its_paths() -> None:
    routes = "const router = express.Router(); router.get('/health', ok)"
    files = {"package.json": EXPRESS, "src/routes.js": routes}
    assert config(files).health.path == "/health"
    assert "a router's" in checks(files)


def test_workers_of_one_name_and_of_a_slots_name_are_all_kept() -> None:
    worker = '{ name: "Q", script: "q.js" }, { name: "q", script: "r.js" }, { name: "blue", script: "b.js" }'
    found = config(
        {"package.json": NEXT, "pm2.config.js": f'm = {{ apps: [{{ script: "npm start" }}, {worker}] }}'}
    )
    scripts = {name: process.script for name, process in found.processes.items()}
    assert scripts == {"q": "q.js", "q-2": "r.js", "blue-worker": "b.js"}


def test_an_app_that_cannot_be_told_its_port_is_pointed_out() -> None:
    assert "process.env.PORT" in checks({"package.json": EXPRESS, "src/index.js": "app.listen(8080)"})


def test_what_a_build_leaves_is_what_is_started_and_not_in_the_repository() -> None:
    package = {"scripts": {"build": "tsc", "start": "node dist/index.js"}}
    assert config({"package.json": package}).build.verify == ["dist/index.js"]
    here = {
        "package.json": {"scripts": {"build": "make", "start": "node x.js"}},
        "x.js": "",
        ".gitignore": "out/\n",
    }
    assert config(here).build.verify == ["out"]
    assert "only a whole build leaves" in checks(here)


def test_prisma_is_migrated_where_its_schema_is() -> None:
    schema = 'datasource db {\n provider = "postgresql"\n url = env("DB_URL")\n directUrl = env("DIRECT")\n}'
    package = {**NEXT, "prisma": {"schema": "./db/schema.prisma"}}
    files = {"package.json": package, "db/schema.prisma": schema, "db/migrations/1_a/migration.sql": ""}
    found = config(files)
    assert found.database.kind == "prisma"
    assert (found.database.schema_file, found.database.migrations) == ("db/schema.prisma", "db/migrations")
    assert found.database.url == "DIRECT"
    assert found.shared.required == ["DIRECT", "DB_URL"]


def test_a_schema_in_a_folder_and_a_url_in_prismas_config_are_found() -> None:
    prisma = 'export default defineConfig({ schema: "prisma/schema", datasource: { url: env("PG") } })'
    found = config(
        {
            "package.json": NEXT,
            "prisma.config.ts": prisma,
            "prisma/schema/a.prisma": "model A {}",
            "prisma/schema/b.prisma": 'datasource db { provider = "postgresql" }',
            "prisma/schema/migrations/1/migration.sql": "",
        }
    )
    assert found.database.schema_file == "prisma/schema"
    assert found.database.migrations == "prisma/schema/migrations"
    assert found.database.url == "PG"


@pytest.mark.parametrize("provider", ["sqlite", "mysql", "mongodb"])
def test_a_database_that_is_not_postgresql_is_left_alone(provider: str) -> None:
    files = {"package.json": NEXT, "prisma/schema.prisma": f'datasource db {{ provider = "{provider}" }}'}
    found = config(files)
    assert (found.database.kind, found.build.generate) == ("none", "prisma generate")
    assert f"is for {provider}" in checks(files)


def test_an_app_of_a_monorepo_is_named_after_both_and_reads_its_own_files() -> None:
    files = {
        "package.json": {"workspaces": ["apps/*"], "packageManager": "pnpm@9.1.0"},
        "pnpm-lock.yaml": "",
        "apps/web/package.json": {**NEXT, "name": "web"},
        "apps/api/package.json": EXPRESS,
        "packages/db/prisma/schema.prisma": "",
        ".nvmrc": "22",
    }
    found = config(files, "apps/web")
    assert (found.app.name, found.app.directory, found.node.version) == ("shop-web", "apps/web", "22")
    assert "packages/db/prisma/schema.prisma is not below the app" in checks(files, "apps/web")


@pytest.mark.parametrize(
    ("package", "repository", "name"),
    [
        ("@Acme/My_Shop!", "x", "my-shop"),
        ("", "git@h:acme/Shop.git", "shop"),
        ("my-app", "https://h/acme/shop", "shop"),
        ("2048", "https://h/x.git", "x"),
        ("магазин", "https://h/x.git", "x"),
        ("tone-blue", "https://h/x.git", "tone-blue-app"),
        ("a" * 60, "https://h/x.git", "a" * 40),
    ],
)
def test_a_name_is_made_to_fit(package: str, repository: str, name: str) -> None:
    found = config({"package.json": {**NEXT, "name": package}}, origin=Origin(repository))
    assert found.app.name == name


@pytest.mark.parametrize("address", ["", "C:\\my shop.git", "--upload-pack=x"])
def test_without_an_address_that_a_server_can_use_one_is_asked_for(address: str) -> None:
    with pytest.raises(UsageError) as refused:
        made.entries({"package.json": NEXT}, origin=Origin(address))
    assert "--repository" in refused.value.hint


def test_a_token_in_the_origin_is_left_out() -> None:
    origin = Origin("https://me:hunter2-hunter2@h.example/acme/shop.git")
    assert config({"package.json": NEXT}, origin=origin).app.repository == "https://h.example/acme/shop.git"
    assert "hunter2" not in text({"package.json": NEXT}, origin=origin)
    assert "password or token" in checks({"package.json": NEXT}, origin=origin)


def test_what_cannot_be_used_is_shown_with_the_reason_instead_of_written() -> None:
    files = {"package.json": NEXT, "site.conf": NGINX.replace("4100", "443")}
    assert config(files).web.ports == [3000, 3001]
    assert "#ports = [443, 444]" in text(files)
    assert "443 is the port that nginx itself listens on" in checks(files)


def test_a_package_json_that_is_no_json_names_the_place() -> None:
    with pytest.raises(UsageError, match=r"package\.json:2:1: not JSON"):
        made.entries({"package.json": '{ "name": "x",\n}'})


def test_what_is_half_a_character_is_written_all_the_same() -> None:
    package = '{"scripts": {"start": "node a.js \\ud800"}}'
    assert config({"package.json": package}).web.args == ["?"]


@pytest.fixture(scope="module")
def example_apps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Config]:
    """What is written for the apps that the other tests deploy, as they are in git."""
    folder = tmp_path_factory.mktemp("apps")
    build_tiny(folder / "tiny.git")
    build_prompthub(folder / "prompthub.git", subfolder="web")
    found = {}
    for name in ("tiny", "prompthub"):
        with opened(str(folder / f"{name}.git"), "", on_fetch=lambda: None) as source:
            project = Project(source.top, chosen_app(source.top, "", source.where))
            entries = settled(answers(project, source.origin))
        checked, problems = check(tomllib.loads(text_of(entries, [])))
        assert checked, problems
        found[name] = checked
    return found


def test_the_tiny_app_is_found_as_it_is(example_apps: dict[str, Config]) -> None:
    tiny = example_apps["tiny"]
    assert (tiny.app.name, tiny.web.script, tiny.health.path) == ("tiny", "server.mjs", "/api/health")
    assert (tiny.build.verify, tiny.database.kind) == (["dist"], "none")


def test_prompthub_in_a_subfolder_is_found_as_it_is(example_apps: dict[str, Config]) -> None:
    prompthub = example_apps["prompthub"]
    assert (prompthub.app.name, prompthub.app.directory) == ("prompthub", "web")
    assert (prompthub.web.script, prompthub.health.path) == ("auto", "/api/health")
    assert (prompthub.database.kind, prompthub.shared.required) == ("prisma", ["DATABASE_URL"])
