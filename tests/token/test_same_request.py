"""The request compared with that of the official client for the same input, nonce and time."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import msgspec
import pytest
from alibabacloud_sts20150401.models import AssumeRoleRequest
from alibabacloud_tea_openapi.utils import Utils
from pytest_mock import MockerFixture

from functions.token.assume_role import USER_AGENT, AssumeRole
from functions.token.policy import session_policy
from shared.credentials import Credentials, CredentialSource
from shared.deadline import Deadline
from shared.http.errors import ApiError
from shared.network.blocking import run
from shared.network.client import HttpClient
from tests.local.sts.cloud import ROLE, client, refusal
from tests.local.sts.conftest import close_sdk_sessions

MOMENT = 1_800_000_000.0
NONCE = "0123456789abcdef0123456789abcdef"
REFUSAL = b'{"Code":"NoPermission","RequestId":"R-1","Message":"no"}'
ANSWER = b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(REFUSAL) + REFUSAL
POLICY = session_policy("webtracking-demo", ["web-tracking-logstore", "checkout_2"])

# Headers about the HTTP clients and their connections, which STS ignores.
TRANSPORT = {"connection", "accept-encoding"}


class Recorder:
    """A server that records the bytes of each request and answers 403."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                received = b""
                while b"\r\n\r\n" not in received:
                    received += connection.recv(65536)
                self.requests.append(received)
                connection.sendall(ANSWER)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=5)


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    recorder = Recorder()
    yield recorder
    recorder.close()
    close_sdk_sessions()


def parts(request: bytes) -> tuple[str, dict[str, str], bytes]:
    """The request line, the headers that matter by lower-case name, and the body."""
    head, _, body = request.partition(b"\r\n\r\n")
    line, *fields = head.decode("ascii").split("\r\n")
    pairs = [field.split(": ", 1) for field in fields]
    headers = {name.lower(): value for name, value in pairs if name.lower() not in TRANSPORT}
    return line, headers, body


@pytest.mark.parametrize(
    "credentials",
    [Credentials("LTAI5tId", "secret"), Credentials("STS.NId", "secret", "CAIS+/token==")],
    ids=["long-term key", "STS token"],
)
@pytest.mark.parametrize(
    "request_model",
    [
        AssumeRoleRequest(
            role_arn=ROLE, role_session_name="sls-webtracking-c-1@x", duration_seconds=3600, policy=POLICY
        ),
        AssumeRoleRequest(role_arn=ROLE, role_session_name="ab", duration_seconds=900),
    ],
    ids=["with policy", "without policy"],
)
def test_the_signed_request_is_that_of_the_official_client(
    mocker: MockerFixture, recorder: Recorder, credentials: Credentials, request_model: AssumeRoleRequest
) -> None:
    mocker.patch.object(Utils, "get_nonce", return_value=NONCE)
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(MOMENT))
    mocker.patch.object(Utils, "get_timestamp", return_value=moment)
    mocker.patch.object(Utils, "get_user_agent", return_value=USER_AGENT)

    official = client(recorder.port, *msgspec.structs.astuple(credentials))
    assert refusal(official, **vars(request_model)) == (403, "NoPermission")
    upstream = HttpClient(f"http://127.0.0.1:{recorder.port}")
    ours = AssumeRole(upstream, CredentialSource({}), request_model, stamp=lambda: (MOMENT, NONCE))
    with pytest.raises(ApiError):
        run(ours(credentials, Deadline(5)))

    expected, sent = (parts(request) for request in recorder.requests)
    assert sent == expected
    assert sent[1]["authorization"].startswith(f"ACS3-HMAC-SHA256 Credential={credentials.access_key_id},")
