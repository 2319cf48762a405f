"""Comparison of policy documents: the grants that one has and the other lacks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.ram.policy import Decision, evaluate
from ops.provision.documents import Grant, allow, beyond, extended, grants, missing, trusted

WANTED = allow(["log:PutLogs"], ["acs:log:*:*:project/p/logstore/l"])
OF_WANTED = Grant("log:PutLogs", "acs:log:*:*:project/p/logstore/l")

names = st.text("ab*?", min_size=1, max_size=4)
documents = st.builds(allow, st.lists(names, min_size=1, max_size=3), st.lists(names, min_size=1, max_size=3))


def _document(**statement: Any) -> dict[str, Any]:
    return {"Version": "1", "Statement": [{"Effect": "Allow", **statement}]}


def test_a_document_lacks_nothing_of_itself() -> None:
    assert not missing(WANTED, WANTED)
    assert not beyond(WANTED, WANTED)


@pytest.mark.parametrize(
    "found",
    [
        _document(Action="*", Resource="*"),
        _document(Action=["log:Put*"], Resource="acs:log:*"),
        _document(Action="LOG:PUTLOGS", Resource=["acs:log:*:*:project/p/*"]),
    ],
)
def test_a_wider_document_lacks_nothing_and_is_beyond(found: dict[str, Any]) -> None:
    assert not missing(found, WANTED)
    assert beyond(found, WANTED)


@pytest.mark.parametrize(
    "found",
    [
        _document(Action="log:PutLogs", Resource="acs:log:*:*:project/p/logstore/l2"),
        _document(Action="log:PutLog", Resource="*"),
        _document(Action="log:PutLogs", Resource="*", Condition={"IpAddress": {"acs:SourceIp": "192.0.2.1"}}),
        {"Version": "1", "Statement": []},
        {"Version": "1", "Statement": [{"Effect": "Deny", "Action": "log:PutLogs", "Resource": "*"}]},
    ],
)
def test_a_document_without_the_right_lacks_it(found: dict[str, Any]) -> None:
    assert missing(found, WANTED) == {OF_WANTED}


def test_a_right_under_a_condition_is_within_the_same_right_without_one() -> None:
    found = _document(
        Action="log:PutLogs",
        Resource="acs:log:*:*:project/p/logstore/l",
        Condition={"Bool": {"acs:SecureTransport": "true"}},
    )
    assert not beyond(found, WANTED)


def test_everything_but_a_few_actions_counts_as_everything() -> None:
    assert grants(_document(NotAction="ram:*", Resource="*")) == {Grant("*", "*")}


def test_a_principal_may_stand_alone_or_in_a_list() -> None:
    one = _document(Principal={"Service": "fc.aliyuncs.com"}, Action="sts:AssumeRole")
    many = _document(Principal={"Service": ["fc.aliyuncs.com"]}, Action="sts:AssumeRole")
    assert trusted(one) == trusted(many)


@given(found=documents, wanted=documents)
def test_an_extended_document_lacks_nothing_and_keeps_every_right(
    found: dict[str, Any], wanted: dict[str, Any]
) -> None:
    better = extended(found, missing(found, wanted))
    assert not missing(better, wanted)
    assert grants(found) <= grants(better)


@given(
    found=documents, wanted=documents, action=st.text("ab", max_size=4), resource=st.text("ab", max_size=4)
)
def test_additional_grants_of_the_found_document_are_beyond(
    found: dict[str, Any], wanted: dict[str, Any], action: str, resource: str
) -> None:
    allowed_by = [evaluate([one], action, resource) is Decision.ALLOW for one in (found, wanted)]
    if allowed_by == [True, False]:
        assert beyond(found, wanted)
    if not beyond(found, wanted):
        assert allowed_by != [True, False]
