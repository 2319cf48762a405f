from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.ram import MalformedPolicy, PolicyDocument, check_policy, trust_document
from local.ram.policy import Decision, evaluate

LOGSTORE = "acs:log:cn-hangzhou:1234567890123456:project/shop/logstore/web"


def policy(effect: str, action: object, resource: object) -> PolicyDocument:
    return {"Version": "1", "Statement": [{"Effect": effect, "Action": action, "Resource": resource}]}


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("log:PostLogStoreLogs", LOGSTORE),
        ("log:PostLogStoreLogs", "acs:log:*:*:project/shop/logstore/web"),
        ("log:*", "*"),
        ("*", "acs:log:*"),
        ("log:Post?ogStoreLogs", "acs:log:*:*:project/shop/logstore/???"),
        ("LOG:postlogstorelogs", LOGSTORE),
        (["log:GetLogStoreLogs", "log:Post*"], ["acs:log:*:*:project/other/*", LOGSTORE]),
    ],
)
def test_a_statement_that_matches_allows(action: object, resource: object) -> None:
    assert evaluate([policy("Allow", action, resource)], "log:PostLogStoreLogs", LOGSTORE) is Decision.ALLOW


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("log:GetLogStoreLogs", LOGSTORE),
        ("log:PostLogStoreLog", LOGSTORE),
        ("log:PostLogStoreLogs", "acs:log:*:*:project/shop/logstore/we"),
        ("log:PostLogStoreLogs", "acs:log:*:*:project/shop/logstore/web/*"),
        ("log:PostLogStoreLogs", "acs:log:*:*:project/SHOP/logstore/web"),
        ("log:PostLogStoreLogs", "acs:log:*:*:project/shop/logstore/w.b"),
        ("log:Post?LogStoreLogs", LOGSTORE),
    ],
)
def test_a_statement_that_does_not_match_says_nothing(action: object, resource: object) -> None:
    assert evaluate([policy("Allow", action, resource)], "log:PostLogStoreLogs", LOGSTORE) is Decision.SILENT


def test_an_explicit_deny_wins_over_every_allow() -> None:
    documents = [
        policy("Allow", "*", "*"),
        policy("Deny", "log:Post*", LOGSTORE),
        policy("Allow", "log:*", "*"),
    ]
    assert evaluate(documents, "log:PostLogStoreLogs", LOGSTORE) is Decision.DENY
    assert evaluate(documents, "log:GetLogStoreLogs", LOGSTORE) is Decision.ALLOW


def test_no_document_says_nothing() -> None:
    assert evaluate([], "log:PostLogStoreLogs", LOGSTORE) is Decision.SILENT


@given(st.text(), st.text())
def test_a_pattern_without_wildcards_matches_only_itself(pattern: str, resource: str) -> None:
    literal = "x" + pattern.replace("*", "").replace("?", "")
    verdict = evaluate([policy("Allow", "log:PutLogs", literal)], "log:PutLogs", resource)
    assert (verdict is Decision.ALLOW) == (resource == literal)


MALFORMED: list[Any] = [
    None,
    [],
    "{}",
    {},
    {"Version": "1"},
    {"Version": "1", "Statement": []},
    {"Version": "1", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}},
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
    {"Version": "1", "Statement": ["Allow"]},
    {"Version": "1", "Statement": [{"Effect": "allow", "Action": "*", "Resource": "*"}]},
    {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*"}]},
    {"Version": "1", "Statement": [{"Effect": "Allow", "Action": [], "Resource": "*"}]},
    {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": [1]}]},
    {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "", "Resource": "*"}]},
    {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {}}]},
    {"Version": "1", "Id": "x", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
]


@pytest.mark.parametrize("document", MALFORMED)
def test_a_malformed_policy_is_refused(document: object) -> None:
    with pytest.raises(MalformedPolicy):
        check_policy(document)


def test_a_well_formed_policy_is_returned_unchanged() -> None:
    document = policy("Allow", ["log:PutLogs"], [LOGSTORE])
    assert check_policy(document) is document


def test_a_trust_document_tells_accounts_and_services_apart() -> None:
    document = trust_document(["acs:ram::1:root", "fc.aliyuncs.com", "acs:ram::1:role/x"])
    principals = document["Statement"][0]["Principal"]
    assert principals == {"RAM": ["acs:ram::1:root", "acs:ram::1:role/x"], "Service": ["fc.aliyuncs.com"]}
