"""[nginx]: the site, by the nginx files of a repository and by what Next.js puts in front of its paths."""

from __future__ import annotations

from collections.abc import Iterator

from windlass.init.nginx_files import Site
from windlass.init.project import Project
from windlass.init.setting import Entry, Remark, Setting, shown


def nginx(project: Project, found: Site) -> Iterator[Entry]:
    """The names, certificate and limits of the site, and what Next.js's prefixes ask for."""
    file = found.file
    if found.names:
        yield Setting(("nginx", "server_names"), [*found.names], f"server_name in {file}.")
    else:
        yield shown(
            "nginx", "server_names", ["_"], 'The site\'s names; "_" is every name that no other site claims.'
        )
    if found.certificate and found.certificate_key:
        note = (
            f"in {file}; a server that has no such file yet refuses the site: comment both out until it has."
        )
        yield Setting(("nginx", "certificate"), found.certificate, f"ssl_certificate {note}", check=True)
        yield Setting(("nginx", "certificate_key"), found.certificate_key, f"ssl_certificate_key in {file}.")
    else:
        where = "/etc/letsencrypt/live/example.org"
        yield shown(
            "nginx",
            "certificate",
            f"{where}/fullchain.pem",
            "With a certificate http is redirected to https.",
        )
        yield shown("nginx", "certificate_key", f"{where}/privkey.pem", "Its private key.")
    if found.max_body:
        yield Setting(("nginx", "max_body"), found.max_body, f"client_max_body_size in {file}.")
    else:
        yield shown("nginx", "max_body", "10m", "The largest request body.")
    if found.read_timeout:
        yield Setting(
            ("nginx", "read_timeout"), found.read_timeout, f"proxy_read_timeout in {file}, in seconds."
        )
    if found.others:
        note = f"{file} and its like also proxy to {', '.join(found.others)}: not this app's, and left as they are."
        yield Remark(("nginx",), note)
    if project.is_next:
        yield from _prefixes(project)


def _prefixes(project: Project) -> Iterator[Entry]:
    config = project.next_config
    folder, base = config.text("distDir").removeprefix("./").rstrip("/"), config.text("basePath").rstrip("/")
    if folder and folder != ".next":
        yield Setting(("nginx", "assets_from"), f"{folder}/static", f"distDir in {config.name}.")
    if base:
        yield Setting(("nginx", "assets_url"), f"{base}/_next/static/", f"basePath in {config.name}.")
    for key in ("basePath", "assetPrefix"):
        if config.unsure(key):
            note = f"{config.name} sets {key} in a way that reading does not tell; if it has a value, set assets_url."
            yield Remark(("nginx",), note)
    if prefix := config.text("assetPrefix"):
        yield Remark(
            ("nginx",),
            f"assetPrefix in {config.name} is {prefix}: assets_url must be where they are asked for.",
        )
