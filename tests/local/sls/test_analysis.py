# ruff: noqa: E501 - a statement is read in one line
"""Analysis statements, over HTTP as the official SDK sends them."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from local.sls import NewLog
from local.sls.analysis import engine
from local.sls.errors import SlsError
from local.sls.projects import Logstore
from local.sls.reads import Reader, Search
from local.sls.store import Store

START = 1_795_392_000  # 2026-11-23 00:00:00 UTC
SHOP = Logstore("demo", "shop")


def new_log(at: int, logstore: str = "shop", **fields: str) -> NewLog:
    return NewLog(
        "demo", logstore, START + at, 0.0, "web", "page", {"client_ip": f"192.0.2.{at % 3}"}, fields
    )


LOGS = [
    new_log(0, event="view", price="10", line='x {"status": 200, "ms": 1.5, "deep": {"a": [7]}, "no": null}'),
    new_log(30, event="view", price="20", line='{"status": 503, "ms": 8}', ref="https://a.example:8443/p/q?x=1&y=a%20b"),
    new_log(60, event="buy", price="30", line="no JSON {in} it"),
    new_log(90, event="view", price="40"),
    new_log(3600, event="buy", price="many", mixedCase="yes", **{'odd"/~key': "kept"}),
    new_log(10, "other", event="elsewhere"),
]  # fmt: skip


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    store = Store()
    store.append(LOGS)
    opened = Reader(store)
    yield opened
    opened.close()
    store.close()


def rows(reader: Reader, query: str, **how: Any) -> list[tuple[str, ...]]:
    search = Search(**{"start": START, "end": START + 86400, "query": query, **how})
    return [tuple(row.values()) for row in reader.find(SHOP, search).rows]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("* | select count(1) as n", [("5",)]),
        ("* | select count(1)", [("5",)]),
        ("event: view | select count(1) from log", [("3",)]),
        ("price > 10 and event: view | SELECT COUNT(*) FROM log", [("2",)]),
        (
            "* | select event, count(1) as n group by event order by n desc, event",
            [("view", "3"), ("buy", "2")],
        ),
        ("* | select event from log order by __time__ limit 2", [("view",), ("view",)]),
        ("* | select event from log order by __time__ desc limit 1, 2", [("view",), ("buy",)]),
        ("* | select distinct __topic__, __source__ from log", [("web", "page")]),
        ('* | select "__tag__:client_ip" as ip, count(1) group by ip order by ip limit 1', [("192.0.2.0", "5")]),
        ("* | select mixedCase, nothing from log where mixedCase is not null", [("yes", "null")]),
        ("nothing: here | select count(1), max(event)", [("0", "null")]),
        ("nothing: here | select event from log", []),
        ("* | select count_if(nothing = 'x'), sum(if(nothing = 'x', 1, 0))", [("0", "0")]),
        (
            "* | select __time__ - __time__ % 3600 as hour, count(1) as n group by hour order by hour",
            [(str(START), "4"), (str(START + 3600), "1")],
        ),
        ("* | select from_unixtime(min(__time__))", [("2026-11-23 00:00:00.000",)]),
        (
            "* | select date_trunc('minute', __time__) as t, count(1) as n from log group by t order by t limit 2",
            [("2026-11-23 00:00:00.000", "2"), ("2026-11-23 00:01:00.000", "2")],
        ),
        ("* | select date_format(from_unixtime(max(__time__)), '%Y/%m/%d %H:%i')", [("2026/11/23 01:00",)]),
        ("* | select to_unixtime(from_unixtime(5))", [("5.0",)] * 5),
        ("* | select now() > from_unixtime(0) limit 1", [("true",)]),
        ("* | select approx_percentile(cast(price as double), 0.5) from log where price <> 'many'", [("20.0",)]),
        ("* | select sum(try_cast(price as bigint)), avg(try_cast(price as bigint))", [("100", "25.0")]),
        ('* | select approx_distinct("__tag__:client_ip"), count_if(event = \'buy\')', [("1", "2")]),
        ("* | select sum(if(event = 'buy', 1, 0)) / count(1), 1.0 * count(1) / 2, count(1) / 2", [("0", "2.5", "2")]),
        ("* | select cast(count_if(event = 'buy') as double) / count(1)", [("0.4",)]),
        ("* | select max_by(event, __time__), min_by(price, __time__)", [("buy", "10")]),
        ("* | select histogram(event)", [('{"buy": 2, "view": 3}',)]),
        ("* | select json_extract_scalar(line, '$.status') from log where line like '{%'", [("503",)]),
        (
            r"* | select json_extract_scalar(l, '$.status'), json_extract_scalar(l, '$.deep.a[0]'),"
            r" json_extract_scalar(l, '$.deep'), json_extract_scalar(l, '$.no'), json_extract(l, '$.deep')"
            r" from (select regexp_extract(line, '\{.*\}') as l, __time__ from log) order by __time__ limit 1",
            [("200", "7", "null", "null", '{"a":[7]}')],
        ),
        ("in | select json_extract_scalar(line, '$.status'), regexp_extract(line, 'y')", [("null", "null")]),
        ("ref: * | select url_extract_host(ref), url_extract_path(ref)", [("a.example", "/p/q")]),
        (
            "ref: * | select url_extract_protocol(ref), url_extract_query(ref), url_extract_parameter(ref, 'y')",
            [("https", "x=1&y=a%20b", "a b")],
        ),
        ("ref: * | select url_extract_parameter(ref, 'z'), url_extract_host(event)", [("null", "null")]),
        ("ref: * | select regexp_like(ref, 'exam'), split_part(ref, '/', 4), strpos(ref, 'a')", [("true", "p", "9")]),
        ("* | select regexp_replace('a-b-c', '-', '+'), concat('a', 'b'), 'a' || 'b' limit 1", [("a+b+c", "ab", "ab")]),
        ('* | select ip_to_country("__tag__:client_ip"), count(1) group by 1', [("", "5")]),
        ("* | select case when event like 'b%' then 'b' else upper(event) end as e, count(1) group by e order by 1",
         [("VIEW", "3"), ("b", "2")]),
        ("* | select upper(event) as event, count(1) from log group by event order by 1", [("BUY", "2"), ("VIEW", "3")]),
        ("* | with b as (select event as e from log) select count(1) from b where e = 'buy'", [("2",)]),
        ("* | select e from (select event as e, count(1) as n from log group by event) where n > 2", [("view",)]),
        ("* | select event from log union all select 'x' from log order by event desc limit 1", [("x",)]),
        (
            "* | select event, row_number() over (partition by event order by __time__) as n from log"
            " order by __time__ limit 2",
            [("view", "1"), ("view", "2")],
        ),
        ('"a|b" | select count(1)', [("0",)]),
    ],
)  # fmt: skip
def test_statements(reader: Reader, query: str, expected: list[tuple[str, ...]]) -> None:
    assert rows(reader, query) == expected


def test_a_star_is_every_key_there_is(reader: Reader) -> None:
    search = Search(START + 3600, START + 3601, "* | select * from log")

    (row,) = reader.find(SHOP, search).rows

    assert row == {
        "__time__": str(START + 3600),
        "__topic__": "web",
        "__source__": "page",
        "__tag__:client_ip": "192.0.2.0",
        "event": "buy",
        "mixedCase": "yes",
        'odd"/~key': "kept",
        "price": "many",
    }


def test_a_statement_sees_its_span_and_topic_only_and_what_came_just_before(reader: Reader) -> None:
    count = "* | select count(1)"

    assert rows(reader, count, start=START + 30, end=START + 90) == [("2",)]
    assert rows(reader, count, topic="web") == [("5",)]
    assert rows(reader, count, topic="other") == [("0",)]
    reader._store.append([new_log(5000)])
    assert rows(reader, count, start=START + 5000) == [("1",)]


def test_a_statement_without_a_limit_gives_a_hundred_rows() -> None:
    store = Store()
    store.append(new_log(at) for at in range(150))
    reader = Reader(store)

    assert len(rows(reader, "* | select __time__ from log")) == 100
    assert len(rows(reader, "* | select __time__ from log limit 120")) == 120
    assert len(rows(reader, "* | select __time__ from log limit 100000")) == 150
    reader.close()
    store.close()


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("* | select time_series(__time__, '1m', '%H:%i', '0')", "Function time_series not registered"),
        ("* | select Nonesuch(1)", "Function Nonesuch not registered"),
        ("* | select getenv('HOME')", "Function getenv not registered"),
        ("* | select current_setting('memory_limit')", "Function current_setting not registered"),
        ("* | select sls_url_host('x')", "Function sls_url_host not registered"),
        ("* | select * from read_csv('/etc/passwd')", "does not exist"),
        ("* | select * from read_text('/etc/passwd')", "does not exist"),
        ("* | select * from \"/etc/passwd\"", "does not exist"),
        ("* | select * from held", "Table held does not exist"),
        ("* | select * from information_schema.tables", "does not exist"),
        ("* | with held as (select 1) select * from held", "must not be named held"),
        ("* | with log as (select 1) select * from log", "must not be named log"),
        ("* | with recursive r as (select 1 as n union all select n + 1 from r) select n from r", "RECURSIVE"),
        ("* | select 1; drop table held", "expected one statement"),
        ("* | select count(1) into outfile from log", ""),
        ("* | select x from log, unnest(a)", "Function unnest not registered"),
        ("* | select ? from log", "not supported"),
        ("* | select cast(event as json) from log", "type JSON is not supported"),
        ("* | select event from log limit 100001", "LIMIT is at most 100000"),
        ("* | select event from log limit 1 + 1", "LIMIT"),
        ("* | select event, EVENT from log", "differ in case only"),
        ("* | select a / b from (select count(1) as a, count(1) as b from log)", "cast one side as double"),
        ("* | select nope.x from log", "nope"),
        ("* | select sum(event)", "sum(VARCHAR)"),
        ("* | select cast(event as bigint)", "Could not convert"),
        ("* | select count(", ""),
        ("* | select", ""),
        ("* | where event = 'x'", "expected SELECT after |"),
        ("* | drop table log", "expected SELECT after |"),
        ("* |", "expected SELECT after |"),
        ("* | select count(1) | limit 1", ""),
        ("* | select " + "(" * 3000 + "1" + ")" * 3000, ""),
        ("* | select " + "1 + " * 6000 + "1", "has more than 20000 characters"),
        ("price != 5 | select 1", "invalid query"),
    ],
)  # fmt: skip
def test_an_unsupported_part_is_refused_by_name(reader: Reader, query: str, reason: str) -> None:
    with pytest.raises(SlsError, match=r"^ParameterInvalid: ") as refused:
        rows(reader, query)

    assert refused.value.status == 400
    assert reason in refused.value.message
    assert len(refused.value.message) < 500


def test_duckdb_itself_opens_nothing() -> None:
    store = Store()
    db = engine.Engine(store)._db

    for statement in (
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY held TO '/tmp/held.csv'",
        "ATTACH '/tmp/held.db'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "SET memory_limit = '64GB'",
    ):
        with pytest.raises(duckdb.Error):
            db.execute(statement)
    db.close()
    store.close()


def test_a_statement_that_takes_too_long_is_interrupted(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "SECONDS", 0.2)
    one = "(select a.__time__ as t from log a join log b on true join log c on true join log d on true)"
    forever = f"select count(1) from {one} x join {one} y on x.t <> y.t join {one} z on x.t <> z.t"  # noqa: S608

    with pytest.raises(SlsError, match="the query took over"):
        rows(reader, f"* | {forever}")
    assert rows(reader, "event: buy | select count(1)") == [("2",)]


def test_without_the_packages_statements_alone_are_refused(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = Reader(reader._store)
    for name in [name for name in sys.modules if name.startswith("local.sls.analysis.")]:
        if name.rpartition(".")[2] in ("engine", "translate", "allowed", "kinds"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sqlglot", None)
    monkeypatch.setitem(sys.modules, "duckdb", None)

    with pytest.raises(SlsError, match="NotSupported: analysis statements need the packages"):
        rows(fresh, "* | select 1")
    assert len(rows(fresh, "event: buy")) == 2


def test_nothing_of_it_is_imported_before_the_first_statement() -> None:
    code = "import sys, local.sls; print([name for name in ('duckdb', 'sqlglot') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_counts_by_interval(reader: Reader) -> None:
    counts = reader.histogram(SHOP, Search(START + 30, START + 91, "event: view | select count(1)"))

    assert len(counts) <= 60
    assert counts[0]["from"] == START + 30
    assert counts[-1]["to"] == START + 91
    assert sum(one["count"] for one in counts) == 2
    assert all(one["to"] == other["from"] for one, other in itertools.pairwise(counts))
    assert reader.histogram(SHOP, Search(START, START)) == []
    with pytest.raises(SlsError, match="nonesuch"):
        reader.histogram(SHOP, Search(START, START + 60, "* | select nonesuch(1)"))
