from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.__main__ import _PARTS
from benchmarks.rows import Part, Row
from benchmarks.targets import Target


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.01234, "0.0123"), (5.678, "5.68"), (99.9, "99.9"), (1234.5, "1,234")]
)
def test_numbers_have_the_digits_that_count(value: float, text: str) -> None:
    assert report.number(value) == text


def test_a_table_has_the_command_the_median_the_spread_and_the_ratios() -> None:
    part = Part("part", "A title", (Row("a", "ms", (1, 2, 3), ("b",)), Row("b", "ms", (2, 4, 6))))

    text = report.part_table(part)

    assert "`python -m benchmarks part`; 3 turns" in text
    assert "| a | 2 ms | 1.5–2.5 | 0.5 × b |" in text


@pytest.mark.parametrize(
    ("target", "met"),
    [
        (Target("", 6.0, 6.0, "×"), True),
        (Target("", 6.001, 6.0, "×"), False),
        (Target("", 20.0, 20.0, "×", at_least=True), True),
        (Target("", 19.999, 20.0, "×", at_least=True), False),
    ],
)
def test_a_target_is_met_up_to_its_bound(target: Target, met: bool) -> None:
    assert target.met is met
    assert ("**no**" in report.targets_table([target])) is not met


def test_only_what_is_between_its_markers_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- one -->\nold\n<!-- /one -->\nbetween\n<!-- two -->\nkept\n<!-- /two -->\n")
    monkeypatch.setattr(report, "PAGE", page)

    report.write({"one": r"new \1"})

    assert page.read_text() == (
        "before\n<!-- one -->\nnew \\1\n<!-- /one -->\nbetween\n<!-- two -->\nkept\n<!-- /two -->\n"
    )


def test_a_section_without_markers_is_not_lost_silently(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing here")
    monkeypatch.setattr(report, "PAGE", page)

    with pytest.raises(ValueError, match="no markers for one"):
        report.write({"one": "new"})


def test_the_page_has_a_place_for_everything_that_is_measured() -> None:
    text = report.PAGE.read_text()

    for name in (*_PARTS, "cost", "machine", "targets"):
        assert text.count(f"<!-- {name} -->\n") == text.count(f"\n<!-- /{name} -->") == 1, name
