"""What happened in one run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

_SHOWN = 5  # violations of one kind that are shown, and the number of the others


@dataclass
class Tally:
    """What happened in one run over one runtime."""

    runtime: str
    requests: int = 0
    sent: int = 0  # logs
    left: int = 0  # clients that did not wait
    confirmed: set[str] = field(default_factory=set)  # ids of the logs answered 200
    spooled: int = 0  # logs, of those
    tokens: int = 0  # handed out
    issues: int = 0  # requests to STS
    answers: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0  # seconds
    faults: Counter[str] = field(default_factory=Counter)
    outages: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    strangers: Counter[str] = field(default_factory=Counter)  # by what they did and what came of it
    ticks: Counter[str] = field(default_factory=Counter)  # of replay, by how they ended
    replayed: int = 0  # objects, by what the ticks said
    stored: int = 0  # logs
    lost: int = 0
    duplicates: int = 0
    memory: str = ""
    seconds: float = 0.0
    violated: dict[str, list[str]] = field(default_factory=dict)  # what, by kind

    def violate(self, kind: str, *what: str) -> None:
        """Note violations of one kind."""
        self.violated.setdefault(kind, []).extend(what)

    @property
    def violations(self) -> list[str]:
        """The violations in words; of many of a kind the first few."""
        found = []
        for kind, all_of_it in self.violated.items():
            found += [f"{self.runtime}: {kind}: {one}" for one in all_of_it[:_SHOWN]]
            if len(all_of_it) > _SHOWN:
                found.append(f"{self.runtime}: {kind}: {len(all_of_it) - _SHOWN} more")
        return found
