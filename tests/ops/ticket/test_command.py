"""`python -m ops ticket`, as an operator types it."""

from __future__ import annotations

import io
import time

import pytest

from ops.__main__ import main
from shared.access.tickets import Tickets, read_keys


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> dict[str, bytes]:
    assert main(["ticket", "key", "2026a"]) == 0
    held = capsys.readouterr().out.strip()
    monkeypatch.setenv("TICKET_KEYS", held)
    return read_keys(held)


def test_what_it_issues_is_accepted(keys: dict[str, bytes], capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--subject", "u-17", "--logstore", "web", "--origin", "https://shop.example.com"]
    assert main(["ticket", "issue", *arguments]) == 0
    text = capsys.readouterr().out.strip()
    found = Tickets(keys, 3600).check(text, time.time())
    assert (found.subject, found.logstores) == ("u-17", frozenset({"web"}))
    assert main(["ticket", "explain", text]) == 0
    said = capsys.readouterr().out
    assert 'claims: sub = "u-17"' in said
    assert said.endswith("accepted\n")
    assert " UTC, +3" in said


def test_it_explains_a_refusal(
    keys: dict[str, bytes], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert keys
    main(["ticket", "issue", "--seconds", "-61"])
    monkeypatch.setattr("sys.stdin", io.StringIO(capsys.readouterr().out))
    assert main(["ticket", "explain", "-"]) == 1
    assert "refused: the ticket has expired" in capsys.readouterr().out
    assert main(["ticket", "explain", "a.b"]) == 1
    assert "claims: not a JSON object in base64url" in capsys.readouterr().out


def test_missing_parts_are_named(
    keys: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert keys
    assert main(["ticket", "issue", "--kid", "other"]) == 2
    assert main(["ticket", "issue", "--subject", "x" * 2000]) == 2
    monkeypatch.setenv("TICKET_KEYS", "a:secret+key")
    assert main(["ticket", "issue"]) == 2
    assert "secret+key" not in capsys.readouterr().err
