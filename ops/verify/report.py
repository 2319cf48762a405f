"""The results, as a table for people or as JSON for machines."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Sequence

from ops.verify.check import Mark, Result
from ops.verify.target import Target

_WIDTH = 100


def table(results: Sequence[Result]) -> str:
    """Return one line per check; below each ✗ the requirement and the remedy."""
    width = max(len(result.check.name) for result in results)
    lines = []
    for result in results:
        lines.append(f"{result.mark.value} {result.check.name:<{width}}  {result.detail}")
        if result.mark is Mark.FAILED:
            lines += _indented(f"expected: {result.check.about}") + _indented(f"to do: {result.check.advice}")
    return "\n".join([*lines, "", _totals(results)])


def as_json(target: Target, results: Sequence[Result]) -> str:
    """Return the same as one JSON object; `advice` only for failed checks."""
    checks = [
        {
            "name": result.check.name,
            "result": result.mark.name.lower(),
            "detail": result.detail,
            "about": result.check.about,
            **({"advice": result.check.advice} if result.mark is Mark.FAILED else {}),
        }
        for result in results
    ]
    served = {
        "track": target.track,
        "token": target.token,
        "project": target.project,
        "logstore": target.logstore,
    }
    content = {"ok": all_well(results), "complete": all_checked(results), **served, "checks": checks}
    return json.dumps(content, ensure_ascii=False, indent=2)


def all_well(results: Sequence[Result]) -> bool:
    """Whether no check failed; skipped ones do not count."""
    return not any(result.mark is Mark.FAILED for result in results)


def all_checked(results: Sequence[Result]) -> bool:
    """Whether no check was skipped because of a missing option or key."""
    return not any(result.mark is Mark.UNCHECKED for result in results)


def _indented(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="    ", subsequent_indent="      ")


def _totals(results: Sequence[Result]) -> str:
    counts = Counter(result.mark for result in results)
    done = [mark for mark in Mark if mark is not Mark.UNCHECKED]
    said = ", ".join(f"{counts[mark]} {mark.name.lower()}" for mark in done)
    if left := counts[Mark.UNCHECKED]:
        said += f"; {left} of {len(results)} could not be checked: see the lines with {Mark.UNCHECKED.value}"
    return said
