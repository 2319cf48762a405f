"""docs/deploy.md is what the rehearsal runs, from top to bottom."""

from __future__ import annotations

import re

import pytest

from local.fc import interpreters
from local.fc.function import ROOT
from local.rehearsal.page import Block, blocks
from local.rehearsal.run import CUSTOM_PART, ITSELF, PAGE, REST, TITLES, Pythons

TEXT = (ROOT / PAGE).read_text()


def test_every_command_of_the_page_is_one_that_the_rehearsal_runs() -> None:
    """A block without the mark `sh` would never be tested."""
    fences = re.findall(r"^ *```(\w*)[^\n]*\n", TEXT, re.M)
    assert set(fences) <= {"sh", "yaml", "js", "text", ""}
    opened = [kind for kind in fences if kind]
    assert opened.count("sh") == len(blocks(TEXT))
    assert len(fences) == 2 * len(opened)


def test_the_page_shows_the_rehearsal_first() -> None:
    first, second, *_ = blocks(TEXT)
    assert first == Block(ITSELF, ("make rehearse",))
    assert second == Block(ITSELF, ("make cloud",))


def test_commands_can_be_pasted_as_they_stand() -> None:
    for block in blocks(TEXT):
        for command in block.commands:
            assert not re.search("[…‘’“”<>]", command.replace(">>", "").replace("2>&1", "")), command


def test_what_is_tried_between_has_its_place_on_the_page() -> None:
    headings = [block.heading for block in blocks(TEXT)]
    assert [title for title in (*TITLES.values(), CUSTOM_PART) if title not in headings] == []
    assert re.search(rf"^## {REST}\n(?:.*\n)*?- ", TEXT, re.M)


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ({"3.12", "3.10"}, Pythons("python3.12")),
        ({"3.12"}, Pythons("python3.12")),
        ({"3.10"}, Pythons("python3.10", (CUSTOM_PART,))),
        ({"3.11"}, None),
    ],
)
def test_the_runtime_is_one_that_this_machine_can_run(
    monkeypatch: pytest.MonkeyPatch, versions: set[str], expected: Pythons | None
) -> None:
    monkeypatch.setattr(interpreters, "find", lambda version: "python" if version in versions else None)
    assert Pythons.here() == expected


def test_files_are_deployed_without_a_question_each() -> None:
    deployed = [command for block in blocks(TEXT) for command in block.commands if "s deploy" in command]
    assert {name for name in ("s.replay.yaml", "s.concurrent.yaml") if any(name in one for one in deployed)}
    assert all("s deploy -y" in command for command in deployed)


def test_a_block_knows_its_heading_its_status_and_its_lines() -> None:
    text = """\
# Title
## Part
```sh
one \\
    --more
# a remark

two
```
**1. Step.** Words:
   ```sh exit=2
   three
   ```
```yaml
not: this
```
"""
    assert blocks(text) == [
        Block("Part", ("one --more", "two"), 0),
        Block("1. Step", ("three",), 2),
    ]
