"""The figures are those of docs/performance.md, and those of the code that they are said to be of."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import pytest

from benchmarks import bodies
from benchmarks.figures import ROWS, figures_of
from benchmarks.report import PAGE, with_unit
from benchmarks.rows import Part, Row
from ops.plan import figures
from ops.plan.figures import (
    EVENT_ADDS,
    LARGE_BYTES,
    LINE,
    PACKED_ALONE,
    PACKED_TOGETHER,
    SHARED,
    SMALL_BYTES,
    UPLOAD_ADDS,
)
from tests.support.custom import CUSTOM
from tests.track.support import running

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36"
)
REFERER = "https://shop.example.com/products/tablets?page=2"


def section(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", PAGE.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("name", ROWS)
def test_each_is_the_median_that_the_page_shows(name: str) -> None:
    part, row = ROWS[name]
    found = re.search(rf"(?m)^\| {re.escape(row)} \| ([^|]*) \|", section(part))
    assert found is not None, row
    assert found[1] == with_unit(getattr(figures.read(), name), "µs")


def test_they_are_of_the_day_and_the_python_that_the_page_names() -> None:
    read = figures.read()
    assert section("machine").startswith(f"CPython {read.python}, ")
    assert section("machine").endswith(f", {read.date}.")


def test_a_full_run_makes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows: dict[str, list[Row]] = {}
    for at, (part, row) in enumerate(ROWS.values()):
        rows.setdefault(part, []).append(Row(row, "µs", (at, at + 0.5, at + 9)))
    made = figures_of([Part(part, "", tuple(found)) for part, found in rows.items()], "2026-01-02", "3.12.9")
    monkeypatch.setattr(figures, "MEASURED", tmp_path / "measured.json")
    figures.write(made)

    assert figures.read() == made
    assert (made.date, made.python) == ("2026-01-02", "3.12.9")
    assert [getattr(made, name) for name in ROWS] == [at + 0.5 for at in range(len(ROWS))]
    with pytest.raises(ValueError, match="has no row"):
        figures_of([], "2026-01-02", "3.12.9")


def test_the_bodies_measured_have_these_sizes() -> None:
    assert len(bodies.small()) == SMALL_BYTES
    assert len(bodies.large()) == LARGE_BYTES


@pytest.mark.skipif(CUSTOM, reason="the same core")
def test_an_upload_grows_by_this_much_and_leaves_such_a_line(caplog: pytest.LogCaptureFixture) -> None:
    sizes, lines = {}, []
    with running() as track, caplog.at_level(logging.INFO):
        for logs in (10, 100):
            body = bodies.body_of(logs, 100 * logs, 4)
            track.post(body, User_Agent=CHROME, Referer=REFERER)
            sizes[logs] = len(track.forwarded[-1].body) - len(body)
            lines.append(len(caplog.records[-1].getMessage()))
    assert json.loads(caplog.records[-1].getMessage())["event"] == "answered"
    assert (sizes[100] - sizes[10]) / 90 == EVENT_ADDS
    assert sizes[10] - 10 * EVENT_ADDS == pytest.approx(UPLOAD_ADDS, abs=5)
    # FC's own request ids are some 14 characters longer.
    assert lines[0] + 14 == pytest.approx(LINE, abs=15)


def test_gzip_leaves_what_the_page_says_of_deflate() -> None:
    shares = dict(
        re.findall(r"\| (1 KB|100 KB), deflate, level 1 \|[^|]*\| [0-9,]+ \((\d+) %\)", PAGE.read_text())
    )
    assert {"1 KB": str(round(100 * PACKED_ALONE)), "100 KB": str(round(100 * PACKED_TOGETHER))} == shares


def test_batches_share_objects_as_in_the_drill() -> None:
    drill = (PAGE.parent / "outage.md").read_text().partition("## The drill")[2]
    spooled = re.search(r"\| spooled \| ([0-9,]+) batches", drill)
    objects = re.search(r"\| objects; requests to OSS \| ([0-9,]+);", drill)
    assert spooled is not None
    assert objects is not None
    shared = int(spooled[1].replace(",", "")) / int(objects[1].replace(",", ""))
    assert shared == pytest.approx(SHARED, rel=0.02)


def test_the_cost_of_a_byte_is_computed_from_the_large_and_the_small_body() -> None:
    read = figures.read()
    small, large = read.request_cpu(False, SMALL_BYTES), read.request_cpu(False, LARGE_BYTES)
    assert small == pytest.approx(read.built_in_cpu / 1e6)
    assert read.request_cpu(False, 1) == small
    assert large - small == pytest.approx((read.large_cpu - read.small_cpu) / 1e6)
    assert read.request_cpu(True, SMALL_BYTES) == pytest.approx(read.custom_cpu / 1e6)
