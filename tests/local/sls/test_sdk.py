"""The official Python SDK as a client, which the stand-in must satisfy."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest

from local.serving import Server

from .support import LOGSTORE, LOGSTORE_ARN, OPEN, PROJECT, REGION, Cloud, policy

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its sources have invalid escapes, which show when they are compiled
    from aliyun.log import (
        GetHistogramsRequest,
        GetLogsRequest,
        LogClient,
        LogException,
        LogItem,
        PutLogsRequest,
    )

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utc.*:DeprecationWarning")

Connect = Callable[..., Any]  # a LogClient; the attributes that tests change are not in its stubs


@pytest.fixture
def connect(server: Server) -> Iterator[Connect]:
    """Make clients of the SDK, for a key or a token."""
    clients = []

    def connect(key_id: str, secret: str, token: str = "", *, version: str = "v4") -> Any:
        client: Any = LogClient(
            server.url, key_id, secret, token, source="10.0.0.1", auth_version=version, region=REGION
        )
        client._isRowIp = True  # or it would look up demo-project.127.0.0.1; with a scheme it does not notice
        clients.append(client)
        return client

    yield connect
    for client in clients:
        client._session.close()


def items(count: int, **fields: str) -> list[LogItem]:
    now = int(time.time())
    return [LogItem(now - count + n, contents=[("number", str(n)), *fields.items()]) for n in range(count)]


def put(client: Any, logs: list[LogItem], **how: Any) -> None:
    request = PutLogsRequest(
        PROJECT, how.pop("logstore", LOGSTORE), "my-topic", "10.0.0.2", logs, logtags=[("env", "dev")], **how
    )
    client.put_logs(request)


def get(client: Any, query: str = "", **how: Any) -> list[dict[str, str]]:
    now = int(time.time())
    answer = client.get_log(PROJECT, LOGSTORE, now - 3600, now + 60, query=query, **how)
    assert answer.is_completed()
    return [log.get_contents() for log in answer.get_logs()]


@pytest.mark.parametrize("version", ["v1", "v4"])
def test_what_the_sdk_puts_it_gets_back(cloud: Cloud, connect: Connect, version: str) -> None:
    logs = items(2, cn="中文😀", empty="")
    put(connect(*cloud.writer, version=version), logs)

    now = int(time.time())
    answer = connect(*cloud.reader, version=version).get_log(PROJECT, LOGSTORE, now - 60, now + 60)

    assert [log.get_time() for log in answer.get_logs()] == [log.get_time() for log in logs]
    assert {log.get_source() for log in answer.get_logs()} == {"10.0.0.2"}
    common = {"__topic__": "my-topic", "__tag__:env": "dev", "cn": "中文😀", "empty": ""}
    assert [log.get_contents() for log in answer.get_logs()] == [
        {**common, "number": "0"},
        {**common, "number": "1"},
    ]


@pytest.mark.parametrize("how", [{"compress": False}, {"compress": True, "compress_type": "lz4"}])
def test_the_sdk_may_compress_or_not(cloud: Cloud, connect: Connect, how: dict[str, Any]) -> None:
    put(connect(*cloud.writer), items(3), **how)

    assert cloud.sls.store.counts() == {LOGSTORE: 3}


def test_the_sdk_may_name_a_shard_by_a_hash(cloud: Cloud, connect: Connect) -> None:
    put(connect(*cloud.writer), items(1), hashKey="14d2f850ad6ea48e46e4547edbbb27e0")

    assert cloud.sls.store.counts() == {LOGSTORE: 1}


@pytest.mark.parametrize("version", ["v1", "v4"])
def test_the_sdk_writes_with_a_token(cloud: Cloud, connect: Connect, version: str) -> None:
    write = policy(["log:PostLogStoreLogs", "log:PutLogs"])
    role = cloud.ram.add_role(
        "r", trusted=["fc.aliyuncs.com"], policies=[policy("log:*", "acs:log:*:*:project/*")]
    )
    token = cloud.ram.issue(role, session_name="s", session_policy=write, duration=900, now=cloud.clock())
    client = connect(token.id, token.secret, token.security_token, version=version)

    put(client, items(1))

    assert cloud.sls.store.counts() == {LOGSTORE: 1}
    with pytest.raises(LogException) as reading:
        get(client)
    assert (reading.value.get_resp_status(), reading.value.get_error_code()) == (401, "Unauthorized")
    with pytest.raises(LogException) as elsewhere:
        put(client, items(1), logstore=OPEN)
    assert elsewhere.value.get_error_message().endswith(f"project/{PROJECT}/logstore/{OPEN}")


@pytest.mark.parametrize(
    ("ahead", "secret", "code"),
    [(901, "", "Unauthorized"), (0, "another", "SignatureNotMatch")],
)
def test_the_sdk_gets_the_reason_of_a_refusal(
    cloud: Cloud, connect: Connect, ahead: float, secret: str, code: str
) -> None:
    now = cloud.clock()
    role = cloud.ram.add_role("r", trusted=["fc.aliyuncs.com"], policies=[policy("log:*", LOGSTORE_ARN)])
    token = cloud.ram.issue(role, session_name="s", session_policy=None, duration=900, now=now - ahead)

    with pytest.raises(LogException) as refused:
        put(connect(token.id, secret or token.secret, token.security_token), items(1))

    assert (refused.value.get_resp_status(), refused.value.get_error_code()) == (401, code)
    assert len(refused.value.get_request_id()) == 24


def test_the_sdk_searches(cloud: Cloud, connect: Connect) -> None:
    writer, reader = connect(*cloud.writer), connect(*cloud.reader)
    put(writer, items(5, event="view"))
    put(writer, items(2, event="buy"))

    assert len(get(reader, "*")) == 7
    assert len(get(reader, "event: buy")) == 2
    assert [log["number"] for log in get(reader, "view and number: 3")] == ["3"]
    assert [log["number"] for log in get(reader, "view", reverse=True)] == ["4", "3", "2", "1", "0"]
    assert [log["number"] for log in get(reader, "view", offset=1, size=2)] == ["1", "2"]
    assert len(get(reader, "view", topic="my-topic")) == 5
    assert get(reader, "view", topic="another") == []
    with pytest.raises(LogException, match="invalid query"):
        get(reader, "event != buy")


@pytest.mark.parametrize("older_form", [False, True])
def test_the_sdk_analyses(cloud: Cloud, connect: Connect, older_form: bool) -> None:
    writer, reader = connect(*cloud.writer), connect(*cloud.reader)
    reader._get_logs_v2_enabled = not older_form
    put(writer, items(5, event="view"))
    put(writer, items(2, event="buy"))
    now = int(time.time())
    query = "number < 4 | select event, count(1) as n, max(__topic__) group by event order by n"

    answer = reader.get_log(PROJECT, LOGSTORE, now - 3600, now + 60, query=query)

    assert [log.get_contents() for log in answer.get_logs()] == [
        {"event": "buy", "n": "2", "_col2": "my-topic"},
        {"event": "view", "n": "4", "_col2": "my-topic"},
    ]
    assert answer.is_completed()
    assert answer.get_has_sql()
    assert answer.get_processed_rows() == 6
    if not older_form:
        assert answer.get_where_query() == "number < 4"
        assert answer.get_meta().get_keys() == ["event", "n", "_col2"]


def test_the_sdk_gets_the_name_of_an_unsupported_function(cloud: Cloud, connect: Connect) -> None:
    with pytest.raises(LogException, match="Function ip_to_geo not registered") as refused:
        get(connect(*cloud.reader), "* | select ip_to_geo('192.0.2.1')")

    assert (refused.value.get_resp_status(), refused.value.get_error_code()) == (400, "ParameterInvalid")


def test_the_sdk_counts_by_interval(cloud: Cloud, connect: Connect) -> None:
    put(connect(*cloud.writer), items(5, event="view"))
    put(connect(*cloud.writer), items(2, event="buy"))
    now = int(time.time())
    request = GetHistogramsRequest(PROJECT, LOGSTORE, now - 600, now + 60, query="event: view")

    answer = connect(*cloud.reader).get_histograms(request)

    assert answer.is_completed()
    assert answer.get_total_count() == 5
    intervals = answer.get_histograms()
    assert (intervals[0].get_from(), intervals[-1].get_to()) == (now - 600, now + 60)


def test_the_sdk_reads_a_span_of_time_without_its_end(cloud: Cloud, connect: Connect) -> None:
    logs = items(5)
    put(connect(*cloud.writer), logs)
    request = GetLogsRequest(PROJECT, LOGSTORE, logs[1].get_time(), logs[3].get_time(), query="*")

    answer = connect(*cloud.reader).get_logs(request)

    assert [log.get_contents()["number"] for log in answer.get_logs()] == ["1", "2"]


def test_the_sdk_reads_page_after_page(cloud: Cloud, connect: Connect) -> None:
    put(connect(*cloud.writer), items(250))

    assert [log["number"] for log in get(connect(*cloud.reader), size=-1)] == [str(n) for n in range(250)]


def test_the_sdk_reads_in_the_older_form(cloud: Cloud, connect: Connect) -> None:
    put(connect(*cloud.writer), items(3))
    reader = connect(*cloud.reader)
    reader._get_logs_v2_enabled = False  # a switch of the SDK's own: GET /logstores/{name}?type=log

    assert [log["number"] for log in get(reader, reverse=True)] == ["2", "1", "0"]


@pytest.mark.parametrize("version", ["v1", "v4"])
def test_a_query_with_odd_characters_is_signed_alike(cloud: Cloud, connect: Connect, version: str) -> None:
    put(connect(*cloud.writer), items(1, cn="a 中文 + b~c/*"))
    reader = connect(*cloud.reader, version=version)
    reader._get_logs_v2_enabled = False

    assert len(get(reader, 'cn: "中文 + b~c/*"')) == 1


def test_a_hundred_thousand_logs_are_searched_in_a_moment(cloud: Cloud, connect: Connect) -> None:
    writer, reader = connect(*cloud.writer), connect(*cloud.reader)
    for _ in range(4):
        put(writer, items(25_000, event="view"), compress=True)
    put(writer, items(1, event="buy"))
    began = time.process_time()  # of the stand-in too; a busy machine does not prolong it

    assert len(get(reader, "event: buy")) == 1
    assert len(get(reader, reverse=True)) == 100
    assert time.process_time() - began < 2.0


@pytest.mark.parametrize(
    "parameters",
    ["from=1", "from=a&to=2", "from=2&to=1", "from=1&to=2&line=101", "from=1&to=2&offset=-1"],
)
def test_a_search_needs_sound_parameters(cloud: Cloud, connect: Connect, parameters: str) -> None:
    reader = connect(*cloud.reader)
    pairs = dict(pair.split("=") for pair in parameters.split("&"))

    with pytest.raises(LogException) as refused:
        reader._send("GET", PROJECT, None, f"/logstores/{LOGSTORE}", pairs, {})

    assert (refused.value.get_resp_status(), refused.value.get_error_code()) == (400, "ParameterInvalid")


@pytest.mark.parametrize("body", [b"[]", b"not JSON", b"[" * 100_000, b'{"from":1}'])
def test_a_search_needs_a_sound_body(cloud: Cloud, body: bytes) -> None:
    signer = cloud.signer()._replace(id=cloud.reader.id, secret=cloud.reader.secret)

    answer = cloud.send(signer, body, f"/logstores/{LOGSTORE}/logs")

    assert (answer.status_code, answer.json()["errorCode"]) == (400, "ParameterInvalid")


@pytest.mark.parametrize(("query", "count"), [("", 150), ("number: 7", 1)])
def test_histograms_count_every_log_in_its_part_of_the_time(
    cloud: Cloud, connect: Connect, query: str, count: int
) -> None:
    put(connect(*cloud.writer), items(150))
    now = int(time.time())
    asked = GetHistogramsRequest(PROJECT, LOGSTORE, now - 300, now + 60, query=query)

    answer = connect(*cloud.reader).get_histograms(asked)

    parts = answer.get_histograms()
    assert answer.get_total_count() == sum(part.count for part in parts) == count
    assert (parts[0].fromTime, parts[-1].toTime, len(parts)) == (now - 300, now + 60, 60)
    assert all(one.toTime == two.fromTime for one, two in pairwise(parts))
