from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from local.ram import Ram
from local.serving import Server
from local.site import Outage
from local.site.outage import MAX_BODY, is_write
from local.sls import SlsStandIn
from shared.spool.format import object_name

from .test_stream import events

DOWN = b'{"up":false}'
JSON = {"content-type": "application/json"}


def throw(site: httpx.Client, body: bytes = DOWN, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return site.post("/api/sls", content=body, headers={**JSON, **named})


def test_the_switch_takes_sls_down_and_up_and_says_how_it_is(
    outage_site: httpx.Client, outage: Outage
) -> None:
    said = [outage_site.get("/api/sls").json()]
    for body in (DOWN, DOWN, b'{"up":true}', b'{"up":true}'):
        answer = throw(outage_site, body)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        assert answer.json() == outage_site.get("/api/sls").json() == {"up": outage.up}
        said.append(answer.json())

    assert [state["up"] for state in said] == [True, False, False, True, True]


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:1", "https://{host}", ""]
)
def test_no_other_page_may_throw_the_switch(outage_site: httpx.Client, outage: Outage, origin: str) -> None:
    answer = throw(outage_site, origin=origin.format(host=outage_site.base_url.netloc.decode()))

    assert answer.status_code == 403
    assert outage.up


def test_the_consoles_own_page_may_under_both_of_its_names(outage_site: httpx.Client, outage: Outage) -> None:
    port = outage_site.base_url.port
    for host, body, up in (("127.0.0.1", DOWN, False), ("localhost", b'{"up":true}', True)):
        answer = throw(outage_site, body, host=f"{host}:{port}", origin=f"http://{host}:{port}")

        assert (answer.status_code, outage.up) == (200, up)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_what_a_page_may_send_anywhere_unasked_is_refused(
    outage_site: httpx.Client, outage: Outage, kind: str
) -> None:
    assert throw(outage_site, content_type=kind).status_code == 415
    assert outage.up


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"null", b'{"up":0}', b'{"up":"false"}', b'{"up":false,"a":1}', b"{", b"\xff"],
)
def test_a_body_that_says_neither_is_refused(outage_site: httpx.Client, outage: Outage, body: bytes) -> None:
    answer = throw(outage_site, body)

    assert (answer.status_code, answer.json()) == (400, {"error": 'expected {"up": true} or {"up": false}'})
    assert outage.up


@pytest.mark.parametrize(("size", "status"), [(MAX_BODY, 200), (MAX_BODY + 1, 413)])
def test_a_body_is_read_to_its_bound(
    outage_site: httpx.Client, outage: Outage, size: int, status: int
) -> None:
    assert throw(outage_site, DOWN.ljust(size)).status_code == status
    assert outage.up == (status != 200)


def test_other_methods_and_names_are_refused(outage_site: httpx.Client, outage: Outage) -> None:
    assert outage_site.put("/api/sls", content=DOWN, headers=JSON).status_code == 405
    assert throw(outage_site, host="evil.example").status_code == 400
    assert outage_site.post("/api/spool").status_code == 405
    assert outage.up


def test_a_site_without_them_has_neither_switch_nor_spool(site: httpx.Client) -> None:
    assert site.get("/api/sls").status_code == 404
    assert throw(site).status_code in (404, 405)
    assert site.get("/api/spool").status_code == 404


@pytest.mark.parametrize(
    ("target", "writes"),
    [
        ("POST /logstores/shop/shards/lb", True),
        ("POST /logstores/shop/shards/route?key=1", True),
        ("POST /logstores/shop", True),
        ("POST /logstores/shop/track", True),
        ("GET /logstores/shop/track?APIVersion=0.6.0&a=b", True),
        ("GET /logstores/shop/track.gif?a=b", True),
        ("GET /logstores/shop/track_ua.gif", True),
        ("POST /logstores/shop/logs", False),
        ("GET /logstores/shop?type=log&query=POST /logstores/shop/track", False),
        ("GET /logstores/shop/logs", False),
        ("OPTIONS /logstores/shop/track", False),
    ],
)
def test_writes_are_told_from_reads(target: str, writes: bool) -> None:
    assert is_write(target) is writes


@pytest.fixture
def sls() -> Iterator[SlsStandIn]:
    standin = SlsStandIn(Ram())
    standin.create("demo", "shop", webtracking=True)
    yield standin
    standin.close()


def test_while_down_writes_are_refused_with_503_and_reads_work(sls: SlsStandIn) -> None:
    outage = Outage(sls.faults)
    body = {"__logs__": [{"a": "b"}]}
    with Server(sls.app) as server, httpx.Client(base_url=server.url) as client:
        outage.switch(up=False)
        refused = client.post("/logstores/shop/track", json=body)
        read = client.get("/logstores/shop")
        outage.switch(up=True)
        taken = client.post("/logstores/shop/track", json=body)

    assert (refused.status_code, refused.json()["errorCode"]) == (503, "ServerBusy")
    assert "x-log-requestid" in refused.headers
    assert read.status_code != 503
    assert taken.status_code == 200
    assert len(sls.store.query()) == 1


def test_the_spool_shows_what_waits_since_when_and_what_was_rejected(
    outage_site: httpx.Client, names: list[str]
) -> None:
    empty = outage_site.get("/api/spool")
    now = time.time()
    ages = {"0": 5, "f": 3600, "1": 60}  # by the digit that names begin with
    names += [object_name("spool/", now - age, digit * 32) for digit, age in ages.items()]
    names += ["spool/rejected/x.json.gz", "spool/rejected/", "spool/pending/", "elsewhere/pending/x"]

    shown = outage_site.get("/api/spool").json()

    assert empty.json() == {"pending": 0, "oldestSeconds": None, "rejected": 0}
    assert empty.headers["cache-control"] == "no-store"
    assert 3600 <= shown.pop("oldestSeconds") <= 3660
    assert shown == {"pending": 3, "rejected": 1}


def test_an_object_that_is_no_batch_has_no_age(outage_site: httpx.Client, names: list[str]) -> None:
    names.append("spool/pending/note.txt")

    assert outage_site.get("/api/spool").json() == {"pending": 1, "oldestSeconds": None, "rejected": 0}


def test_a_batch_of_the_future_has_waited_for_no_time(outage_site: httpx.Client, names: list[str]) -> None:
    names.append(object_name("spool/", time.time() + 60, "0" * 32))

    assert outage_site.get("/api/spool").json()["oldestSeconds"] == 0


def test_a_stream_says_how_both_are_at_the_start_and_when_that_changes(
    outage_site: httpx.Client, outage: Outage, names: list[str]
) -> None:
    with outage_site.stream("GET", "/api/stream") as answer:
        changes = (event.data for event in events(answer) if event.name == "cloud")
        start = next(changes)
        outage.switch(up=False)
        down = next(changes)
        names.append(object_name("spool/", time.time() - 100, "0" * 32))
        waiting = next(changes)
        older = next(changes)

    nothing = {"pending": 0, "oldestSeconds": None, "rejected": 0}
    assert start == {"sls": {"up": True}, "spool": nothing}
    assert down == {"sls": {"up": False}, "spool": nothing}
    assert (waiting["spool"]["pending"], waiting["sls"]) == (1, {"up": False})
    assert waiting["spool"]["oldestSeconds"] >= 100
    assert older["spool"]["oldestSeconds"] > waiting["spool"]["oldestSeconds"]
