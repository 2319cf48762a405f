"""The official SDK creates, reads, updates, invokes and removes functions and triggers."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from alibabacloud_fc20230330 import models
from alibabacloud_tea_openapi.exceptions import ClientException

from tests.local.fc.control.cloud import CODE, HERE, Cloud, zipped
from tests.support.waiting import in_some_try, until

ROLE = "acs:ram::1234567890123456:role/sample"


def test_a_function_from_its_creation_to_its_end(cloud: Cloud) -> None:
    sdk = cloud.sdk()
    cloud.create(description="first", environment_variables={"A_B": "c", "A_EMPTY": ""})
    found = sdk.get_function("sample", models.GetFunctionRequest()).body
    assert (found.function_name, found.runtime, found.handler) == ("sample", HERE, "index.handler")
    assert (found.state, found.last_update_status) == ("Active", "Successful")
    assert found.function_arn == "acs:fc:cn-hangzhou:1234567890123456:functions/sample"
    assert found.environment_variables == {"A_B": "c", "A_EMPTY": ""}
    assert found.code_size == len(zipped(index=CODE))

    change = models.UpdateFunctionInput(description="second", timeout=20)
    changed = sdk.update_function("sample", models.UpdateFunctionRequest(body=change)).body
    assert (changed.description, changed.timeout, changed.runtime) == ("second", 20, HERE)
    assert changed.code_checksum == found.code_checksum

    listed = sdk.list_functions(models.ListFunctionsRequest(prefix="sam")).body.functions
    assert [one.function_name for one in listed] == ["sample"]
    assert sdk.list_functions(models.ListFunctionsRequest(prefix="x")).body.functions == []

    assert sdk.delete_function("sample").status_code == 204
    with pytest.raises(ClientException) as gone:
        sdk.get_function("sample", models.GetFunctionRequest())
    assert (gone.value.code, gone.value.status_code) == ("FunctionNotFound", 404)


def test_a_function_is_not_created_twice(cloud: Cloud) -> None:
    cloud.create()
    with pytest.raises(ClientException) as again:
        cloud.create()
    assert (again.value.code, again.value.status_code) == ("FunctionAlreadyExists", 409)


def test_triggers(cloud: Cloud) -> None:
    sdk = cloud.sdk()
    cloud.create()
    url = cloud.trigger()
    (listed,) = sdk.list_triggers("sample", models.ListTriggersRequest()).body.triggers
    assert (listed.trigger_name, listed.trigger_type, listed.qualifier) == ("http", "http", "LATEST")
    assert cloud.client.get(url + "/a").status_code == 200

    config = json.dumps({"authType": "anonymous", "methods": ["POST"], "disableURLInternet": False})
    change = models.UpdateTriggerInput(trigger_config=config)
    sdk.update_trigger("sample", "http", models.UpdateTriggerRequest(body=change))
    assert sdk.get_trigger("sample", "http").body.http_trigger.url_internet == url
    assert cloud.client.get(url).status_code == 403
    assert cloud.client.post(url).status_code == 200

    with pytest.raises(ClientException) as full:
        sdk.delete_function("sample")
    assert full.value.status_code == 409
    sdk.delete_trigger("sample", "http")
    assert cloud.client.get(url).status_code == 404
    with pytest.raises(ClientException) as gone:
        sdk.get_trigger("sample", "http")
    assert (gone.value.code, gone.value.status_code) == ("TriggerNotFound", 404)


def test_limits_of_asynchronous_calls_and_reserved_concurrency(cloud: Cloud) -> None:
    sdk = cloud.sdk()
    cloud.create()
    limits = models.PutAsyncInvokeConfigInput(max_async_retry_attempts=0, max_async_event_age_in_seconds=60)
    request = models.PutAsyncInvokeConfigRequest(body=limits, qualifier="LATEST")
    assert sdk.put_async_invoke_config("sample", request).body.max_async_retry_attempts == 0
    asked = models.GetAsyncInvokeConfigRequest(qualifier="LATEST")
    assert sdk.get_async_invoke_config("sample", asked).body.max_async_event_age_in_seconds == 60
    sdk.delete_async_invoke_config("sample", models.DeleteAsyncInvokeConfigRequest(qualifier="LATEST"))
    with pytest.raises(ClientException) as gone:
        sdk.get_async_invoke_config("sample", asked)
    assert gone.value.code == "AsyncConfigNotExists"

    def reserve(instances: int) -> None:
        body = models.PutConcurrencyInput(reserved_concurrency=instances)
        sdk.put_concurrency_config("sample", models.PutConcurrencyConfigRequest(body=body))

    reserve(100)
    assert sdk.get_concurrency_config("sample").body.reserved_concurrency == 100
    with pytest.raises(ClientException) as over:
        reserve(101)
    assert (over.value.code, over.value.status_code) == ("InvalidArgument", 400)
    sdk.delete_concurrency_config("sample")
    with pytest.raises(ClientException) as none:
        sdk.get_concurrency_config("sample")
    assert none.value.code == "ConcurrencyConfigNotFound"


def test_a_function_is_invoked(cloud: Cloud) -> None:
    lifecycle = models.InstanceLifecycleConfig(
        initializer=models.LifecycleHook(handler="index.initialize", timeout=10)
    )
    cloud.create(instance_lifecycle_config=lifecycle, environment_variables={"A_B": "c"})
    said = _said(cloud.invoke())
    assert said["initialized"] == ["sample"]
    assert said["environment"] == {"A_B": "c", "SLS_ENDPOINT": "http://127.0.0.1:1"}


def test_what_runs_sees_neither_this_repository_nor_packages_installed_here(cloud: Cloud) -> None:
    cloud.create()
    said = _said(cloud.invoke())
    assert (said["path"], said["modules"]) == ([], [])


def test_a_failure_of_the_function_is_a_200_that_says_so(cloud: Cloud) -> None:
    cloud.create()
    answer = cloud.invoke(event={"do": "fail"})
    assert answer.status_code == 200
    assert answer.headers["x-fc-error-type"] == "UnhandledInvocationError"
    assert json.loads(answer.body.read())["errorMessage"] == "on purpose"


def test_the_end_of_a_calls_output_can_be_requested(cloud: Cloud) -> None:
    cloud.create()

    def is_there() -> None:
        answer = cloud.invoke(event={"do": "print", "text": "words"}, x_fc_log_type="Tail")
        assert "printed words" in base64.b64decode(answer.headers["x-fc-log-result"]).decode()

    in_some_try(is_there)  # a moment is waited for the output, which a busy machine may exceed


def test_output_goes_where_the_log_configuration_says(cloud: Cloud) -> None:
    cloud.create(log_config=models.LogConfig(project="shop-logs", logstore="function-logs"))
    cloud.invoke(event={"do": "print", "text": "words"})
    assert until(lambda: ("function-logs", "sample", "printed words") in cloud.printed)


def test_it_acts_as_its_role(cloud: Cloud) -> None:
    cloud.ram.add_role("sample", trusted=["fc.aliyuncs.com"], policies=[])
    cloud.create(role=ROLE)
    assert _said(cloud.invoke())["key"].startswith("STS." if HERE != "python3.10" else "")


@pytest.mark.parametrize("trusted", [[], ["acs:ram::1234567890123456:root"]])
def test_a_role_that_function_compute_cannot_assume_is_named(cloud: Cloud, trusted: list[str]) -> None:
    if trusted:
        cloud.ram.add_role("sample", trusted=trusted, policies=[])
    cloud.create(role=ROLE)
    with pytest.raises(ClientException) as refused:
        cloud.invoke()
    assert (refused.value.code, refused.value.status_code) == ("AccessDenied", 403)
    assert ROLE in refused.value.message


def _said(answer: Any) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(json.loads(answer.body.read())["body"])
    return said
