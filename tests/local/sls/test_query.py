"""The search language, against logs as they are stored."""

from __future__ import annotations

import pytest

from local.sls.errors import SlsError
from local.sls.query import compile_query
from local.sls.store import StoredLog

LOG = StoredLog(
    id=1,
    project="demo",
    logstore="web",
    time=1_795_394_940,
    received=1_795_394_940.0,
    topic="checkout",
    source="203.0.113.9",
    tags={"env": "dev", "client_ip": "198.51.100.7"},
    fields={
        "event": "view_product",
        "name": "Tablet Pro",
        "url": "https://shop.example.com/p?id=7",
        "cn": "中文内容",
        "not": "x",
        "or": "y",
    },
)


def matches(text: str) -> bool:
    query = compile_query(text)
    if query is None:
        return True
    # What narrows the search must never lose a match.
    searched = "\n".join(
        [LOG.topic, LOG.source, *(f"{k}: {v}" for k, v in {**LOG.tags, **LOG.fields}.items())]
    )
    if query.matches(LOG):
        assert query.needle.casefold() in searched.casefold()
    return query.matches(LOG)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*",
        "tablet",
        "TABLET",
        "view_product",
        "view*",
        '"Tablet Pro"',
        "tablet pro",
        "tablet AND pro",
        "nothing or tablet",
        "not nothing",
        "tablet not phone",
        "(nothing or tablet) and pro",
        "nothing and nothing or tablet",
        "event: view_product",
        "event:view*",
        "event:*",
        'name: "tablet pro"',
        '"name": tablet',
        "url: shop.example.com",
        "__topic__: checkout",
        "__source__: 203.0.113.9",
        "__tag__:env: dev",
        "__tag__:client_ip: 198.51.100.7",
        "198.51.100.7",
        "cn: 中文",
        "中文",
        '"not": x',
        "not: x",
        "or: y",
        'name: "Tablet*"',
    ],
)
def test_what_is_in_a_log_is_found(text: str) -> None:
    assert matches(text)


@pytest.mark.parametrize(
    "text",
    [
        "phone",
        "tabl",
        "product",
        "tablet phone",
        "not tablet",
        "not (tablet or phone)",
        "event: tablet",
        "nokey: tablet",
        "nokey:*",
        "env: dev",
        "__tag__:env: prod",
        "__topic__: check",
        "cn: 文中",
        "tablet and not pro",
    ],
)
def test_what_is_not_in_a_log_is_not_found(text: str) -> None:
    assert not matches(text)


@pytest.mark.parametrize(
    "text",
    [
        "* | select count(*)",
        "price > 500",
        "(tablet",
        "tablet)",
        "and",
        "tablet or",
        "not",
        '"unclosed',
        "()",
        ": x",
    ],
)
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(SlsError, match="ParameterInvalid: the query is not understood"):
        compile_query(text)
