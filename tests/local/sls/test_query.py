"""The search language, against logs as they are stored."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.sls.errors import SlsError
from local.sls.query import compile_query
from local.sls.store import NewLog, Span, Store

LOG = NewLog(
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
        "price": "500",
        "weight": "0.25",
        "size": "large",
    },
)


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    opened = Store()
    opened.append([LOG])
    yield opened
    opened.close()


def matches(store: Store, text: str) -> bool:
    span = Span("demo", ("web",), LOG.time, LOG.time + 1, compile_query(text))
    found = store.between(span)
    assert len(store.ids(span)) == len(found) == sum(store.histogram(span, 60).values())
    return bool(found)


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
        '#"tablet pro"',
        'name: #"Tablet Pro"',
        "price > 499",
        "price >= 500",
        "price <= 500",
        "price = 500",
        "price<501",
        "price in [500 600]",
        "price in (499 500]",
        "price in [* 500]",
        "price in (0.5 *]",
        "weight > 0.2 and weight < 0.3",
        "not size > 0",
        "not nokey > 0",
        "(price > 499) and tablet",
        "__time__ >= 1795394940",
        "__time__ in [1795394940 1795394941)",
    ],
)
def test_text_in_a_log_is_found(store: Store, text: str) -> None:
    assert matches(store, text)


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
        '#"pro tablet"',
        '#"tablet view_product"',
        'event: #"tablet pro"',
        "price > 500",
        "price >= 501",
        "price < 500",
        "price in (500 600]",
        "price in [400 500)",
        "size > 0",
        "size < 0",
        "nokey < 0",
        "not price = 500",
    ],
)
def test_text_that_no_log_has_is_not_found(store: Store, text: str) -> None:
    assert not matches(store, text)


@pytest.mark.parametrize(
    "text",
    [
        "* | select count(*)",
        "price > many",
        "price in [1 2",
        "price in [1,2]",
        "price == 5",
        "price != 5",
        "price > 500px",
        "tab*let",
        "*let",
        "ta?let",
        "name: tab*let",
        "name: (a or b)",
        'tablet and "/"',
        "#tablet",
        'k"ey: x',
        '"k\\"ey": x',
        "*: x",
        "(" * 65 + "x" + ")" * 65,
        " ".join(["x"] * 101),
        "x" * 10_001,
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
def test_unsupported_syntax_is_refused(text: str) -> None:
    with pytest.raises(SlsError, match="ParameterInvalid: invalid query"):
        compile_query(text)


def test_a_search_may_be_as_long_and_as_deep_as_said(store: Store) -> None:
    assert matches(store, " ".join(["tablet"] * 100))
    assert matches(store, "tablet or " + "x" * 9_990)
    assert matches(store, "(" * 47 + "tablet" + ")" * 47)
