"""What a soak came to, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.soak.tally import Tally


def report(seed: int, tallies: Sequence[Tally]) -> str:
    """Return the report of all runs."""
    lines = [f"seed {seed}"]
    for tally in tallies:
        lines += _of(tally)
    lines += ["", *_sum(tallies)]
    return "\n".join(lines)


def violations(tallies: Sequence[Tally]) -> list[str]:
    """Return every violation."""
    return [violation for tally in tallies for violation in tally.violations]


def _of(tally: Tally) -> list[str]:
    values = {
        "requests": f"{tally.requests} with {tally.sent} logs, {tally.left} not waited for",
        "answered 200": f"{len(tally.confirmed)} logs, {tally.spooled} of them spooled",
        "in SLS": f"{tally.stored} logs, {tally.duplicates} of them duplicates",
        "lost": str(tally.lost),
        "tokens": f"{tally.tokens} handed out, STS asked {tally.issues} times",
        "answers": _counted(tally.answers),
        "slowest": f"{tally.slowest:.1f} s",
        "faults": f"{tally.faults.total()} in {tally.outages} outages and between them",
        **{f"  {service}": _counted(kinds) for service, kinds in sorted(_by_service(tally.faults).items())},
        "kills": _counted(tally.kills) or "none",
        "strangers": f"{tally.strangers.total()} ({_counted(tally.strangers)})",
        "replay": f"{tally.replayed} objects in {tally.ticks.total()} ticks ({_counted(tally.ticks)})",
        "memory": f"{tally.memory} (MB, the most in the first third and in the last)",
        "took": f"{tally.seconds:.0f} s",
    }
    return ["", tally.runtime, *(f"  {name:<13} {value}" for name, value in values.items())]


def _sum(tallies: Sequence[Tally]) -> list[str]:
    confirmed = sum(len(tally.confirmed) for tally in tallies)
    lost, duplicates = sum(tally.lost for tally in tallies), sum(tally.duplicates for tally in tallies)
    faults = sum(tally.faults.total() for tally in tallies)
    kills = sum(tally.kills.total() for tally in tallies)
    found = violations(tallies)
    return [
        f"{lost} lost of {confirmed} answered 200; {duplicates} duplicates, {faults} faults, {kills} kills",
        *(f"VIOLATED {violation}" for violation in found),
        f"{len(found)} violations" if found else "no violation",
    ]


def _by_service(faults: Counter[str]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for name, count in faults.items():
        service, _, kind = name.partition(": ")
        found.setdefault(service, Counter())[kind] = count
    return found


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counter.items()))
