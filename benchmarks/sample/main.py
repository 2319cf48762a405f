"""A Flask application with the guide's structure: for each request a client, its credentials, and a call.

It runs with its own packages (requirements/sample.txt), never with the project's.
"""

from __future__ import annotations

import json
import os

from alibabacloud_credentials.client import Client as CredentialClient
from alibabacloud_sts20150401.client import Client as StsClient
from alibabacloud_sts20150401.models import AssumeRoleRequest
from alibabacloud_tea_openapi.models import Config
from flask import Flask  # type: ignore[import-not-found, unused-ignore]

app = Flask(__name__)


def get_sts_token() -> str:
    """Request a new credential from STS for every call."""
    config = Config(region_id="cn-hangzhou", credential=CredentialClient())
    scheme, _, config.endpoint = os.environ["STS_ENDPOINT"].partition("://")
    config.protocol = scheme
    wanted = AssumeRoleRequest(role_arn=os.environ["STS_ROLE_ARN"], role_session_name="benchmark")
    answer = StsClient(config).assume_role(wanted)
    return json.dumps(answer.body.credentials.to_map())


app.add_url_rule("/get_sts_token", view_func=get_sts_token, methods=["GET"])


def answer_one() -> None:
    """Answer one request without a server. Raises AssertionError if the answer is not a credential."""
    answer = app.test_client().get("/get_sts_token")
    assert answer.status_code == 200, answer.status_code  # noqa: S101 - a refusal would be a fast answer
    assert "SecurityToken" in answer.get_json(force=True)  # noqa: S101
