"""The Chinese pages say the same as the English ones: settings, errors, limits, figures and commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAIRS = [("README.md", "README.zh-CN.md"), ("docs/deploy.md", "docs/zh-CN/deploy.md")]
both = pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=[pair[0] for pair in PAIRS])


def text(name: str) -> str:
    return (ROOT / name).read_text()


def sections(page: str) -> list[str]:
    return re.split(r"(?m)^#{1,3} .*$", page)


def code(part: str) -> list[str]:
    """Return the code spans outside blocks, sorted."""
    return sorted(re.findall(r"`([^`\n]+)`", re.sub(r"(?ms)^```.*?^```$", "", part)))


def blocks(page: str) -> list[str]:
    """Return the blocks of code, indented ones too, with their fences (language, exit status).

    Comments and drawings, which contain words, are left out.
    """
    found = re.findall(r"(?ms)^ *```[^\n]*\n.*?^ *```$", page)
    return [re.sub(r"(?m)(^| +)(//|#) .*$", "", block) for block in found if "┌" not in block]


def rows(part: str) -> list[list[str]]:
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def numbers(part: str) -> list[str]:
    return re.findall(r"\d[\d,.]*\d|\d", re.sub(r"`[^`]*`|\([^)]*\.md[^)]*\)", "", part))


@both
def test_both_have_the_same_sections_tables_and_blocks_of_code(english: str, chinese: str) -> None:
    left, right = text(english), text(chinese)
    assert len(sections(left)) == len(sections(right))
    assert blocks(left) == blocks(right)
    for one, other in zip(sections(left), sections(right), strict=True):
        assert [len(row) for row in rows(one)] == [len(row) for row in rows(other)]


@both
def test_both_name_the_same_settings_codes_and_commands(english: str, chinese: str) -> None:
    for one, other in zip(sections(text(english)), sections(text(chinese)), strict=True):
        assert code(one) == code(other)


@both
def test_the_tables_hold_the_same_figures(english: str, chinese: str) -> None:
    for one, other in zip(sections(text(english)), sections(text(chinese)), strict=True):
        for row, same in zip(rows(one), rows(other), strict=True):
            assert sorted(numbers(" ".join(row))) == sorted(numbers(" ".join(same)))


def test_each_links_to_the_other_near_its_top() -> None:
    for english, chinese in PAIRS:
        for page, other in ((english, chinese), (chinese, english)):
            links = re.findall(r"\]\(([^)]+)\)", "\n".join(text(page).splitlines()[:5]))
            assert (ROOT / other).resolve() in [
                (ROOT / page).parent.joinpath(link).resolve() for link in links
            ]


def test_every_link_to_a_file_leads_to_one() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    for page in pages:
        prose = re.sub(r"(?ms)^```.*?^```$", "", page.read_text())
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", prose):
            assert page.parent.joinpath(link).exists(), f"{page.name} links to {link}"
