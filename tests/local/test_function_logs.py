from __future__ import annotations

import json
import re

import httpx

from local.function_logs import LOGSTORE, into_store
from local.sls import Store
from local.stack import FREE_PORTS, Stack
from tests.support.waiting import until


def test_what_a_function_prints_is_kept_and_passed_on() -> None:
    store, shown = Store(), []
    log = into_store(store, "demo", lambda *line: shown.append(line))

    log("track", "1-a", '[INFO] {"event":"answered"}')

    (kept,) = store.query()
    assert (kept.project, kept.logstore, kept.topic) == ("demo", "function-logs", "FCLogs:track")
    message = kept.fields.pop("message")
    assert kept.fields == {"functionName": "track", "qualifier": "LATEST", "requestId": "1-a"}
    assert re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z 1-a \[INFO\] {"event":"answered"}', message)
    assert shown == [("track", "1-a", '[INFO] {"event":"answered"}')]
    store.close()
    log("track", "1-b", "after the end")
    assert len(shown) == 2


def test_a_request_is_in_the_function_logs_of_the_laptop() -> None:
    with Stack(ports=FREE_PORTS, environ={}, log=lambda *_: None) as stack:
        answer = httpx.get(f"{stack.functions_url}/logstores/nope/track?APIVersion=0.6.0&a=b")

        until(lambda: stack.sls.store.query(LOGSTORE, "LogStoreNotExist") != [])
        (kept,) = stack.sls.store.query(LOGSTORE, "LogStoreNotExist")
        assert stack.sls.store.query(contains="LogStoreNotExist") == []
        assert stack.sls.store.counts() == {}

    line = json.loads(kept.fields["message"].partition("[INFO] ")[2])
    assert line["requestId"] == answer.headers["x-log-requestid"]
    assert (line["event"], line["status"]) == ("refused", 404)
