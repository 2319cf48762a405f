"""A full run leaves every page that shows its figures, or what is computed from them, in agreement."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import outage, report, scale
from benchmarks.__main__ import publish
from benchmarks.figures import ROWS
from benchmarks.rows import Part, Row
from ops.plan import figures
from ops.plan.compute import prices
from ops.plan.outage import Measured


@pytest.fixture
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for module in (report, outage, scale):
        copy = tmp_path / module.PAGE.name
        copy.write_text(module.PAGE.read_text())
        monkeypatch.setattr(module, "PAGE", copy)
    monkeypatch.setattr(figures, "MEASURED", tmp_path / "measured.json")
    return tmp_path


def test_it_does(pages: Path) -> None:
    before = {path.name: path.read_text() for path in pages.iterdir()}
    rows: dict[str, list[Row]] = {}
    for part, row in ROWS.values():
        rows.setdefault(part, []).append(Row(row, "µs", (1234.5,)))

    publish(
        {"machine": "a machine"}, [Part(name, "", tuple(found)) for name, found in rows.items()], "3.12.9"
    )

    assert figures.read().custom_cpu == 1234.5
    assert "<!-- machine -->\na machine\n" in report.PAGE.read_text()
    assert outage.tables(Measured.usual(), prices()) in outage.PAGE.read_text()
    assert all(table in scale.PAGE.read_text() for table in scale.tables().values())
    assert all((pages / name).read_text() != text for name, text in before.items())
