"""One nginx with one app's site, both slots up: what the tests of the template share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.nginx import Answer, App, Nginx, ask
from tests.support.ports import free_port
from windlass.config.model import Config
from windlass.plans import texts

PROBE = {"X-Windlass-Probe": "1"}


@dataclass
class Hosted:
    """An app's folders, its two slots, and the port that its visitors come to."""

    config: Config
    root: Path
    blue: App
    green: App

    @property
    def port(self) -> int:
        return self.config.nginx.listen

    @property
    def log(self) -> Path:
        return Path(self.config.nginx.access_log)

    def ask(self, path: str = "/api/health", headers: dict[str, str] | None = None, **options: Any) -> Answer:
        return ask(self.port, path, headers, **options)

    def flip(self) -> None:
        """One rename, as the cutover does it."""
        green, off = self.root / "run/green", self.root / "run/green.off"
        if green.exists():
            green.rename(off)
        else:
            off.rename(green)


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Nginx]:
    server = Nginx(tmp_path / "nginx")
    yield server
    server.stop()


@pytest.fixture
def host(tmp_path: Path, nginx: Nginx) -> Iterator[Callable[..., Hosted]]:
    """Make an app with its site installed, before nginx starts."""
    apps: list[App] = []

    def make(name: str = "prompt-hub", port: int = 0, **settings: object) -> Hosted:
        root = tmp_path / name
        for folder in ("run", "assets"):
            (root / folder).mkdir(parents=True)
        (root / "run/green.off").touch()
        blue, green = App("blue"), App("green")
        apps.extend((blue, green))
        config = configured(
            name, root, nginx, (blue.port, green.port), {"listen": port or free_port()} | settings
        )
        Path(config.nginx.site).write_text(texts.site(config, ipv6=False).text)
        (root / "run/maintenance.html").write_text(texts.maintenance_page(config))
        return Hosted(config, root, blue, green)

    yield make
    for app in apps:
        app.stop()


@pytest.fixture
def app(host: Callable[..., Hosted], nginx: Nginx) -> Hosted:
    """An app on the default settings, served."""
    hosted = host()
    nginx.start()
    return hosted


def configured(
    name: str, root: Path, nginx: Nginx, ports: tuple[int, int], settings: dict[str, object]
) -> Config:
    return Config.model_validate(
        {
            "app": {"name": name, "repository": "git@example.com:x.git", "root": str(root)},
            "web": {"ports": list(ports)},
            "nginx": {
                "site": str(nginx.folder / f"conf.d/{name}.conf"),
                "access_log": str(nginx.folder / f"{name}.access.log"),
                **settings,
            },
        }
    )
