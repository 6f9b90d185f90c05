"""Strikes commands at random moments, on hosts of its own, and says what became of it.

python -m tests.vps.torture [--rounds N] [--seed N] [--hosts N] [--round N] [--mishap NAME]
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

from tests.apps.history import build_tiny
from tests.support.cache import cache_home
from tests.support.operator import Operator
from tests.vps.apps import tiny
from tests.vps.hosts import images
from tests.vps.hosts.factory import VpsFactory
from tests.vps.hosts.needs import lacks
from tests.vps.hosts.network import Slot
from tests.vps.torture.hosts import Hosts
from tests.vps.torture.rounds import draw
from tests.vps.torture.strikes import MISHAPS
from tests.vps.torture.table import table
from tests.vps.torture.torture import Torture


def main() -> int:
    """Go through the rounds and print the table; 1 where one of them failed."""
    options = _options()
    lack = lacks()
    if lack:
        _say(lack)
        return 2
    seed = random.SystemRandom().randrange(10_000) if options.seed is None else options.seed
    numbers = [options.round] if options.round else range(1, options.rounds + 1)
    _say(f"seed {seed}, {options.hosts} hosts, mishaps: {', '.join(options.mishap or MISHAPS)}")
    rounds = [draw(seed, number, options.hosts, options.mishap or tuple(MISHAPS)) for number in numbers]
    with tempfile.TemporaryDirectory(prefix="windlass-torture-") as folder:
        slot = Slot(cache_home() / "disks")
        try:
            torture = Torture(_hosts(slot, Path(folder), options.hosts), _say)
            torture.run(rounds)
        finally:
            slot.close()
    _say(table(torture.accounts, torture.failures))
    _say(f"seed {seed}: {len(torture.failures)} of {len(rounds)} rounds failed")
    for failure in torture.failures:
        _say(failure.text.partition("\n")[0])
    return int(bool(torture.failures))


def _hosts(slot: Slot, folder: Path, count: int) -> Hosts:
    operator = Operator(folder)
    commits = build_tiny(folder / "tiny.git")
    factory = VpsFactory(slot, images.base(slot), operator.public_key)
    ready = tiny.make_ready(slot, factory.base, (folder / "tiny.git", commits), operator)
    return Hosts(factory, tiny.make_deployed(slot, ready, commits, operator), operator, commits, count)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.vps.torture", description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=200, metavar="N", help="how many (default: 200)")
    parser.add_argument(
        "--seed", type=int, metavar="N", help="of all that is random (default: another each time)"
    )
    parser.add_argument("--hosts", type=int, default=1, metavar="N", help="how many (default: 1)")
    parser.add_argument(
        "--round", type=int, metavar="N", help="this one alone, of this seed, hosts and mishaps"
    )
    parser.add_argument("--mishap", action="append", choices=MISHAPS, help="these alone (default: all)")
    return parser.parse_args()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
