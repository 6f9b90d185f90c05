"""What the test hosts start from: a Debian with what a prepared server has, built once and cached."""

from __future__ import annotations

import inspect
import shlex
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

from tests.support import node
from tests.support.cache import built, digest, digest_of_folders
from tests.support.operator import CHECKOUT
from tests.support.processes import run
from tests.vps.hosts.machine import Image, Vps
from tests.vps.hosts.network import Slot

SUITE = "bookworm"
A_RUN = timedelta(hours=3)
"""An image that holds Windlass's own work is of no use once the work changed."""
PACKAGES = (
    "systemd systemd-sysv dbus libpam-systemd openssh-server git nginx-light postgresql postgresql-client "
    "python3 python3-psutil rsync iproute2 procps sudo ca-certificates curl libfaketime"
)

DATABASE = "prompthub"
DATABASE_USER = "prompthub"
DATABASE_PASSWORD = """p@ss w$rd'"&?"""
DATABASE_URL = f"postgresql://{DATABASE_USER}:{quote(DATABASE_PASSWORD, safe='')}@127.0.0.1:5432/{DATABASE}"

PROVISION = r"""
cd /
useradd --uid 1000 --create-home --shell /bin/bash deploy
install -d -m 700 -o deploy -g deploy /home/deploy/.ssh
install -d -m 755 -o deploy -g deploy /srv/prompthub /srv/git
echo "NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt" >> /etc/environment

npm install --global --no-fund pm2@$PM2_VERSION
pm2 startup systemd -u deploy --hp /home/deploy
runuser -u deploy -- env HOME=/home/deploy pm2 save --force
runuser -u deploy -- env HOME=/home/deploy pm2 kill
systemctl start pm2-deploy
rm -rf /root/.pm2 /root/.npm

# Nothing that fetches or works by the clock in the middle of a test.
systemctl mask --now apt-daily{,-upgrade}.timer e2scrub_all.timer fstrim.timer dpkg-db-backup.timer

cat > /tmp/roles.sql <<'SQL'
CREATE ROLE :"name" LOGIN CREATEDB PASSWORD :'password';
CREATE DATABASE :"database" OWNER :"name";
SQL
chmod 644 /tmp/roles.sql
runuser -u postgres -- psql -v ON_ERROR_STOP=1 -v name="$DATABASE_USER" -v password="$DATABASE_PASSWORD" \
    -v database="$DATABASE" -f /tmp/roles.sql

# Debian's script sleeps for two seconds of each boot.
version=$(ls /etc/postgresql)
mkdir /etc/systemd/system/postgresql@.service.d
cat > /etc/systemd/system/postgresql@.service.d/quick.conf <<UNIT
[Service]
ExecStart=
ExecStart=/usr/sbin/runuser -u postgres -- /usr/lib/postgresql/$version/bin/pg_ctl start --wait --silent \
    -D /var/lib/postgresql/%I -l /var/log/postgresql/postgresql-%i.log \
    -o "-c config_file=/etc/postgresql/%I/postgresql.conf -c external_pid_file=/run/postgresql/%i.pid"
UNIT
"""


def base(slot: Slot) -> Image:
    """Debian with sshd, nginx, PostgreSQL, node, npm and pm2, and a user deploy; built if need be."""
    root_key = digest(SUITE, PACKAGES)
    root = built("root", root_key, _debootstrap)
    settings = node.npm_settings()
    node_version = run([node.node_home() / "bin/node", "--version"]).check().stdout
    trusted = node.CA_BUNDLE.read_bytes() if node.CA_BUNDLE.exists() else b""
    variables = {
        "PM2_VERSION": node.PM2_VERSION,
        "DATABASE": DATABASE,
        "DATABASE_USER": DATABASE_USER,
        "DATABASE_PASSWORD": DATABASE_PASSWORD,
    }
    script = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items()) + PROVISION
    key = digest(root_key, script, inspect.getsource(_add_software), settings, trusted, node_version)

    def provision(host: Vps) -> None:
        _add_software(host, settings)
        host.boot()
        host.run(script, timeout=300)

    return layered(slot, Image((root,)), "provision", key, provision)


def layered(
    slot: Slot,
    image: Image,
    name: str,
    key: str,
    prepare: Callable[[Vps], None],
    *,
    unused: timedelta = timedelta(days=2),
) -> Image:
    """The image with what `prepare` does to a host (given to it off) as a layer on top; see `built`."""

    def build(folder: Path) -> None:
        host = Vps(slot, image)
        try:
            prepare(host)
            if host.running:
                host.poweroff()
            host.freeze(folder)
        finally:
            host.destroy()

    return image.with_layer(built(name, key, build, unused=unused))


def made_by_windlass(
    slot: Slot, image: Image, name: str, prepare: Callable[[Vps], None], *parts: str
) -> Image:
    """Like `layered`, where `prepare` has Windlass work on the host; the workers of a run share it.

    `parts` is what else it depends on, the image and Windlass itself aside.
    """
    product = digest_of_folders(CHECKOUT, "windlass", "tasks", "templates")
    return layered(slot, image, name, digest(*map(str, image.layers), product, *parts), prepare, unused=A_RUN)


def with_npm_cache(slot: Slot, image: Image, manifests: dict[str, str]) -> Image:
    """The image with what `npm ci` fetches for these files in the npm cache of deploy.

    `manifests`: the texts of package.json and package-lock.json, by name. Kept between runs.
    """
    key = digest(*map(str, image.layers), *(text for item in sorted(manifests.items()) for text in item))

    def prepare(host: Vps) -> None:
        for name, text in manifests.items():
            host.write(f"/home/deploy/warm/{name}", text, owner="deploy")
        host.boot()
        host.run("cd warm && npm ci --ignore-scripts && cd .. && rm -rf warm", user="deploy", timeout=600)

    return layered(slot, image, "npm", key, prepare)


def _debootstrap(folder: Path) -> None:
    packages = ",".join(PACKAGES.split())
    run(["mmdebstrap", "--variant=minbase", f"--include={packages}", SUITE, folder], timeout=900).check()


def _add_software(host: Vps, npm_settings: str) -> None:
    """Node and npm where a shell that is not interactive finds them, and this machine's trust."""
    shutil.copytree(node.node_home(), host.path("/usr/local"), symlinks=True, dirs_exist_ok=True)
    host.write("/usr/local/etc/npmrc", npm_settings)
    if node.CA_BUNDLE.exists():
        shutil.copy(node.CA_BUNDLE, host.path("/etc/ssl/certs/ca-certificates.crt"))
