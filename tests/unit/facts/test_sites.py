"""Other people's sites, read from what `nginx -T` prints."""

from __future__ import annotations

from windlass.facts.sites import ELSEWHERE, Site, parse
from windlass.question import Answer

CERTBOTS = """\
server {
    server_name app.example www.app.example;
    location / {
        proxy_pass http://localhost:3000/; # the app
        add_header X "a } brace; in quotes";
    }
    listen [::]:443 ssl ipv6only=on;
    listen 443 ssl; # managed by Certbot
    ssl_certificate /etc/letsencrypt/live/app.example/fullchain.pem;
    ssl_certificate_key /etc/letsencrypt/live/app.example/privkey.pem;
}
server {
    if ($host = app.example) {
        return 301 https://$host$request_uri;
    }
    listen 80;
    server_name app.example;
    return 404;
}
"""


def sites(**files: str) -> tuple[Site, ...]:
    """What nginx prints for these files below /etc/nginx."""
    text = "".join(f"# configuration file /etc/nginx/{name}:\n{content}\n" for name, content in files.items())
    return parse(Answer(text))


def test_a_site_that_certbot_wrote() -> None:
    (site,) = sites(app=CERTBOTS)
    secure, plain = site.servers
    assert site.path == "/etc/nginx/app"
    assert site.alone
    assert site.proxies_to(3000)
    assert secure.names == ("app.example", "www.app.example")
    assert secure.listens == {443}
    assert secure.certificate.endswith("fullchain.pem")
    assert (plain.listens, plain.ports) == ({80}, frozenset())


def test_an_upstream_is_followed_from_any_file() -> None:
    upstream = "upstream app { server 127.0.0.1:3000; server 127.0.0.1:3001 backup; }"
    (site,) = sites(upstreams=upstream, app="server { location / { proxy_pass http://app; } }")
    assert site.servers[0].ports == {3000, 3001}


def test_what_goes_elsewhere_is_told_apart() -> None:
    (site,) = sites(app="server { location / { proxy_pass http://10.0.0.5:3000; } }")
    assert site.servers[0].ports == {ELSEWHERE}
    assert not site.proxies_to(3000)


def test_a_server_inside_of_nginx_conf_is_not_alone_in_its_file() -> None:
    (site,) = sites(
        main="user www; http { server { listen 80; location / { proxy_pass http://127.0.0.1:3000; } } }"
    )
    assert site.proxies_to(3000)
    assert not site.alone


def test_files_without_a_server_are_left_out() -> None:
    assert sites(mime="types { text/html html; }") == ()
    assert parse(Answer("nginx: [emerg] something is wrong\n")) == ()
