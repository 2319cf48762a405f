"""Projects, Logstores and indexes, by the official Python SDK."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest

from local.serving import Server

from .support import LOGSTORE, OPEN, PROJECT, REGION, Cloud, policy

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its sources have invalid escapes, which show when they are compiled
    from aliyun.log import IndexConfig, IndexLineConfig, LogClient, LogException, PutLogsRequest

from .test_sdk import items

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utc.*:DeprecationWarning")

EVERYTHING = policy("*", "*")


def _client(server: Server, cloud: Cloud, *allowed: Any, version: str = "v4") -> Any:
    key = cloud.ram.add_user("operator", list(allowed) or [EVERYTHING])
    client: Any = LogClient(server.url, *key, source="10.0.0.1", auth_version=version, region=REGION)
    client._isRowIp = True
    return client


@pytest.mark.parametrize("version", ["v1", "v4"])
def test_what_there_is_can_be_listed_and_looked_at(cloud: Cloud, server: Server, version: str) -> None:
    client = _client(server, cloud, version=version)
    assert client.list_logstore(PROJECT).get_logstores() == [LOGSTORE, OPEN]
    assert client.get_logstore(PROJECT, OPEN).get_enable_tracking() is True
    assert client.get_logstore(PROJECT, LOGSTORE).get_enable_tracking() is False
    assert client.get_project(PROJECT).get_region() == REGION


def test_what_is_created_can_be_written_to(cloud: Cloud, server: Server) -> None:
    client = _client(server, cloud)
    client.create_project("new-project", "")
    client.create_logstore("new-project", "new", ttl=7)
    client.put_logs(PutLogsRequest("new-project", "new", "", "", items(2)))
    assert cloud.sls.store.counts() == {"new": 2}
    client.delete_logstore("new-project", "new")
    with pytest.raises(LogException) as gone:
        client.put_logs(PutLogsRequest("new-project", "new", "", "", items(1)))
    assert gone.value.get_error_code() == "LogStoreNotExist"
    client.delete_project("new-project")
    with pytest.raises(LogException) as none:
        client.get_project("new-project")
    assert none.value.get_error_code() == "ProjectNotExist"


def test_webtracking_is_turned_on_and_off_for_the_next_request(cloud: Cloud, server: Server) -> None:
    client = _client(server, cloud)
    track = f"/logstores/{LOGSTORE}/track"
    for enabled, status in ((True, 200), (False, 401)):
        client.update_logstore(PROJECT, LOGSTORE, enable_tracking=enabled)
        assert cloud.client.post(track, json={"__logs__": [{"a": "b"}]}).status_code == status


def test_an_index_is_made_changed_and_removed(cloud: Cloud, server: Server) -> None:
    client = _client(server, cloud)
    with pytest.raises(LogException) as none:
        client.get_index_config(PROJECT, LOGSTORE)
    assert none.value.get_error_code() == "IndexConfigNotExist"
    for tokens, do in (([","], client.create_index), ([";"], client.update_index)):
        do(PROJECT, LOGSTORE, IndexConfig(line_config=IndexLineConfig(tokens)))
        assert client.get_index_config(PROJECT, LOGSTORE).get_body()["line"]["token"] == tokens
    client.delete_index(PROJECT, LOGSTORE)


def test_each_operation_needs_its_right(cloud: Cloud, server: Server) -> None:
    client = _client(server, cloud, policy("log:GetLogStore", "acs:log:*:*:project/*"))
    assert client.get_logstore(PROJECT, LOGSTORE).get_enable_tracking() is False
    refused: list[Callable[[], object]] = [
        lambda: client.list_logstore(PROJECT),
        lambda: client.get_project(PROJECT),
        lambda: client.create_project("new-project", ""),
        lambda: client.create_logstore(PROJECT, "new"),
        lambda: client.get_index_config(PROJECT, LOGSTORE),
    ]
    for call in refused:
        with pytest.raises(LogException) as answer:
            call()
        assert answer.value.get_error_code() == "Unauthorized"
    assert "new" not in cloud.sls.management.projects[PROJECT]


@pytest.mark.parametrize(
    ("project", "name", "code"),
    [
        (PROJECT, LOGSTORE, "LogStoreAlreadyExist"),
        (PROJECT, "-new", "ParameterInvalid"),
        ("none-such", "new", "ProjectNotExist"),
    ],
)
def test_a_logstore_that_cannot_be_is_refused(
    cloud: Cloud, server: Server, project: str, name: str, code: str
) -> None:
    with pytest.raises(LogException) as refused:
        _client(server, cloud).create_logstore(project, name)
    assert refused.value.get_error_code() == code
