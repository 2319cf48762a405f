"""`python -m tests.soak`: everything fails at random for minutes, and nothing answered 200 may be lost.

Ends with 1 where something was, or where any other invariant is violated. What is sent and what is broken
comes from the seed, so a run can be had again; which requests meet which faults also depends on the machine.
"""

# ruff: noqa: T201 - it speaks to whoever runs it

from __future__ import annotations

import argparse
import random
import sys

from tests.soak.cloud import BUILTIN, CUSTOM
from tests.soak.outage import AWAY, Drill, Size
from tests.soak.plan import Scale
from tests.soak.report import report, violations
from tests.soak.slow import LONGEST, Slow
from tests.soak.slow import RUNTIMES as SLOW_RUNTIMES
from tests.soak.storm import Storm
from tests.soak.tally import Tally

RUNTIMES = {runtime.name: runtime for runtime in (BUILTIN, CUSTOM)}
LIFETIME = 60.0  # seconds of an instance


def main() -> int:
    """Run it over each runtime in turn."""
    options = _options()
    if options.outage:
        drilled = Drill(_size(options)).run()
        print(drilled)
        return bool(drilled.violations)
    names: list[str] = options.runtime or list(RUNTIMES)
    if options.slow:
        return _slow(options, names)
    scale = Scale(*(-(-total // len(names)) for total in (options.logs, options.faults, options.kills)))
    print(f"seed {options.seed}: {scale.logs} logs, {scale.faults} faults and {scale.kills} kills a runtime")
    tallies: list[Tally] = []
    for name in names:
        print(f"{name} …", flush=True)
        seconds = options.minutes * 60 / len(names)
        storm = Storm(options.seed, RUNTIMES[name], scale, seconds=seconds, lifetime=LIFETIME)
        tallies.append(storm.run())
    print(report(options.seed, tallies))
    return bool(violations(tallies))


def _slow(options: argparse.Namespace, names: list[str]) -> int:
    logs = -(-options.logs // len(names))
    violated = 0
    for name in names:
        slowed = Slow(SLOW_RUNTIMES[name], options.seed, logs, options.longest).run()
        print(slowed, flush=True)
        violated += len(slowed.violations)
    return bool(violated)


def _size(options: argparse.Namespace) -> Size:
    return Size(
        batches=options.batches,
        parts=options.parts,
        clients=options.clients,
        quota=options.quota or None,
        away=options.away,
        seconds=options.seconds,
        kill=options.kill,
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="(one at random)")
    parser.add_argument("--logs", type=int, default=20_000, help="to be answered 200 (20000)")
    parser.add_argument("--faults", type=int, default=200, help="at least (200)")
    parser.add_argument("--kills", type=int, default=10, help="at least (10)")
    parser.add_argument("--minutes", type=float, default=20, help="the storms take at most (20)")
    parser.add_argument("--runtime", choices=RUNTIMES, action="append", help="only this one")
    usual = Size()
    parser.add_argument("--slow", action="store_true", help="nothing fails, and SLS answers late (slow.py)")
    parser.add_argument("--longest", type=float, default=LONGEST, help="seconds, then (%(default)s)")
    parser.add_argument("--outage", action="store_true", help="the drill of an outage instead (outage.py)")
    parser.add_argument("--batches", type=int, default=usual.batches, help="that are spooled (%(default)s)")
    parser.add_argument("--parts", type=int, default=usual.parts, help="of the spool (%(default)s)")
    parser.add_argument("--clients", type=int, default=usual.clients, help="at once (%(default)s)")
    parser.add_argument(
        "--quota", type=int, default=usual.quota, help="writes a second of a Logstore; 0: none (%(default)s)"
    )
    parser.add_argument("--away", choices=AWAY, default=usual.away, help="how SLS is (%(default)s)")
    parser.add_argument("--no-kill", dest="kill", action="store_false", help="kill no instance of replay")
    parser.add_argument("--seconds", type=float, default=usual.seconds, help="the outage lasts at most")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
