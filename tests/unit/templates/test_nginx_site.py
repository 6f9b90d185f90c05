"""The nginx site, in a real nginx before two real servers."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

from tests.support.load import Load
from tests.support.nginx import Nginx, ask
from tests.support.ports import free_port
from tests.support.processes import run, wait_until
from tests.support.tiers import require
from tests.unit.templates.conftest import PROBE, Hosted
from windlass.config.model import Config
from windlass.demo.http_client import Connection
from windlass.plans import texts


def test_the_flag_chooses_the_slot(app: Hosted) -> None:
    assert "blue" in app.ask().text
    app.flip()
    assert "green" in app.ask().text
    app.flip()
    assert "blue" in app.ask().text


def test_flips_under_load_lose_no_request(app: Hosted) -> None:
    for slot in ("blue", "green"):
        asset = app.root / f"assets/_next/static/{slot}.js"
        asset.parent.mkdir(parents=True, exist_ok=True)
        asset.write_text(slot)
    with Load(f"http://127.0.0.1:{app.port}", rate=150) as load:
        for _ in range(6):
            load.keep_on(0.4)
            app.flip()
        load.keep_on(0.4)
    assert set(load.report.check().releases) == {"blue", "green"}
    assert load.report.assets > 50


def test_a_kept_alive_connection_follows_the_flip(app: Hosted) -> None:
    async def both() -> list[str]:
        connection = Connection("127.0.0.1", app.port)
        first = await connection.get("/api/health", "a.example")
        app.flip()
        second = await connection.get("/api/health", "a.example")
        connection.close()
        return [first.text, second.text]

    assert asyncio.run(both()) == ['{"commit": "blue"}', '{"commit": "green"}']


def test_the_flag_is_seen_at_once_where_nginx_caches_open_files(
    host: Callable[..., Hosted], nginx: Nginx
) -> None:
    app = host()
    caching = "open_file_cache max=100 inactive=60s; open_file_cache_valid 60s; open_file_cache_errors on;"
    (nginx.folder / "conf.d/caching.conf").write_text(caching)
    nginx.start()
    for slot in ("blue", "green", "blue"):
        assert slot in app.ask().text
        app.flip()


def test_connections_to_the_app_are_reused_and_soon_closed_so_that_a_slot_drains(app: Hosted) -> None:
    for _ in range(5):
        app.ask()
    assert app.blue.connections == 1
    wait_until(lambda: app.blue.connections == 0, 4, "nginx keeps an idle connection to the app")


def test_the_app_is_told_about_its_visitor(app: Hosted) -> None:
    app.ask("/a%2Fb?q=1", {"Host": "shop.example:8080", "X-Forwarded-For": "203.0.113.9"})
    method, path, headers = app.blue.seen[-1]
    assert (method, path) == ("GET", "/a%2Fb?q=1")
    assert headers["host"] == headers["x-forwarded-host"] == "shop.example:8080"
    assert headers["x-forwarded-for"] == "203.0.113.9, 127.0.0.1"
    assert headers["x-real-ip"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert "upgrade" not in headers
    assert "connection" not in headers


def test_a_websocket_may_upgrade(app: Hosted) -> None:
    app.ask("/socket", {"Upgrade": "websocket", "Connection": "Upgrade"})
    headers = app.blue.seen[-1][2]
    assert headers["upgrade"] == "websocket"
    assert headers["connection"] == "upgrade"


def test_the_page_answers_any_method_while_a_flag_is_there(app: Hosted) -> None:
    for flag in ("maintenance", "stopped"):
        (app.root / "run" / flag).touch()
        for method in ("GET", "POST", "HEAD", "DELETE", "OPTIONS"):
            body = b"x" * 20_000 if method == "POST" else None
            answer = app.ask("/api/orders", method=method, body=body)
            assert (answer.status, answer.headers["retry-after"]) == (503, "120"), method
            assert answer.headers["cache-control"] == "no-store"
            assert ("Back in a moment" in answer.text) == (method != "HEAD")
        (app.root / "run" / flag).unlink()
    assert app.blue.seen == []
    assert app.ask().status == 200


def test_without_its_page_maintenance_is_still_a_503(app: Hosted) -> None:
    (app.root / "run/maintenance.html").unlink()
    (app.root / "run/maintenance").touch()
    answer = app.ask()
    assert (answer.status, answer.headers["retry-after"]) == (503, "120")


def test_a_probe_from_the_server_looks_behind_the_page(app: Hosted) -> None:
    (app.root / "run/maintenance").touch()
    (app.root / "run/stopped").touch()
    answer = app.ask(headers=PROBE)
    assert answer.status == 200
    assert answer.headers["x-windlass-upstream"] == f"127.0.0.1:{app.blue.port}"


def test_nobody_else_looks_behind_the_page(app: Hosted) -> None:
    (app.root / "run/maintenance").touch()
    claims = {**PROBE, "X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1"}
    assert app.ask(headers=claims).status == 503
    assert app.ask(headers={"X-Windlass-Probe": "11"}).status == 503
    assert app.ask(headers=PROBE, address=other_address()).status == 503


def test_who_answered_is_shown_to_the_server_only(app: Hosted) -> None:
    expected = f"127.0.0.1:{app.blue.port}"
    assert app.ask().headers["x-windlass-upstream"] == expected
    assert app.ask("/status/500").headers["x-windlass-upstream"] == expected
    assert "x-windlass-upstream" not in app.ask(address=other_address()).headers
    assert "x-windlass-upstream" not in app.ask(headers={"X-Forwarded-For": "198.51.100.7"}).headers


def test_a_claimed_address_is_no_probe_behind_a_trusted_proxy(
    host: Callable[..., Hosted], nginx: Nginx
) -> None:
    app = host()
    site = Path(app.config.nginx.site)
    trusting = "set_real_ip_from 0.0.0.0/0;\nreal_ip_header X-Real-IP;\n"
    site.write_text(trusting + site.read_text())
    nginx.start()
    (app.root / "run/maintenance").touch()
    assert app.ask(headers={**PROBE, "X-Real-IP": "127.0.0.1"}, address=other_address()).status == 503
    assert app.ask(headers={**PROBE, "X-Real-IP": "198.51.100.7"}).status == 503


def test_a_slot_that_is_down_gets_the_page_with_502(app: Hosted) -> None:
    app.blue.stop()
    answer = app.ask(method="POST", body=b"x")
    assert (answer.status, answer.headers["retry-after"]) == (502, "120")
    assert "Back in a moment" in answer.text
    assert answer.headers["x-windlass-upstream"] == f"127.0.0.1:{app.blue.port}"
    assert app.green.seen == []  # never tried at the other slot


def test_a_slot_that_is_slow_gets_the_page_with_504(host: Callable[..., Hosted], nginx: Nginx) -> None:
    app = host(read_timeout=0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        site = Path(app.config.nginx.site)
        site.write_text(site.read_text().replace(f":{app.blue.port};", f":{silent.getsockname()[1]};"))
        nginx.start()
        assert (app.ask().status, "Back in a moment" in app.ask().text) == (504, True)


def test_the_apps_own_errors_are_its_own(app: Hosted) -> None:
    for status in (404, 500, 502, 503, 504):
        answer = app.ask(f"/status/{status}")
        assert (answer.status, answer.text) == (status, '{"commit": "blue"}')


def test_an_asset_of_the_live_release_comes_before_an_earlier_one_of_the_same_name(
    host: Callable[..., Hosted], nginx: Nginx
) -> None:
    app = host(assets_url="/a.b+/static/", assets_from="dist/static")
    nginx.start()
    for slot in ("blue", "green"):
        release = app.root / f"releases/{slot}"
        (release / "dist/static/constant").mkdir(parents=True)
        (release / "dist/static/constant/_buildManifest.js").write_text(slot)
        (app.root / f"run/slot-{slot}").symlink_to(release)
    kept = app.root / "assets/a.b+/static/constant/_buildManifest.js"
    kept.parent.mkdir(parents=True)
    kept.write_text("of long ago")
    for expected in ("blue", "green"):
        answer = app.ask("/a.b+/static/constant/_buildManifest.js?v=1")
        assert (answer.status, answer.text) == (200, expected)
        assert answer.headers["content-type"] == "application/javascript"
        app.flip()
    (app.root / "run/slot-blue").unlink()
    assert app.ask("/a.b+/static/constant/_buildManifest.js").text == "of long ago"
    assert app.ask("/a.b+/static/../../../run/green.off").status != 200
    assert app.ask("/aXb+/static/constant/_buildManifest.js").text == '{"commit": "blue"}'


def test_assets_of_earlier_releases_stay_on_disk_and_others_come_from_the_app(app: Hosted) -> None:
    kept = app.root / "assets/_next/static/chunks/[slug]-0a1b.js"
    kept.parent.mkdir(parents=True)
    kept.write_text("old")
    (app.root / "run/maintenance").touch()
    old = app.ask("/_next/static/chunks/%5Bslug%5D-0a1b.js")
    assert (old.status, old.text) == (200, "old")
    assert old.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "javascript" in old.headers["content-type"]
    assert app.ask("/_next/static/chunks/new.js").status == 503
    (app.root / "run/maintenance").unlink()
    new = app.ask("/_next/static/chunks/new.js")
    assert (new.text, "cache-control" in new.headers) == ('{"commit": "blue"}', False)


def test_text_is_compressed(app: Hosted) -> None:
    answer = app.ask("/long", {"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.body) < 1000


def test_every_request_is_a_line_of_json_in_the_apps_own_log(app: Hosted) -> None:
    app.ask('/caf%C3%A9?q="x"\\', {"User-Agent": 'a "quoted" \\ one'})
    app.ask("/status/500", PROBE)
    wait_until(lambda: app.log.read_text().count("\n") == 2, 5, "two lines were not logged")
    first, second = map(json.loads, app.log.read_text().splitlines())
    assert (first["status"], first["upstream_status"], first["probe"]) == ("200", "200", 0)
    assert first["upstream_addr"] == f"127.0.0.1:{app.blue.port}"
    assert first["uri"] == '/caf%C3%A9?q="x"\\'
    assert first["user_agent"] == 'a "quoted" \\ one'
    assert first["request_time"] >= 0
    assert first["msec"] > 1_600_000_000
    assert (second["status"], second["uri"], second["probe"]) == ("500", "/status/500", 1)


def test_two_apps_live_side_by_side(host: Callable[..., Hosted], nginx: Nginx) -> None:
    one = host("shop", server_names=["shop.example"])
    two = host("shop-admin", port=one.port, server_names=["admin.example", "*.admin.example"])
    nginx.start()
    two.flip()
    assert one.ask(headers={"Host": "shop.example"}).text == '{"commit": "blue"}'
    assert one.ask(headers={"Host": "x.admin.example"}).text == '{"commit": "green"}'
    (one.root / "run/stopped").touch()
    assert one.ask(headers={"Host": "shop.example"}).status == 503
    assert one.ask(headers={"Host": "admin.example"}).status == 200


def test_any_name_reaches_the_app_although_another_site_is_the_default_server(
    host: Callable[..., Hosted], nginx: Nginx
) -> None:
    app = host(server_names=["_"])
    stock = f'server {{ listen {app.port} default_server; server_name _; return 200 "welcome"; }}'
    named = f'server {{ listen {app.port}; server_name named.example; return 200 "named"; }}'
    (nginx.folder / "sites-enabled/default").write_text(f"{stock}\n{named}\n")
    nginx.start()
    assert app.ask(headers={"Host": "203.0.113.1"}).text == '{"commit": "blue"}'
    assert app.ask(headers={"Host": "any.example"}).text == '{"commit": "blue"}'
    assert app.ask(headers={"Host": "named.example"}).text == "named"


def test_tls_is_served_and_http_leads_to_it(
    host: Callable[..., Hosted], nginx: Nginx, tmp_path: Path
) -> None:
    certificate, key, secure = tmp_path / "c.pem", tmp_path / "k.pem", free_port()
    issue(certificate, key)
    app = host(certificate=str(certificate), certificate_key=str(key), listen_tls=secure)
    nginx.start()
    there = ask(secure, "/", tls=True)
    assert (there.status, app.blue.seen[-1][2]["x-forwarded-proto"]) == (200, "https")
    led = app.ask("/cart?id=1", {"Host": "a.example"}, method="POST")
    assert (led.status, led.headers["location"]) == (308, f"https://a.example:{secure}/cart?id=1")
    assert app.ask(headers=PROBE).status == 200
    assert app.ask("/.well-known/acme-challenge/none").headers["location"].endswith("/none")
    (app.root / "run/maintenance").touch()
    assert ask(secure, "/", tls=True, method="POST").status == 503
    require(shutil.which("curl") is not None, "curl is not installed")
    assert "HTTP/2 503" in run(["curl", "-ski", "--http2", f"https://127.0.0.1:{secure}/"]).stdout


def test_nginx_says_which_text_it_has_loaded_to_the_server_only(app: Hosted) -> None:
    digest = texts.site(app.config, ipv6=False).digest
    assert app.ask("/.windlass/site").text == f"windlass site prompt-hub {digest}\n"
    assert app.ask("/.windlass/site", address=other_address()).status == 404


def test_visitors_over_ipv6_reach_the_app(host: Callable[..., Hosted], nginx: Nginx) -> None:
    require(Path("/proc/net/if_inet6").exists(), "this machine has no IPv6")
    app = host()
    Path(app.config.nginx.site).write_text(texts.site(app.config, ipv6=True).text)
    nginx.start()
    assert app.ask(address="::1").headers["x-windlass-upstream"] == f"127.0.0.1:{app.blue.port}"


def test_the_digest_changes_with_the_text(app: Hosted) -> None:
    other = app.config.model_copy(update={"nginx": app.config.nginx.model_copy(update={"max_body": "1m"})})
    assert isinstance(other, Config)
    assert texts.site(other, ipv6=False).digest != texts.site(app.config, ipv6=False).digest


def issue(certificate: Path, key: Path) -> None:
    subject = ["-subj", "/CN=a.example", "-days", "2", "-nodes"]
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    out: list[str | Path] = ["-keyout", key, "-out", certificate]
    run(["openssl", "req", "-x509", *new_key, *subject, *out]).check()


def other_address() -> str:
    """This machine under an address that is not loopback, as a visitor from elsewhere would be seen."""
    shown = run(["hostname", "-I"]).stdout.split()
    require(bool(shown), "this machine has no address but loopback")
    return shown[0]
