"""An account with Function Compute's control plane, and clients of it: the official SDK, and raw calls."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any

import httpx
from alibabacloud_fc20230330 import models
from alibabacloud_fc20230330.client import Client
from alibabacloud_tea_openapi.utils import Utils
from alibabacloud_tea_openapi.utils_models import Config
from darabonba.request import DaraRequest
from darabonba.runtime import RuntimeOptions

from local.fc.control import FunctionCompute
from local.fc.control.api import Code, Logstores
from local.fc.control.properties import BUILT_IN
from local.oss import OssStandIn
from local.ram import AccessKey, Ram
from local.serving import Server
from tests.support.policies import EVERYTHING

HERE = next(
    (name for name, version in BUILT_IN.items() if version == "{}.{}".format(*sys.version_info[:2])),
    "python3.12",
)
"""The runtime of this very interpreter; another where Function Compute has none of it."""
REGION, BUCKET = "cn-hangzhou", "fc-temp-code"
CODE = """
import json, os, sys

def handler(event, context):
    seen = json.loads(event)
    what = seen if isinstance(seen, dict) and "do" in seen else {"do": "look"}
    if what["do"] == "fail":
        raise ValueError("on purpose")
    if what["do"] == "print":
        print("printed", what["text"])
    return {"statusCode": 200, "headers": {}, "isBase64Encoded": False, "body": json.dumps({
        "version": list(sys.version_info[:2]),
        "path": [entry for entry in sys.path if "site-packages" in entry or "dist-packages" in entry],
        "modules": sorted(name for name in ("starlette", "shared", "functions") if _found(name)),
        "environment": {name: value for name, value in os.environ.items() if name.startswith(("A_", "SLS_"))},
        "key": os.environ.get("ALIBABA_CLOUD_ACCESS_KEY_ID", ""),
        "initialized": INITIALIZED, "code": CODE, "pid": os.getpid()})}

def _found(name):
    import importlib.util
    return importlib.util.find_spec(name) is not None

INITIALIZED = []
CODE = 1

def initialize(context):
    INITIALIZED.append(context.function.name)
"""


def zipped(**files: str) -> bytes:
    """An archive of files, by module name."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.py", text)
    return data.getvalue()


@dataclass
class Cloud:
    """A served control plane; `printed` has the functions' output and their logConfig."""

    ram: Ram
    oss: OssStandIn
    fc: FunctionCompute
    url: str
    oss_url: str
    key: AccessKey
    printed: list[tuple[str, str, str]] = field(default_factory=list)
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))

    def sdk(self, key: AccessKey | None = None) -> Client:
        """The official SDK with this key, by default one with all permissions."""
        identifier, secret = key or self.key
        address = self.url.removeprefix("http://")
        return Client(
            Config(
                access_key_id=identifier,
                access_key_secret=secret,
                protocol="http",
                endpoint=address,
                region_id=REGION,
            )
        )

    def create(self, name: str = "sample", *, code: str = CODE, **properties: Any) -> None:
        """Create a function for the current CPython, by the official SDK."""
        zip_file = base64.b64encode(zipped(index=code)).decode()
        made = {"function_name": name, "handler": "index.handler", "runtime": HERE, "timeout": 10}
        made |= {"code": models.InputCodeLocation(zip_file=zip_file), **properties}
        body = models.CreateFunctionInput(**made)
        self.sdk().create_function(models.CreateFunctionRequest(body=body))

    def trigger(self, name: str = "sample", **config: Any) -> str:
        """An HTTP trigger, by the official SDK; returns its address."""
        made = {"authType": "anonymous", "methods": ["GET", "POST"], "disableURLInternet": False, **config}
        body = models.CreateTriggerInput(
            trigger_name="http", trigger_type="http", trigger_config=json.dumps(made)
        )
        answer = self.sdk().create_trigger(name, models.CreateTriggerRequest(body=body))
        return str(answer.body.http_trigger.url_internet)

    def invoke(self, name: str = "sample", event: object = None, **headers: str) -> Any:
        """InvokeFunction, by the official SDK."""
        request = models.InvokeFunctionRequest(body=io.BytesIO(json.dumps(event or {}).encode()))
        return self.sdk().invoke_function_with_options(
            name, request, models.InvokeFunctionHeaders(**headers), RuntimeOptions()
        )

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        *,
        key: AccessKey | None = None,
    ) -> httpx.Response:
        """A call signed with ACS3, as the official SDKs of all languages sign it."""
        identifier, secret = key or self.key
        content = json.dumps(body).encode() if body is not None else b""
        request = DaraRequest()
        request.method, request.pathname = method, path
        request.query = dict(query or {})
        request.headers = {
            "host": self.url.removeprefix("http://"),
            "x-acs-version": "2023-03-30",
            "x-acs-action": "Any",
            "x-acs-date": Utils.get_timestamp(),
            "x-acs-signature-nonce": Utils.get_nonce(),
            "x-acs-content-sha256": Utils.hash(content, "ACS3-HMAC-SHA256").hex(),
        }
        if content:
            request.headers["content-type"] = "application/json; charset=utf-8"
        request.headers["Authorization"] = Utils.get_authorization(
            request, "ACS3-HMAC-SHA256", request.headers["x-acs-content-sha256"], identifier, secret
        )
        return self.client.request(
            method, self.url + path, params=query, headers=request.headers, content=content
        )

    def token(self, *, key: AccessKey | None = None, date: float | None = None) -> httpx.Response:
        """GetTempBucketToken, with the signature of FC 2.0."""
        identifier, secret = key or self.key
        headers = {
            "date": formatdate(date or time.time(), usegmt=True),
            "x-fc-account-id": self.ram.account_id,
        }
        path = "/2016-08-15/tempBucketToken"
        text = f"GET\n\n\n{headers['date']}\nx-fc-account-id:{self.ram.account_id}\n{path}"
        headers["authorization"] = f"FC {identifier}:{_signed(secret, text)}"
        return self.client.get(self.url + path, headers=headers)


def _signed(secret: str, text: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()


@contextmanager
def running_cloud(minute: float = 0.1) -> Iterator[Cloud]:
    """An account with two Logstores of one Project, served on loopback."""
    ram = Ram()
    oss = OssStandIn(ram, region=REGION)
    oss.create(BUCKET)
    stores = {"shop-logs": {"function-logs", "web"}}
    printed: list[tuple[str, str, str]] = []

    def problem(project: str, logstore: str) -> str:
        if project not in stores:
            return f"project '{project}' does not exist"
        return "" if logstore in stores[project] else f"logstore '{logstore}' does not exist"

    def sink(logs: Mapping[str, Any], function: str, _: str, line: str) -> None:
        printed.append((str(logs.get("logstore", "")), function, line))

    with ExitStack() as stack:
        fc = FunctionCompute(
            ram,
            code=Code(BUCKET, oss.read),
            logstores=Logstores(problem),
            sink=sink,
            endpoints={"SLS_ENDPOINT": "http://127.0.0.1:1"},
            minute=minute,
        )
        server = stack.enter_context(Server(fc))
        oss_server = stack.enter_context(Server(oss.app))
        stack.callback(fc.stop)
        key = ram.add_user("ops", [EVERYTHING])
        running = Cloud(ram, oss, fc, server.url, oss_server.url, key, printed)
        stack.callback(running.client.close)
        yield running


def recorded(name: str) -> list[dict[str, Any]]:
    """The calls of Serverless Devs' fc3 in one of its runs, in order."""
    text = (Path(__file__).parent / "recorded" / f"{name}.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]
