"""Which old servers can be taken over without a visitor noticing, and which are refused first."""

from __future__ import annotations

import pytest

from tests.unit import made
from tests.unit.facts.test_sites import CERTBOTS, sites
from windlass.config.model import Config
from windlass.errors import Refused
from windlass.facts.sites import Site
from windlass.facts.system import Listener, Pm2List, Pm2Process
from windlass.plan import Gate
from windlass.plans.setup import adoption
from windlass.plans.setup.adoption import Predecessor

PROCESS = Pm2Process("shop", "default", 7, 0, "online", 0, 0.0, "/root/shop")
LISTENER = Listener(3000, "0.0.0.0", "root", 7, "node")
PLAIN = "server { listen 80; server_name app.example; location / { proxy_pass http://127.0.0.1:3000; } }"
NAMED = {"server_names": ["app.example"]}


def find(*found: Site, **state: made.Any) -> Predecessor | None:
    pm2 = Pm2List(True, (PROCESS,))
    return adoption.find(made.config(), made.state(**state), pm2, [LISTENER], found)


def refusal(text: str, config: Config) -> str:
    old = Predecessor(PROCESS, LISTENER, sites(app=text))
    with pytest.raises(Refused) as refused:
        adoption.check(config, made.state(), old, "root@shop")
    return f"{refused.value.message} → {refused.value.hint}"


def test_what_runs_by_hand_is_found_and_named() -> None:
    old = find(*sites(app=PLAIN, other="server { return 200; }"))
    assert old is not None
    assert str(old) == (
        "shop of root's pm2 (online, in /root/shop), node of root on port 3000, nginx's /etc/nginx/app"
    )


def test_the_apps_own_slot_and_site_are_nobodys_predecessor() -> None:
    slots = {"blue": "0002-bbbbbbb", "green": ""}
    assert adoption.find(made.config(), made.state(slots=slots), Pm2List(True), [LISTENER], ()) is None
    own = Site("/etc/nginx/conf.d/shop.conf", sites(app=PLAIN)[0].servers, True)
    assert adoption.find(made.config(), made.state(), Pm2List(True), [], [own]) is None


def test_a_site_for_the_same_names_is_taken_over() -> None:
    old = Predecessor(PROCESS, LISTENER, sites(app=PLAIN))
    adoption.check(made.config(nginx=NAMED), made.state(), old, "root@shop")
    (step,) = adoption.move_aside(old)
    assert step.title == "move /etc/nginx/app to /etc/nginx/replaced"


def test_a_name_that_would_be_lost_is_refused() -> None:
    said = refusal(PLAIN, made.config(nginx={"server_names": ["other.example"]}))
    assert "add to [nginx] server_names: app.example" in said


def test_https_that_would_be_lost_is_refused_with_the_keys_that_keep_it() -> None:
    said = refusal(CERTBOTS, made.config())
    assert 'certificate = "/etc/letsencrypt/live/app.example/fullchain.pem"' in said


def test_https_that_the_config_has_too_is_taken_over() -> None:
    keys = {"certificate": "/etc/a.pem", "certificate_key": "/etc/a.key"}
    old = Predecessor(PROCESS, LISTENER, sites(app=CERTBOTS))
    adoption.check(made.config(nginx=keys), made.state(), old, "root@shop")


def test_a_port_that_would_be_shut_is_refused() -> None:
    assert "on port 8080" in refusal(PLAIN.replace("80;", "8080;", 1), made.config())


@pytest.mark.parametrize(
    "other",
    [
        "server { server_name other.example; location / { proxy_pass http://127.0.0.1:4000; } }",
        "server { server_name other.example; root /var/www; }",
    ],
)
def test_a_file_that_serves_others_too_is_not_moved(other: str) -> None:
    assert "other things too (other.example)" in refusal(PLAIN + other, made.config())


def test_an_app_on_another_port_than_blues_cannot_be_taken_over() -> None:
    old = Predecessor(PROCESS, None, ())
    with pytest.raises(Refused, match="nobody listens on port 3000"):
        adoption.check(made.config(), made.state(), old, "root@shop")


def test_the_old_process_goes_only_once_a_release_is_live_elsewhere() -> None:
    config, old = made.config(), Predecessor(PROCESS, LISTENER, ())
    on_green = made.state(live="0001-aaaaaaa", slot="green", slots={"blue": "", "green": "0001-aaaaaaa"})
    assert adoption.clear_away(config, made.state(), old, "/usr/bin") == ()
    step, saved = adoption.clear_away(config, on_green, old, "/usr/bin")
    assert step.title == "remove shop from root's pm2"
    assert isinstance(saved.action, Gate)
    assert saved.action.arguments["forget"] == "shop"


def test_what_the_old_site_did_beyond_proxying_is_told() -> None:
    text = PLAIN.replace("location /", "auth_basic secret; location /")
    assert "auth_basic" in adoption.lost(Predecessor(PROCESS, LISTENER, sites(app=text)))
    assert (
        adoption.lost(Predecessor(PROCESS, LISTENER, sites(app=CERTBOTS)))
        == "/etc/nginx/app also has add_header, and the new site has not"
    )
