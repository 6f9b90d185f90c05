"""An attacker with a shell as the app's user, or as any other, while root works on the host."""

from __future__ import annotations

from tests.support.processes import wait_until
from tests.vps.apps.tiny import ROOT, Deployed

OWNED = "/etc/owned-by-the-app"
PROGRAM = f"#!/bin/bash\nif [ $(id -u) = 0 ]; then touch {OWNED}; fi\necho v22.99.0\n"
HOME = "/home/deploy/.nvm/versions/node/v22.99.0/bin"
SUICIDE = "#!/bin/bash\np=$PPID; for _ in 1 2 3; do q=$(ps -o ppid= -p $p); kill -9 $p; p=$q; done\n"


def plant_a_node(app: Deployed, **programs: str) -> None:
    """A version manager's folder of the app user's with their own programs, and no pm2 for everybody."""
    for name, text in {"node": PROGRAM, "npm": PROGRAM, **programs}.items():
        app.vps.write(f"{HOME}/{name}", text, owner="deploy", mode=0o755)
    app.vps.write("/home/deploy/.nvm/alias/default", "22.99.0\n", owner="deploy")
    app.vps.run("rm -f /usr/local/bin/pm2")


def test_setup_runs_nothing_of_the_app_users_as_root(deployed: Deployed) -> None:
    plant_a_node(deployed)
    deployed.fab("setup", user="root")
    assert not deployed.vps.exists(OWNED)
    plant_a_node(deployed, sed=SUICIDE)
    deployed.fab("setup", user="root")
    assert not deployed.vps.exists(OWNED)


def test_a_planted_link_leads_root_nowhere(deployed: Deployed) -> None:
    vps = deployed.vps
    vps.write("/root/secret", "TOP=secret-of-root\n", mode=0o600)
    vps.run(
        f"ln -sf /root/secret {ROOT}/shared/.env; ln -s {OWNED} {ROOT}/shared/.env.setup\n"
        f"ln -s {OWNED} {ROOT}/run/maintenance.html.next",
        user="deploy",
    )
    deployed.fab("nginx.install", user="root")
    deployed.fab("setup", "--database", user="root")
    assert not vps.exists(OWNED)
    assert vps.run("stat -c '%U %a' /root/secret").stdout == "root 600\n"
    assert vps.run(f"grep -rls secret-of-root {ROOT}", check=False).stdout == ""


def test_an_app_folder_swapped_for_a_link_does_not_keep_root(deployed: Deployed) -> None:
    vps = deployed.vps
    vps.run("install -d /root/bait/run; touch /root/bait/ledger.jsonl")
    vps.write("/home/deploy/pm2", PROGRAM, owner="deploy", mode=0o755)
    vps.run("ln -s /etc /home/deploy/app", user="deploy")
    deployed.configure(app={"name": "tiny", "repository": "/srv/git/tiny.git", "root": "/home/deploy/app"})
    deployed.fab("status", user="root")
    refused = deployed.fab("deploy", "--revision", deployed.commits["change"], user="root")
    assert "belongs to deploy, and you are root" in refused.output
    assert not vps.exists(OWNED)
    assert not vps.exists("/etc/releases")


def test_nobody_else_can_hold_the_lock_and_a_stop_does_not_wait_for_them(deployed: Deployed) -> None:
    vps = deployed.vps
    assert vps.run(f"stat -c %a {ROOT}/lock").stdout == "600\n"
    kept_out = vps.run(f"runuser -u nobody -- flock --nonblock {ROOT}/lock true", check=False)
    assert kept_out.exit_code != 0
    # One who opened it while an older Windlass had left it open to all.
    vps.run(f"chmod 644 {ROOT}/lock; systemd-run --quiet --uid=nobody flock {ROOT}/lock sleep 600")
    wait_until(
        lambda: vps.run(f"flock --nonblock {ROOT}/lock true", check=False).exit_code != 0, 10, "not held"
    )
    stopped = deployed.fab("emergency-stop", "--wait", "1")
    assert stopped.exit_code == 4
    assert "no run of Windlass by process" in stopped.output
    assert f"flock {ROOT}/lock sleep 600) holds the lock" in stopped.output
    assert vps.exists(f"{ROOT}/run/stopped")
