"""Measures how fast Windlass is, beside the runbook and ssh themselves, and writes it down.

python -m tests.bench [--only ROW] [--rounds N]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.bench import results
from tests.bench.figures import Row
from tests.bench.rows import ROWS
from tests.bench.server import server
from tests.vps.hosts.needs import lacks

RESULTS = Path(__file__).with_name("results.md")


def main() -> int:
    """Measure, print, and where every row was measured write `results.md`; 1 where a figure was not reached."""
    options = _options()
    lack = lacks()
    if lack:
        print(lack, file=sys.stderr)
        return 2
    rows: list[Row] = []
    with server(_say) as measured:
        for name in options.only or ROWS:
            _say(name)
            rows += ROWS[name](measured, options.rounds, _say)
        about = results.machine(measured.vps)
    results.show(rows)
    if not options.only:
        RESULTS.write_text(results.markdown(rows, about, options.rounds))
        _say(
            f"written to {RESULTS.relative_to(Path.cwd())}"
            if RESULTS.is_relative_to(Path.cwd())
            else str(RESULTS)
        )
    return int(any(row.reached is False for row in rows))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="How fast Windlass is.")
    parser.add_argument(
        "--only", action="append", choices=ROWS, metavar="ROW", help=f"measure {', '.join(ROWS)}"
    )
    parser.add_argument(
        "--rounds", type=int, default=3, metavar="N", help="how often each side is run (default: 3)"
    )
    return parser.parse_args()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
