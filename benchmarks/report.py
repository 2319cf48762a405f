"""The measurements as Markdown tables, printed and written into docs/performance.md."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.compression import Compressed
from benchmarks.cost import Cost
from benchmarks.processes import ROOT
from benchmarks.profiles import Profile
from benchmarks.rows import Part, Row
from benchmarks.targets import Target

PAGE = ROOT / "docs" / "performance.md"


def number(value: float) -> str:
    """Return a number with three significant digits and thousands separators."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def with_unit(value: float, unit: str) -> str:
    """Return a number and its unit."""
    return f"{number(value)} {unit}".strip()


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def part_table(part: Part) -> str:
    """Return one part: its command, and a line for each row."""
    lines = [
        [row.name, with_unit(row.median, row.unit), _spread(row), _ratios(part, row)] for row in part.rows
    ]
    command = f"{part.title}. `python -m benchmarks {part.name}`; {_turns(part)}."
    return f"{command}\n\n{table(['', 'median', 'quartiles', 'in the same run'], lines)}"


def targets_table(targets: Sequence[Target]) -> str:
    """Return the targets with the measured values."""
    lines = [
        [
            target.what,
            f"{'≥' if target.at_least else '≤'} {with_unit(target.bound, target.unit)}",
            with_unit(target.value, target.unit),
            "yes" if target.met else "**no**",
        ]
        for target in targets
    ]
    return table(["", "target", "measured", "met"], lines)


def profile_tables(profiles: Sequence[Profile]) -> str:
    """Return each profile, the most expensive entries first."""
    tables = []
    for profile in profiles:
        lines = [[f"`{name}`", f"{100 * share:.1f} %"] for name, share in profile.entries]
        tables.append(table([profile.title, "share"], lines))
    return "\n\n".join(tables)


def compression_table(found: Sequence[Compressed]) -> str:
    """Return the savings and their cost."""
    lines = [
        [
            f"{one.size}, {one.kind}",
            f"{one.before:,}",
            f"{one.after:,} ({100 * one.after / one.before:.0f} %)",
            f"{with_unit(one.cpu, 'µs')}",
            f"{number(one.break_even)} Mbit/s",
        ]
        for one in found
    ]
    return table(["body", "bytes", "compressed", "CPU", "takes longer on a link over"], lines)


def cost_table(costs: Sequence[Cost], cheaper_from: float | None) -> str:
    """Return USD per million events, and the rate from which the custom runtime is cheaper."""
    lines = [
        [
            f"{cost.rate:,.0f}",
            f"{cost.events}",
            f"{cost.built_in:.3f}",
            f"{cost.custom:.3f}",
            f"{cost.instances}",
            f"{cost.calls:.3f}",
        ]
        for cost in costs
    ]
    head = [
        "events a second",
        "a request",
        "built-in",
        "custom",
        "custom's instances",
        "calls' share of either",
    ]
    since = f"from {cheaper_from:,.0f} requests a second on" if cheaper_from else "at no rate"
    return f"{table(head, lines)}\n\nThe custom runtime costs less than the built-in one {since}."


def write(sections: Mapping[str, str], page: Path | None = None) -> None:
    """Write each section between its markers in a page (default: PAGE). Raises ValueError without markers."""
    page = page or PAGE
    text = page.read_text()
    for name, content in sections.items():
        marked = re.compile(rf"(<!-- {name} -->\n).*?(\n<!-- /{name} -->)", re.DOTALL)
        if not marked.search(text):
            raise ValueError(f"{page.name} has no markers for {name}")
        text = marked.sub(lambda found, put=content: f"{found[1]}{put}{found[2]}", text)  # type: ignore[misc]
    page.write_text(text)


def _spread(row: Row) -> str:
    if len(row.values) == 1:
        return ""
    return "–".join(number(value) for value in row.quartiles)


def _ratios(part: Part, row: Row) -> str:
    ratios = [(part.ratio(row.name, other), other) for other in row.against]
    return "; ".join(f"{number(ratio)} × {other}" for ratio, other in ratios if ratio is not None)


def _turns(part: Part) -> str:
    turns = max(len(row.values) for row in part.rows)
    return f"{turns} turns" if turns > 1 else "one turn"
