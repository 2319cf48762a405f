"""A sound deployment, as the operator gives it in different ways."""

from __future__ import annotations

import json
import re

import pytest

from local.stack import FREE_PORTS, Stack
from ops.verify import main, spool, tickets
from ops.verify.catalogue import CATALOGUE
from tests.ops.verify.conftest import LOGSTORE, ORIGIN, PROJECT, RUNTIME, Verify
from tests.ops.verify.proxy import Answer, Asked, Proxy, Reply, serving

SPOOL = {check.name for check in spool.CHECKS}  # tests.ops.verify.test_spool; here there is none
TICKETS = {check.name for check in (*tickets.CHECKS, *tickets.STORED)}  # likewise, test_tickets
UNUSED = SPOOL | TICKETS
NAMES = {check.name for check in CATALOGUE} - UNUSED


def test_everything_holds_on_a_sound_deployment(verify: Verify) -> None:
    run = verify(verify.stack.functions_url, "--json")

    assert run.status == 0
    assert run.checks("passed").keys() == NAMES


def test_a_table_shows_a_mark_for_each_check_and_the_totals(verify: Verify) -> None:
    run = verify(verify.stack.functions_url)

    assert run.status == 0
    assert sum(line.startswith("✓ ") for line in run.out.splitlines()) == len(NAMES)
    assert f"{len(NAMES)} passed, 0 failed, {len(UNUSED)} skipped" in run.out


def test_what_was_written_is_marked_and_stays_in_the_logstore(verify: Verify) -> None:
    before = verify.stack.sls.store.counts().get(LOGSTORE, 0)

    run = verify(verify.stack.functions_url, "--json")

    assert run.checks("passed")["SLS: written logs can be read"].startswith("4 logs, the last after ")
    assert verify.stack.sls.store.counts()[LOGSTORE] == before + 4
    newest = verify.stack.sls.store.query(LOGSTORE, limit=4)
    assert all(log.fields["verify"].startswith("verify") for log in newest)


def test_nothing_is_read_back_without_a_readers_keys_and_the_report_says_so(verify: Verify) -> None:
    run = verify(verify.stack.functions_url, "--json", reader=False)

    assert run.status == 3
    left = run.checks("unchecked")
    assert left.keys() == {"SLS: written logs can be read", "SLS: the client's address"}
    assert all("ALIBABA_CLOUD_ACCESS_KEY_ID" in detail for detail in left.values())
    assert json.loads(run.out)["complete"] is False


def test_a_run_that_checked_little_says_so_at_its_end(
    verify: Verify, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", verify.stack.reader_key.id)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", verify.stack.reader_key.secret)
    url = verify.stack.functions_url
    known = ["--project", PROJECT, "--logstore", LOGSTORE, "--origin", ORIGIN]

    status = main([url, *known])

    last = capsys.readouterr().out.splitlines()[-1]
    assert status == 3
    assert re.search(r"; 8 of 41 could not be checked: see the lines with \?", last), last


def test_without_an_allowlist_the_refusal_checks_are_skipped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Stack(ports=FREE_PORTS, environ={"CLIENT_IP": "off", **RUNTIME}, log=lambda *_: None) as stack:
        stack.sls.create("other-project", LOGSTORE)
        verify = Verify(stack, monkeypatch, capsys)
        open_to_all = verify(stack.functions_url, "--json", "--no-client-ip")
        contrary = verify(stack.functions_url, "--json", "--refused-origin", "https://evil.example")

    refusals = {name for name in NAMES if "refused origin" in name}
    assert open_to_all.status == 0
    assert open_to_all.checks("skipped").keys() == refusals | UNUSED
    assert contrary.checks("failed").keys() == refusals | {"SLS: the client's address"}


@pytest.mark.parametrize("suffix", ["", "/", "/healthz", "/logstores/checkout/track", "/get_sts_token"])
def test_any_route_of_a_function_will_do_as_its_url(verify: Verify, suffix: str) -> None:
    run = verify(verify.stack.functions_url + suffix)

    assert run.status == 0


@pytest.mark.parametrize("swapped", [False, True])
def test_two_functions_are_told_apart_by_what_they_answer(verify: Verify, swapped: bool) -> None:
    upstream = verify.stack.functions_url
    with (
        serving(Proxy(upstream, instead=only("/logstores/"))) as track,
        serving(Proxy(upstream, instead=only("/get_sts_token"))) as token,
    ):
        urls = [track.url, token.url]
        run = verify(*(reversed(urls) if swapped else urls), "--json")

    report = json.loads(run.out)
    assert run.status == 0
    assert (report["track"], report["token"]) == (track.url, token.url)


def only(route: str) -> Answer:
    """One function at an address of its own: it knows its route and /healthz."""

    async def answer(asked: Asked) -> Reply | None:
        if route in asked.path or asked.path == "/healthz":
            return None
        return Reply(404, [], b'{"errorCode":"NotFound","errorMessage":"there is nothing at this path"}')

    return answer


def test_one_function_can_be_checked_alone(verify: Verify) -> None:
    run = verify("--track", verify.stack.functions_url, "--json")

    skipped = {name: why for name, why in run.checks("skipped").items() if name not in UNUSED}
    assert run.status == 0
    assert skipped.keys() == {name for name in NAMES if name.startswith("token")}
    assert set(skipped.values()) == {"no URL serves token"}


def test_the_names_come_from_the_functions_own_settings_where_options_are_left_out(
    verify: Verify, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SLS_PROJECT", PROJECT)
    monkeypatch.setenv("SLS_LOGSTORES", f"{LOGSTORE}, web-tracking-logstore")
    monkeypatch.setenv("SLS_REGION", "cn-hangzhou")
    stack = verify.stack

    status = main([stack.functions_url, "--origin", ORIGIN, "--sls-endpoint", stack.sls_url,
                   "--sts-endpoint", stack.sts_url, "--json"])  # fmt: skip

    assert status == 3  # without keys, nothing is read back
    assert f'"logstore": "{LOGSTORE}"' in capsys.readouterr().out


def test_the_key_that_is_printed_for_reading_is_enough_for_every_check(verify: Verify) -> None:
    stack = verify.stack
    assert stack.deployment.spool is not None
    spool = ["--spool-bucket", stack.deployment.spool.bucket, "--oss-endpoint", stack.oss_url]

    run = verify(stack.functions_url, "--json", *spool)

    assert run.status == 0
    assert run.checks("passed").keys() == NAMES | SPOOL
