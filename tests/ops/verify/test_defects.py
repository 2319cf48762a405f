"""One defect at a time, between the client and a sound deployment: the right checks name it, no others."""

from __future__ import annotations

import threading
from asyncio import to_thread
from datetime import datetime, timezone

import pytest

from tests.ops.verify.conftest import LOGSTORE, ORIGIN, PROJECT, Verify
from tests.ops.verify.defects import DEFECTS, REFUSALS, token_with
from tests.ops.verify.proxy import Asked, Break, Proxy, Reply


@pytest.mark.parametrize(
    ("defect", "named"), DEFECTS, ids=[" and ".join(sorted(named)) for _, named in DEFECTS]
)
def test_a_defect_in_the_answers_is_named(verify: Verify, defect: Break, named: set[str]) -> None:
    run = verify.through(Proxy(verify.stack.functions_url, breaks=defect))

    assert run.status == 1
    assert run.checks("failed").keys() == named


def test_a_write_that_is_confirmed_and_lost_is_named(verify: Verify) -> None:
    async def swallow(asked: Asked) -> Reply | None:
        if b'"tag"' not in asked.body:
            return None
        headers = {"access-control-allow-origin": ORIGIN, "vary": "Origin", "x-log-requestid": "1"}
        return Reply(200, [*headers.items(), ("access-control-expose-headers", "x-log-requestid")], b"")

    run = verify.through(Proxy(verify.stack.functions_url, instead=swallow), "--wait", "1")

    assert run.checks("failed") == {"SLS: written logs can be read": "after 1 s not found: post"}


def test_an_allowlist_that_lets_everybody_in_is_named(verify: Verify) -> None:
    def echoing(asked: Asked, reply: Reply) -> Reply:
        return reply.with_header("access-control-allow-origin", asked.origin)

    proxy = Proxy(verify.stack.functions_url, breaks=echoing, origin_sent=ORIGIN)

    run = verify.through(proxy)

    assert run.checks("failed").keys() == REFUSALS
    assert run.checks("failed")["token: GET of a refused origin"] == "200 with a token"


def test_a_logstore_that_anybody_can_write_to_is_named(verify: Verify) -> None:
    sls = verify.stack.sls
    sls.create(PROJECT, LOGSTORE, webtracking=True)
    try:
        run = verify(verify.stack.functions_url, "--json")
    finally:
        sls.create(PROJECT, LOGSTORE, webtracking=False)

    assert run.checks("failed") == {"SLS: WebTracking is off": "an unsigned write was accepted"}


def test_a_token_that_can_do_anything_is_named(verify: Verify) -> None:
    ram = verify.stack.ram
    everything = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    arn = ram.add_role("everything", trusted=[f"acs:ram::{ram.account_id}:root"], policies=[everything])

    run = verify.through(Proxy(verify.stack.functions_url, breaks=issuing(verify, arn)), "--role-arn", arn)

    assert run.checks("failed") == {
        "token: may not read": "it read logs",
        "token: no other Logstore": "it wrote to other-store",
        "token: no other Project": "it wrote to other-project",
        "token: no AssumeRole": "it assumed a role",
    }


def test_a_token_that_can_do_nothing_is_named(verify: Verify) -> None:
    arn = verify.stack.ram.add_role("nothing", trusted=[], policies=[])

    run = verify.through(Proxy(verify.stack.functions_url, breaks=issuing(verify, arn)))

    assert run.checks("failed") == {"token: may write": "401 Unauthorized"}


def issuing(verify: Verify, arn: str) -> Break:
    """Hands out tokens of another role, without a session policy."""
    now = datetime.now(timezone.utc).timestamp()
    issued = verify.stack.ram.issue(arn, session_name="page", session_policy=None, duration=3600, now=now)
    parts = {
        "AccessKeyId": issued.id,
        "AccessKeySecret": issued.secret,
        "SecurityToken": issued.security_token,
    }

    def broken(_: Asked, reply: Reply) -> Reply:
        return token_with(reply, lambda token: {**token, **parts})

    return broken


def test_a_host_that_does_not_answer_uploads_in_time_is_named(verify: Verify) -> None:
    given_up = threading.Event()

    async def hang(asked: Asked) -> Reply | None:
        if b'"tag"' in asked.body:
            await to_thread(given_up.wait, 60)
        elif asked.path.endswith(".gif"):  # asked for after it
            given_up.set()
        return None

    run = verify.through(Proxy(verify.stack.functions_url, instead=hang), "--timeout", "8")

    assert run.checks("failed") == {"track: POST": "no answer within 8 s"}


def test_an_address_where_nothing_listens_is_said_once_and_the_rest_skipped(verify: Verify) -> None:
    run = verify("http://127.0.0.1:9", "--json")

    failed = run.checks("failed")
    assert run.status == 1
    assert failed == {"track is up": "no answer: ConnectionError"}
    assert set(run.checks("passed")) == {"SLS: WebTracking is off"}


def test_services_that_cannot_be_reached_are_named(verify: Verify) -> None:
    nowhere = ["--sls-endpoint", "http://127.0.0.1:9", "--sts-endpoint", "http://127.0.0.1:9"]

    run = verify(verify.stack.functions_url, "--json", *nowhere)

    failed = run.checks("failed")
    assert failed.keys() == {
        "token: may write",
        "token: may not read",
        "token: no other Logstore",
        "token: no other Project",
        "token: no AssumeRole",
        "SLS: WebTracking is off",
        "SLS: written logs can be read",
    }


def test_what_failed_comes_with_what_to_do(verify: Verify) -> None:
    verify.stack.sls.create(PROJECT, LOGSTORE, webtracking=True)
    try:
        run = verify(verify.stack.functions_url)
    finally:
        verify.stack.sls.create(PROJECT, LOGSTORE, webtracking=False)

    assert run.status == 1
    assert "✗ SLS: WebTracking is off" in run.out
    assert "to do: Turn it off: `python -m ops provision --close-webtracking --apply`" in run.out
    assert ", 1 failed, 8 skipped" in run.out
