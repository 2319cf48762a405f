"""The calls of a deployment, by the official SDKs of Function Compute and OSS."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from email.utils import formatdate
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import alibabacloud_oss_v2 as oss
import requests
from alibabacloud_fc20230330 import models
from alibabacloud_fc20230330.client import Client
from alibabacloud_tea_openapi.exceptions import ClientException
from alibabacloud_tea_openapi.utils_models import Config

_TOKEN_PATH = "/2016-08-15/tempBucketToken"
_TIMEOUT = 30  # seconds


class MissingKey(Exception):
    """An environment variable that a deployment needs is not set."""


class Account(NamedTuple):
    """The deploying identity, and the endpoints of FC and OSS, from the variables of `s` and fc3."""

    id: str
    key: str
    secret: str
    endpoint: str
    oss_endpoint: str
    region: str

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Account:
        """Raises MissingKey."""

        def variable(name: str) -> str:
            if not environ.get(name):
                raise MissingKey(f"{name} is not set")
            return environ[name]

        return cls(
            id=variable("AccountID"),
            key=variable("AccessKeyID"),
            secret=variable("AccessKeySecret"),
            endpoint=variable("FC_CLIENT_CUSTOM_ENDPOINT"),
            oss_endpoint=variable("FC_CODE_TEMP_OSS_ENDPOINT"),
            region=environ.get("DEPLOY_REGION", "cn-hangzhou"),
        )


class Api:
    """The calls. Each may raise the SDK's ClientException."""

    def __init__(self, account: Account) -> None:
        address = urlsplit(account.endpoint)
        self._account = account
        self._client = Client(
            Config(
                access_key_id=account.key,
                access_key_secret=account.secret,
                protocol=address.scheme,
                endpoint=address.netloc,
                region_id=account.region,
            )
        )

    def function(self, name: str) -> Any:
        """Return the function, or None."""
        request = models.GetFunctionRequest()
        return _or_none(lambda: self._client.get_function(name, request).body, "FunctionNotFound")

    def create(self, body: Mapping[str, Any]) -> None:
        """CreateFunction."""
        given = models.CreateFunctionInput().from_map(body)
        self._client.create_function(models.CreateFunctionRequest(body=given))

    def update(self, name: str, body: Mapping[str, Any]) -> None:
        """UpdateFunction."""
        given = models.UpdateFunctionInput().from_map(body)
        self._client.update_function(name, models.UpdateFunctionRequest(body=given))

    def put_trigger(self, function: str, body: Mapping[str, Any]) -> None:
        """CreateTrigger, or UpdateTrigger if it exists."""
        name = str(body["triggerName"])
        missing = ("TriggerNotFound", "FunctionNotFound")
        if _or_none(lambda: self._client.get_trigger(function, name).body, *missing) is None:
            given = models.CreateTriggerInput().from_map(body)
            self._client.create_trigger(function, models.CreateTriggerRequest(body=given))
        else:
            given = models.UpdateTriggerInput().from_map(body)
            self._client.update_trigger(function, name, models.UpdateTriggerRequest(body=given))

    def put_async(self, function: str, body: Mapping[str, Any]) -> None:
        """PutAsyncInvokeConfig."""
        given = models.PutAsyncInvokeConfigInput().from_map(body)
        request = models.PutAsyncInvokeConfigRequest(qualifier="LATEST", body=given)
        self._client.put_async_invoke_config(function, request)

    def reserve(self, function: str, instances: int) -> None:
        """PutConcurrencyConfig."""
        body = models.PutConcurrencyInput(reserved_concurrency=instances)
        self._client.put_concurrency_config(function, models.PutConcurrencyConfigRequest(body=body))

    def url(self, function: str, trigger: str) -> str:
        """Return the address of a trigger, "" if it has none."""
        found = self._client.get_trigger(function, trigger).body.http_trigger
        return str(found.url_internet) if found else ""

    def delete(self, function: str, triggers: list[str]) -> None:
        """Delete the triggers, the limit and the function, as far as they exist."""
        for trigger in triggers:
            _or_none(partial(self._client.delete_trigger, function, trigger), "TriggerNotFound")
        _or_none(lambda: self._client.delete_concurrency_config(function), "ConcurrencyConfigNotFound")
        self._client.delete_function(function)

    def upload(self, code: bytes) -> dict[str, str]:
        """Upload the code to the temporary bucket; returns its location in the form of CreateFunction."""
        token = self._bucket_token()
        issued = token["credentials"]
        keys = oss.credentials.StaticCredentialsProvider(
            *(issued[name] for name in ("AccessKeyId", "AccessKeySecret", "SecurityToken"))
        )
        config = oss.Config(
            region=self._account.region,
            endpoint=self._account.oss_endpoint,
            credentials_provider=keys,
            use_path_style=True,
            signature_version="v1",
        )
        place = {
            "ossBucketName": token["ossBucket"],
            "ossObjectName": f"{self._account.id}/{token['objectName']}",
        }
        put = oss.PutObjectRequest(place["ossBucketName"], place["ossObjectName"], body=code)
        oss.Client(config).put_object(put)
        return place

    def _bucket_token(self) -> dict[str, Any]:
        """GetTempBucketToken of FC 2.0's API; the SDK of 3.0 lacks it ("Signature authentication")."""
        account = self._account
        date = formatdate(usegmt=True)
        text = f"GET\n\n\n{date}\nx-fc-account-id:{account.id}\n{_TOKEN_PATH}"
        digest = hmac.new(account.secret.encode(), text.encode(), hashlib.sha256).digest()
        headers = {
            "date": date,
            "x-fc-account-id": account.id,
            "authorization": f"FC {account.key}:{base64.b64encode(digest).decode()}",
        }
        answer = requests.get(account.endpoint + _TOKEN_PATH, headers=headers, timeout=_TIMEOUT)
        found: dict[str, Any] = answer.json()
        if answer.status_code != 200:
            raise ClientException(
                status_code=answer.status_code, code=found["Code"], message=found["Message"]
            )
        return found


def _or_none(call: Callable[[], Any], *codes: str) -> Any:
    try:
        return call()
    except ClientException as error:
        if error.code not in codes:
            raise
        return None
