"""verify where page tickets are enforced, audited or off: with keys, with a ticket, with neither."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.stack import FREE_PORTS, Stack
from ops.ticket.issue import issue
from ops.verify import main, tickets
from ops.verify.page_ticket import KEYS_WANTED, WANTED, forged, keys_from
from ops.verify.target import carrying, split
from shared.access.tickets import TicketError, Tickets, to_base64url
from tests.ops.verify.conftest import LOGSTORE, ORIGIN, PROJECT, RUNTIME, Verify
from tests.ops.verify.proxy import Asked, Proxy, Reply, serving
from tests.ops.verify.test_sound import NAMES, SPOOL, only

KEY, OTHER = b"k" * 32, b"o" * 32
KEYS = f"a:{to_base64url(KEY)}"
CHECKS = {check.name for check in (*tickets.CHECKS, *tickets.STORED)}
BAD = {"track: no ticket, bad tickets", "token: no ticket, bad tickets"}
WITHOUT_KEYS = f"403 TicketInvalid: none, forged; an expired one {KEYS_WANTED}"


def ticket(key: bytes = KEY, seconds: float = 3600, **claims: object) -> str:
    return issue("a", key, {"exp": time.time() + seconds, **claims})


@pytest.fixture(scope="module")
def guarded() -> Iterator[Stack]:
    """A deployment that enforces tickets."""
    environ = {"ALLOWED_ORIGINS": ORIGIN, "TICKETS": "enforce", "TICKET_KEYS": KEYS, **RUNTIME}
    with Stack(ports=FREE_PORTS, environ=environ, log=lambda *_: None) as stack:
        stack.sls.create("other-project", LOGSTORE)
        stack.sls.create(PROJECT, "other-store")
        yield stack


@pytest.fixture
def strict(guarded: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Verify:
    """verify on it, with nothing about tickets in the environment."""
    for name in ("TICKETS", "TICKET_KEYS"):
        monkeypatch.delenv(name, raising=False)
    return Verify(guarded, monkeypatch, capsys)


def test_with_keys_in_the_environment_all_of_it_is_checked(
    strict: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKETS", "enforce")
    monkeypatch.setenv("TICKET_KEYS", KEYS)

    run = strict(strict.stack.functions_url, "--json")

    assert run.status == 0, run.out
    assert run.checks("passed").keys() == NAMES | CHECKS
    assert {run.checks("passed")[name] for name in BAD} == {"403 TicketInvalid: none, forged, expired"}
    assert run.checks("passed")["SLS: the ticket's subject"] == "in 3 logs"


@pytest.mark.parametrize(
    "written", ["{}", "{}\n", "SLS_PROJECT=x\nTICKET_KEYS='{}'\n", "export TICKET_KEYS={}"]
)
def test_the_keys_may_be_in_a_file(strict: Verify, tmp_path: Path, written: str) -> None:
    path = tmp_path / "keys"
    path.write_text(written.format(KEYS))

    run = strict(strict.stack.functions_url, "--ticket-keys", str(path))

    assert run.status == 0, run.out
    assert f"from  {ORIGIN}, with a page ticket\n" in run.out
    assert "✓ token: a good ticket" in run.out


def test_with_a_ticket_in_the_address_all_is_checked_but_what_needs_the_keys(strict: Verify) -> None:
    address = f"{strict.stack.functions_url}/t/{ticket()}"

    run = strict(f"{address}/logstores/{LOGSTORE}/track", "--json")

    assert run.status == 0
    assert {run.checks("passed")[name] for name in BAD} == {WITHOUT_KEYS}
    assert run.checks("skipped").keys() == SPOOL | {"SLS: the ticket's subject"}
    assert "/t/" not in run.out


def test_without_a_key_or_a_ticket_what_needs_one_is_left_with_the_reason(strict: Verify) -> None:
    run = strict(strict.stack.functions_url, "--json", "--tickets", "enforce")

    assert run.status == 3
    assert run.checks("failed") == {}
    assert {run.checks("passed")[name] for name in BAD} == {WITHOUT_KEYS}
    left = run.checks("unchecked")
    assert {"track: POST", "track: pixel", "token: shape", "track: a good ticket"} <= left.keys()
    assert set(left.values()) == {WANTED}


def test_that_tickets_are_enforced_is_found_out_without_being_told(strict: Verify) -> None:
    run = strict("--track", strict.stack.functions_url, "--json")

    assert run.status == 3
    assert run.checks("passed")["track: no ticket, bad tickets"] == WITHOUT_KEYS
    assert run.checks("unchecked")["track: POST"] == WANTED


@pytest.mark.parametrize(
    "bad",
    [ticket(OTHER), ticket(seconds=-61), ticket(seconds=172_800 + 3_600), ticket(logstores=["another"])],
    ids=["another key", "expired", "too long", "another Logstore"],
)
def test_a_ticket_that_is_refused_is_named_and_never_shown(strict: Verify, bad: str) -> None:
    run = strict(f"{strict.stack.functions_url}/t/{bad}")

    assert run.status == 1
    assert "✗ track: a good ticket" in run.out
    assert "✗ token: a good ticket" in run.out
    assert "python -m ops ticket explain" in run.out
    assert not [part for part in bad.split(".") if part in run.out + run.err]


def test_another_key_than_the_functions_is_named(strict: Verify, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKET_KEYS", f"a:{to_base64url(OTHER)}")

    failed = strict(strict.stack.functions_url, "--json").checks("failed")

    assert failed["track: a good ticket"] == failed["token: a good ticket"] == "403 TicketInvalid"


def test_a_function_that_lets_everything_through_is_named(verify: Verify) -> None:
    run = verify(verify.stack.functions_url, "--json", "--tickets", "enforce")

    assert run.status == 1
    wanted = "200, not 403 TicketInvalid"
    assert run.checks("failed") == dict.fromkeys(CHECKS, wanted)


def test_a_function_that_accepts_forged_and_expired_tickets_is_reported(
    strict: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKET_KEYS", KEYS)

    def taking(asked: Asked, reply: Reply) -> Reply:
        takes = "/t/" in asked.path and reply.status == 403 and b"TicketInvalid" in reply.body
        return reply._replace(status=200, body=b"").without("x-log-errorcode") if takes else reply

    run = strict.through(Proxy(strict.stack.functions_url, breaks=taking))

    assert run.checks("failed") == dict.fromkeys(BAD, "200 for a ticket that is forged")
    assert "/t/" not in run.out


def test_a_function_without_a_clock_is_named(strict: Verify, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKET_KEYS", KEYS)

    def taking(_: Asked, reply: Reply) -> Reply:
        takes = b"has expired" in reply.body
        return reply._replace(status=200, body=b"").without("x-log-errorcode") if takes else reply

    run = strict.through(Proxy(strict.stack.functions_url, breaks=taking))

    assert run.checks("failed") == dict.fromkeys(BAD, "200 for a ticket that is expired")


def test_a_subject_that_is_not_stored_is_named(strict: Verify, monkeypatch: pytest.MonkeyPatch) -> None:
    """A track that checks tickets and forgets who they are for: here, verify expects another."""
    monkeypatch.setenv("TICKET_KEYS", KEYS)
    monkeypatch.setattr("ops.verify.command.SUBJECT", "somebody else")

    run = strict(strict.stack.functions_url, "--json")

    assert run.checks("failed") == {"SLS: the ticket's subject": "3 of 3 logs lack it"}


def test_nothing_is_said_of_the_subject_without_a_readers_keys(
    strict: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKET_KEYS", KEYS)

    run = strict(strict.stack.functions_url, "--json", reader=False)

    assert "ALIBABA_CLOUD_ACCESS_KEY_ID" in run.checks("unchecked")["SLS: the ticket's subject"]


@pytest.mark.parametrize("mode", ["off", "audit"])
def test_a_deployment_that_refuses_in_audit_mode_is_reported(strict: Verify, mode: str) -> None:
    address = f"{strict.stack.functions_url}/t/{ticket()}"

    failed = strict(address, "--json", "--tickets", mode).checks("failed")

    assert failed["track: no ticket, bad tickets"] == f"403 TicketInvalid, though TICKETS is {mode}"


def test_in_audit_mode_everything_else_is_checked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = {"ALLOWED_ORIGINS": ORIGIN, "TICKETS": "audit", "TICKET_KEYS": KEYS, **RUNTIME}
    monkeypatch.setenv("TICKETS", "audit")
    monkeypatch.setenv("TICKET_KEYS", KEYS)
    with Stack(ports=FREE_PORTS, environ=environ, log=lambda *_: None) as stack:
        stack.sls.create("other-project", LOGSTORE)
        stack.sls.create(PROJECT, "other-store")
        run = Verify(stack, monkeypatch, capsys)(stack.functions_url, "--json")

    assert run.status == 0, run.out
    skipped = {name: why for name, why in run.checks("skipped").items() if name in CHECKS}
    assert skipped == dict.fromkeys(CHECKS, "TICKETS is audit: requests without a ticket pass")


@pytest.mark.parametrize("swapped", [False, True])
def test_two_functions_behind_tickets_are_told_apart(
    strict: Verify, monkeypatch: pytest.MonkeyPatch, swapped: bool
) -> None:
    monkeypatch.setenv("TICKET_KEYS", KEYS)
    upstream = strict.stack.functions_url
    with (
        serving(Proxy(upstream, instead=only("/logstores/"))) as track,
        serving(Proxy(upstream, instead=only("/get_sts_token"))) as token,
    ):
        urls = [track.url, token.url]
        run = strict(*(reversed(urls) if swapped else urls))

    assert f"track {track.url}\ntoken {token.url}\n" in run.out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["http://127.0.0.1:9/t/SECRET/v1"], "the ticket must be the end of an address"),
        (["http://127.0.0.1:9/t/SECRET", "http://127.0.0.1:9/t/SECRET2"], "have different tickets"),
        (["127.0.0.1:9/t/SECRET"], "'127.0.0.1:9/t/…' is not an address"),
        (["http://127.0.0.1:9", "--origin", "https://h/t/SECRET"], "'https://h/t/…' is not a valid origin"),
        (["http://127.0.0.1:9", "--tickets", "on"], "TICKETS is 'on'; expected one of off, audit, enforce"),
        (["http://127.0.0.1:9", "--ticket-keys", "/nowhere/keys"], "/nowhere/keys: No such file"),
    ],
)
def test_an_invalid_option_is_refused_without_showing_a_ticket(
    strict: Verify, arguments: list[str], complaint: str
) -> None:
    run = strict(*arguments)

    assert (run.status, run.out) == (2, "")
    assert complaint in run.err
    assert "SECRET" not in run.err


@pytest.mark.parametrize("option", ["--timeout", "--tickt="])
def test_a_command_line_that_is_wrong_is_not_repeated_with_its_ticket(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "http://127.0.0.1:9/t/SECRET"
    with pytest.raises(SystemExit) as ended:
        main([option + url] if option.endswith("=") else [option, url])

    assert ended.value.code == 2
    out, err = capsys.readouterr()
    assert "http://127.0.0.1:9/t/…" in err
    assert "SECRET" not in out + err


@pytest.mark.parametrize(
    ("held", "complaint"),
    [
        (f"a:{to_base64url(b's' * 31)}", "keys of at least 32 bytes; entry 1 has 31"),
        (to_base64url(b"s" * 32), "kid:base64url in entry 1"),
    ],
)
def test_a_bad_key_is_named_and_not_shown(
    strict: Verify, monkeypatch: pytest.MonkeyPatch, held: str, complaint: str
) -> None:
    monkeypatch.setenv("TICKET_KEYS", held)

    run = strict(strict.stack.functions_url)

    assert run.status == 2
    assert f"verify: TICKET_KEYS is invalid; expected: {complaint}" in run.err
    assert held.rpartition(":")[2] not in run.err


def test_a_redirect_is_said_without_the_ticket(strict: Verify) -> None:
    async def away(asked: Asked) -> Reply | None:
        moved = asked.path.startswith("/moved")
        return Reply(200, [], b"") if moved else Reply(302, [("location", f"/moved{asked.path}")], b"")

    with serving(Proxy(strict.stack.functions_url, instead=away)) as server:
        run = strict("--track", f"{server.url}/t/SECRET")

    assert f"redirected to {server.url}/moved/t/…/healthz" in run.out
    assert "SECRET" not in run.out


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://h/t/T", ("https://h", "T")),
        ("https://h/x/t/T/get_sts_token", ("https://h/x", "T")),
        ("https://h//t//T//logstores/web/track", ("https://h", "T")),
        ("https://h/t/t/t/T/", ("https://h/t/t", "T")),
        ("https://h/x", ("https://h/x", "")),
        ("https://h/ticket/T", ("https://h/ticket/T", "")),
    ],
)
def test_an_address_is_split_from_its_ticket_and_put_together_again(url: str, parts: tuple[str, str]) -> None:
    assert split(url) == parts
    assert split(carrying(*parts)) == parts


@pytest.mark.parametrize("text", [ticket(), ""], ids=["another's", "none"])
def test_a_forged_ticket_has_the_form_of_one_and_no_key_of_the_site(text: str) -> None:
    with pytest.raises(TicketError, match=r"bad signature|unknown"):
        Tickets({"a": KEY}, 172_800).check(forged(text), time.time())
    assert forged(text) != text


def test_no_file_and_no_variable_are_no_keys() -> None:
    assert keys_from(None, "  ") == {}
    assert keys_from(None, KEYS) == {"a": KEY}
