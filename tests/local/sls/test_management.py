"""Projects, Logstores and indexes, by the official Python SDK."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest

from local.serving import Server
from tests.support.policies import EVERYTHING

from .support import LOGSTORE, OPEN, PROJECT, REGION, Cloud, policy

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its sources have invalid escapes, which show when they are compiled
    from aliyun.log import IndexConfig, IndexLineConfig, LogClient, LogException, PutLogsRequest

from .test_sdk import items

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utc.*:DeprecationWarning")


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


def test_a_created_logstore_accepts_writes(cloud: Cloud, server: Server) -> None:
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


SEARCH = {"savedsearchName": "mine", "displayName": "Mine", "searchQuery": "*"}


@pytest.mark.parametrize(
    ("kind", "id_key", "word"),
    [
        ("savedsearch", "savedsearchName", "SavedSearch"),
        ("dashboard", "dashboardName", "Dashboard"),
        ("alert", "name", "Job"),
    ],
)
def test_what_shows_logs_is_kept_changed_and_removed(
    cloud: Cloud, server: Server, kind: str, id_key: str, word: str
) -> None:
    client = _client(server, cloud)
    create, get, update, delete = (
        getattr(client, f"{do}_{kind}") for do in ("create", "get", "update", "delete")
    )
    create(PROJECT, {id_key: "mine", "displayName": "Mine"})
    update(PROJECT, {id_key: "mine", "displayName": "Ours"})
    assert get(PROJECT, "mine").get_entity()["displayName"] == "Ours"
    refused: list[tuple[Callable[[], object], str]] = [
        (lambda: create(PROJECT, {id_key: "mine", "displayName": "Mine"}), f"{word}AlreadyExist"),
        (lambda: create(PROJECT, {id_key: "other"}), "ParameterInvalid"),
        (lambda: create("none-such", {id_key: "mine", "displayName": "Mine"}), "ProjectNotExist"),
        (lambda: get(PROJECT, "other"), f"{word}NotExist"),
        (lambda: update(PROJECT, {id_key: "other", "displayName": "x"}), f"{word}NotExist"),
    ]
    for call, code in refused:
        with pytest.raises(LogException) as answer:
            call()
        assert answer.value.get_error_code() == code
    delete(PROJECT, "mine")
    with pytest.raises(LogException) as gone:
        get(PROJECT, "mine")
    assert gone.value.get_error_code() == f"{word}NotExist"


def test_what_shows_logs_needs_its_right_and_goes_with_its_project(cloud: Cloud, server: Server) -> None:
    reader = _client(server, cloud, policy("log:GetSavedSearch", "acs:log:*:*:project/*/savedsearch/*"))
    operator = _client(server, cloud)
    operator.create_project("new-project", "")
    operator.create_savedsearch("new-project", SEARCH)
    assert reader.get_savedsearch("new-project", "mine").get_entity()["searchQuery"] == "*"
    for call in (reader.create_savedsearch, reader.update_savedsearch):
        with pytest.raises(LogException) as refused:
            call("new-project", SEARCH)
        assert refused.value.get_error_code() == "Unauthorized"
    operator.delete_project("new-project")
    operator.create_project("new-project", "")
    with pytest.raises(LogException) as gone:
        reader.get_savedsearch("new-project", "mine")
    assert gone.value.get_error_code() == "SavedSearchNotExist"


@pytest.mark.parametrize(
    ("index", "accepted"),
    [
        ({"keys": {"event": {"type": "text"}}}, True),
        ({"keys": {"event": {"type": "words"}}}, False),
        ({"keys": {"event": {}}}, False),
        ({"line": {"token": [","]}, "storage": "pg"}, False),
        ({"line": {}}, False),
    ],
)
def test_an_index_that_the_service_would_refuse(
    cloud: Cloud, server: Server, index: dict[str, Any], accepted: bool
) -> None:
    class Sent:
        def to_json(self) -> dict[str, Any]:
            return index

    client = _client(server, cloud)
    if accepted:
        client.create_index(PROJECT, LOGSTORE, Sent())
        return
    with pytest.raises(LogException) as refused:
        client.create_index(PROJECT, LOGSTORE, Sent())
    assert refused.value.get_error_code() == "IndexInfoInvalid"
