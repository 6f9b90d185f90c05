"""What docs/python.md shows, run as it stands there but for the app and the host."""

from __future__ import annotations

import re
import sys

from tests.support.operator import CHECKOUT
from tests.support.processes import run
from tests.vps.apps.tiny import Deployed


def test_the_example_deploys_and_hands_its_events_to_a_function(deployed: Deployed) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (CHECKOUT / "docs/python.md").read_text(), re.DOTALL)
    operator, host = deployed.operator, deployed.host
    third = deployed.commits["third"]
    text = example.replace("shop", "tiny").replace("deploy@203.0.113.5", host).replace('"main"', repr(third))
    assert text.count(host) == text.count(third) == 1
    script = operator.config_folder.parent / "deploy.py"
    script.write_text(text)
    environment = {**operator.environment, "PYTHONPATH": str(CHECKOUT)}
    done = run([sys.executable, script], env=environment, cwd=operator.config_folder.parent, timeout=300)
    done.check()
    assert re.fullmatch(rf"{host}: 0003-{third[:7]} is live after \d+ s\n", done.stdout)
    assert deployed.health()["commit"] == third

    (operator.config_folder / "tiny.toml").unlink()
    refused = run([sys.executable, script], env=environment, cwd=operator.config_folder.parent, timeout=60)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.splitlines()[0].startswith("no app: config holds no .toml file")
