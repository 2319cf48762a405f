"""The benchmark of the console's list asks what it says that it asks."""

from __future__ import annotations

import pytest

from benchmarks import console, queries


def test_each_search_finds_what_it_is_named_after(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in (queries, console):
        monkeypatch.setattr(module, "LOGS", 400)

    console.main()  # its status says how fast this machine is

    printed = capsys.readouterr().out
    assert "the first look, at 400 of 800 logs" in printed
    for line in (
        "text in no log: 0 logs",
        "text in 25,000 logs: 100 logs",
        "text in every log: 400 logs",
        "a field's value: 100 logs",
        "text, two fields: 0 logs",
        "text in the lines of functions: 8 logs",
        "200 logs from 200",
    ):
        assert line in printed
