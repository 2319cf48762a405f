from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.token.policy import LIMIT, session_policy
from local.ram import Ram, check_policy
from shared.settings import SettingError

PROJECT = "shop-tracking"
names = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,61}[a-z0-9]", fullmatch=True)


def logstores_for(length: int) -> list[str]:
    """Logstores whose policy has exactly that many characters."""
    empty = len(session_policy(PROJECT, [""]))
    more = len(session_policy(PROJECT, ["", ""])) - empty
    count = (length - empty) // (more + 20)
    rest = length - empty - count * (more + 20)
    return ["l" * 20] * count + ["m" * rest]


def test_the_policy_allows_only_writing_to_the_logstores() -> None:
    text = session_policy(PROJECT, ["web", "checkout"])
    assert json.loads(text) == {
        "Version": "1",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["log:PostLogStoreLogs", "log:PutLogs"],
                "Resource": [
                    "acs:log:*:*:project/shop-tracking/logstore/web",
                    "acs:log:*:*:project/shop-tracking/logstore/checkout",
                ],
            }
        ],
    }
    assert not re.search(r"\s", text)


def test_a_policy_of_exactly_the_limit_is_given_out() -> None:
    assert len(session_policy(PROJECT, logstores_for(LIMIT))) == LIMIT == 2048


def test_one_character_more_is_refused_with_how_many_fit() -> None:
    logstores = logstores_for(LIMIT + 1)
    with pytest.raises(SettingError) as caught:
        session_policy(PROJECT, logstores)
    assert len(session_policy(PROJECT, logstores[:-1])) <= LIMIT
    text = str(caught.value)
    assert text.startswith(f"SLS_LOGSTORES has the value '{','.join(logstores)}'")
    assert f"expected at most {len(logstores) - 1} Logstores" in text
    assert "has 2049" in text


@given(
    st.lists(names, min_size=1, max_size=60),
    st.from_regex(r"[a-z0-9][a-z0-9-]{1,20}[a-z0-9]", fullmatch=True),
)
def test_as_many_logstores_fit_as_the_error_says(logstores: list[str], project: str) -> None:
    try:
        session_policy(project, logstores)
    except SettingError as error:
        found = re.search(r"at most (\d+) Logstores", str(error))
        assert found is not None
        fitting = int(found[1])
        assert len(session_policy(project, logstores[:fitting])) <= LIMIT
        with pytest.raises(SettingError):
            session_policy(project, logstores[: fitting + 1])


@given(
    names,
    names,
    st.sampled_from(["log:GetLogStoreLogs", "log:PutLogs", "sts:AssumeRole", "log:DeleteLogStore"]),
)
def test_a_token_with_this_policy_may_only_write_and_only_there(held: str, tried: str, action: str) -> None:
    ram = Ram()
    anything = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    role = ram.add_role("writer", trusted=[], policies=[anything])
    document = check_policy(json.loads(session_policy(PROJECT, [held])))
    token = ram.issue(role, session_name="tests", session_policy=document, duration=900, now=0)
    identity = ram.identify(token.id, token.security_token)
    resource = f"acs:log:cn-hangzhou:{ram.account_id}:project/{PROJECT}/logstore/{tried}"
    assert identity.allows(action, resource, now=0) == (held == tried and action == "log:PutLogs")
