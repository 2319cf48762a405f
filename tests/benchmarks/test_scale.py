"""docs/scale.md shows what the planner says."""

from __future__ import annotations

import json
import re

import pytest

from benchmarks import scale
from ops.__main__ import main
from ops.plan.show import amount

TEXT = scale.PAGE.read_text()


@pytest.mark.parametrize("name", scale.tables())
def test_each_table_is_what_is_computed_now(name: str) -> None:
    shown = f"<!-- {name} -->\n{scale.tables()[name]}\n<!-- /{name} -->"
    assert shown in TEXT, "run python -m benchmarks.scale"


def test_the_commands_of_the_page_print_the_plans_of_its_columns(capsys: pytest.CaptureFixture[str]) -> None:
    commands = re.findall(r"(?m)^\| (\S+/s[^|]*) \| `python -m ops (plan [^`]+)` \|$", TEXT)
    assert [name for name, _ in commands] == [site.name for site in scale.sites()]
    rows = {cells[0]: cells[1:] for cells in _cells(scale.tables()["plan"])}
    for column, (_, command) in enumerate(commands):
        assert main([*command.split(), "--json"]) == 0
        plan = json.loads(capsys.readouterr().out)
        shown = {name: cells[column] for name, cells in rows.items()}
        assert shown["uploads a second"] == amount(plan["load"]["uploads"])
        assert shown["`MAX_INSTANCES`"] == amount(plan["instances"]["most"])
        assert shown["shards of the Logstore"] == amount(plan["shards"]["number"])
        assert shown["an outage of 1 h: objects in OSS"] == amount(plan["outage"]["objects"])
        assert shown["`REPLAY_PARTS`"] == amount(plan["outage"]["parts"])


def test_what_has_to_be_raised_is_bold_and_what_cannot_be_has_a_mark() -> None:
    rows = {cells[0]: cells[1:] for cells in _cells(scale.tables()["quotas"])}
    writes = next(cells for name, cells in rows.items() if name.startswith("SLS writes"))
    assert writes == ["6,000", "6,000", "600,000", "**6,000,000 !**"]


def test_a_bill_adds_up_to_its_total() -> None:
    rows = {cells[0]: cells[1:] for cells in _cells(scale.tables()["bill"])}
    items = [cells for name, cells in rows.items() if re.match("FC|SLS|Internet", name)]
    for column, total in enumerate(rows["**total**"]):
        added = sum(_number(cells[column]) for cells in items)
        assert added == pytest.approx(_number(total), rel=1e-3)


def _cells(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()]


def _number(cell: str) -> float:
    return float(cell.strip("*").replace(",", ""))
