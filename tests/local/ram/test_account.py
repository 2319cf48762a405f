from __future__ import annotations

import pytest

from local.ram import MalformedPolicy, PolicyDocument, Ram, UnknownAccessKey, UnknownRole, UnknownToken

NOW = 1_800_000_000.0
WEB = "acs:log:cn-hangzhou:1:project/shop/logstore/web"
CHECKOUT = "acs:log:cn-hangzhou:1:project/shop/logstore/checkout"


def allow(action: str, resource: str) -> PolicyDocument:
    return {"Version": "1", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}


def role_of(ram: Ram, *policies: PolicyDocument) -> str:
    return ram.add_role("writer", trusted=[f"acs:ram::{ram.account_id}:root"], policies=policies)


def test_a_users_key_identifies_the_user_and_never_expires() -> None:
    ram = Ram("42")
    key = ram.add_user("alice", [allow("log:*", WEB)])
    identity = ram.identify(key.id, None)
    assert (identity.arn, identity.secret, identity.expires) == ("acs:ram::42:user/alice", key.secret, None)
    assert identity.allows("log:PutLogs", WEB, now=NOW)
    assert not identity.allows("log:PutLogs", CHECKOUT, now=NOW)


def test_a_user_without_a_policy_may_do_nothing() -> None:
    ram = Ram()
    key = ram.add_user("nobody", [])
    assert not ram.identify(key.id, None).allows("log:PutLogs", WEB, now=NOW)


def test_a_token_may_do_what_its_role_may_where_there_is_no_session_policy() -> None:
    ram = Ram("42")
    token = ram.issue(
        role_of(ram, allow("log:*", "*")), session_name="s1", session_policy=None, duration=900, now=NOW
    )
    identity = ram.identify(token.id, token.security_token)
    assert identity.arn == "acs:ram::42:role/writer/s1"
    assert identity.principal == "acs:ram::42:role/writer"
    assert identity.allows("log:PutLogs", CHECKOUT, now=NOW)


def test_a_token_may_do_only_what_role_and_session_policy_both_allow() -> None:
    ram = Ram()
    role = role_of(ram, allow("log:PutLogs", "*"))
    token = ram.issue(role, session_name="s1", session_policy=allow("log:*", WEB), duration=900, now=NOW)
    identity = ram.identify(token.id, token.security_token)
    assert identity.allows("log:PutLogs", WEB, now=NOW)
    assert not identity.allows("log:PutLogs", CHECKOUT, now=NOW)
    assert not identity.allows("log:GetLogStoreLogs", WEB, now=NOW)


def test_a_token_may_do_nothing_from_the_second_it_expires() -> None:
    ram = Ram()
    role = role_of(ram, allow("*", "*"))
    token = ram.issue(role, session_name="s1", session_policy=None, duration=900, now=NOW)
    identity = ram.identify(token.id, token.security_token)
    assert token.expires == identity.expires == NOW + 900
    assert identity.allows("log:PutLogs", WEB, now=NOW + 899)
    assert not identity.allows("log:PutLogs", WEB, now=NOW + 900)


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(UnknownAccessKey):
        Ram().identify("LTAI5tNobody", None)


@pytest.mark.parametrize("security_token", [None, "", "CAISsomethingelse"])
def test_a_token_is_refused_without_its_own_security_token(security_token: str | None) -> None:
    ram = Ram()
    token = ram.issue(role_of(ram), session_name="s1", session_policy=None, duration=900, now=NOW)
    with pytest.raises(UnknownToken):
        ram.identify(token.id, security_token)


def test_a_long_term_key_is_refused_with_a_security_token() -> None:
    ram = Ram()
    key = ram.add_user("alice", [])
    with pytest.raises(UnknownToken):
        ram.identify(key.id, "CAISx")


def test_a_revoked_key_is_unknown() -> None:
    ram = Ram()
    key = ram.add_user("alice", [])
    ram.revoke(key.id)
    with pytest.raises(UnknownAccessKey):
        ram.identify(key.id, None)
    with pytest.raises(UnknownAccessKey):
        ram.revoke(key.id)


def test_a_role_is_found_whatever_the_case_of_its_name() -> None:
    ram = Ram("42")
    arn = ram.add_role("SLS-Web", trusted=[], policies=[], max_session=7200)
    assert arn == "acs:ram::42:role/sls-web"
    assert ram.role("acs:ram::42:role/SLS-WEB").max_session == 7200


def test_an_unknown_role_is_refused() -> None:
    with pytest.raises(UnknownRole):
        Ram().issue("acs:ram::1:role/x", session_name="s1", session_policy=None, duration=900, now=NOW)


def test_a_malformed_policy_cannot_be_attached() -> None:
    ram = Ram()
    role = role_of(ram)
    with pytest.raises(MalformedPolicy):
        ram.add_user("alice", [{"Version": "2"}])
    with pytest.raises(MalformedPolicy):
        ram.issue(role, session_name="s1", session_policy={}, duration=900, now=NOW)


def test_trust_is_given_to_a_user_a_role_or_the_whole_account() -> None:
    ram = Ram("42")
    alice = ram.identify(ram.add_user("alice", []).id, None)
    named = ram.role(ram.add_role("named", trusted=["acs:ram::42:user/alice"], policies=[]))
    whole = ram.role(ram.add_role("whole", trusted=["acs:ram::42:root"], policies=[]))
    other = ram.role(ram.add_role("other", trusted=["acs:ram::7:root", "fc.aliyuncs.com"], policies=[]))
    assert alice.trusted_by(named)
    assert alice.trusted_by(whole)
    assert not alice.trusted_by(other)


def test_a_session_is_trusted_as_its_role() -> None:
    ram = Ram("42")
    caller = ram.add_role("caller", trusted=["fc.aliyuncs.com"], policies=[])
    token = ram.issue(caller, session_name="s1", session_policy=None, duration=900, now=NOW)
    session = ram.identify(token.id, token.security_token)
    assert session.trusted_by(ram.role(ram.add_role("target", trusted=[caller], policies=[])))


def test_issued_tokens_always_differ() -> None:
    ram = Ram()
    role = role_of(ram)
    tokens = [
        ram.issue(role, session_name="s1", session_policy=None, duration=900, now=NOW) for _ in range(50)
    ]
    assert len({token.id for token in tokens}) == len({token.security_token for token in tokens}) == 50
