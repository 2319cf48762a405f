"""Target: all of track, from FC's event to FC's answer, with an upstream that sends anything."""

from __future__ import annotations

import base64
import json
import logging
from typing import Any
from urllib.parse import parse_qsl

from functions.track.service import build
from shared.hosts.builtin import Function
from tests.fuzz.scripted import CONFIRMED, ScriptedNetwork, Sent
from tests.support.fc import context, event
from tests.support.raw_server import answer, sls_error
from tests.track.support import KEY_ID, LOGSTORE, SECRET, SETTINGS, TOKEN, Reply, check

SOURCE = "203.0.113.77"
BODY = 3 * 1024 * 1024
LOGS = 4096
# The contract's statuses with their codes; never 500, which is a bug.
CONTRACT = {
    (200, ""),
    *((400, code) for code in ("PostBodyInvalid", "PostBodyUncompressError", "InvalidCompressType")),
    (403, "OriginNotAllowed"),
    *((404, code) for code in ("LogStoreNotExist", "NotFound")),
    (405, "MethodNotSupported"),
    (413, "PostBodyTooLarge"),
    (414, "ParameterTooLarge"),
    (429, "WriteQuotaExceed"),
    (502, "UpstreamRejected"),
    (503, "ServerBusy"),
}
# The upstream's first answer, by name; the first word of a case selects one.
UPSTREAMS: dict[str, tuple[bytes, ...]] = {
    "up": (CONFIRMED,),
    "down": (b"",),
    "garbage": (b"\xff\x00\r\n\r\n",),
    "late": (b"", CONFIRMED),
    "expired": (sls_error(401, "Unauthorized"), CONFIRMED),
    "busy": (sls_error(503, "ServerBusy"), CONFIRMED),
    "quota": (sls_error(403, "WriteQuotaExceed"),),
    "refusing": (sls_error(404, "ProjectNotExist"),),
    "nonsense": (answer(400, b'{"errorCode":"\xff"}'),),
}
MODES: dict[str, dict[str, str]] = {
    "signed": {},
    "anonymous": {"SLS_WRITE": "anonymous"},
    "listed": {"ALLOWED_ORIGINS": "https://*.example.com,http://localhost:*", "CLIENT_IP": "truncate"},
    "audit": {
        "ALLOWED_ORIGINS": "https://a.example.com",
        "ORIGIN_MODE": "audit",
        "CLIENT_IP_HEADER": "X-From",
    },
}
SECRETS = (SECRET, TOKEN, "SLS-SAYS-THIS")


def handler(data: bytes) -> None:
    """Input as text: `mode upstream METHOD target`, one header per line, an empty line, the body.

    A body that is not text is in base64, as in FC. A case without the first line is a raw event.
    """
    mode, upstream, asked = _case(data)
    network = ScriptedNetwork(UPSTREAMS[upstream])
    function = Function(lambda _: build(settings, network))
    settings = {**SETTINGS, "SLS_ENDPOINT": "http://sls.test", **MODES[mode]}
    lines = _Lines()
    root = logging.getLogger()
    level = root.level
    root.addHandler(lines)
    root.setLevel(logging.DEBUG)
    try:
        given = function.handle(asked, context(3))
    finally:
        root.setLevel(level)
        root.removeHandler(lines)
    json.dumps(given).encode()
    reply = check(given)
    _keeps_the_contract(reply, network, upstream)
    for sent in network.requests():
        _may_be_forwarded(sent, mode)
    _keeps_secrets(given, lines.said)


def _case(data: bytes) -> tuple[str, str, bytes]:
    head, _, body = data.partition(b"\n\n")
    line, *headers = head.decode("utf-8", "replace").split("\n")
    words = line.split(" ", 3)
    if len(words) < 4 or words[0] not in MODES or words[1] not in UPSTREAMS:
        return "signed", "up", data
    mode, upstream, method, target = words
    path, _, query = target.partition("?")
    named = {name: value for name, _, value in (header.partition(": ") for header in headers)}
    asked = event(
        method,
        path,
        _as_fc_has_it(body),
        query=dict(parse_qsl(query, keep_blank_values=True)),
        headers=named,
        source_ip=SOURCE,
    )
    return mode, upstream, asked


def _as_fc_has_it(body: bytes) -> str | bytes:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def _keeps_the_contract(reply: Reply, network: ScriptedNetwork, upstream: str) -> None:
    code = reply.headers.get("x-log-errorcode", "")
    assert (reply.status, code) in CONTRACT
    if reply.headers.get("content-type") == "image/gif":
        assert reply.body[:6] == b"GIF89a"
    elif reply.status != 200:
        assert set(reply.json()) == {"errorCode", "errorMessage"}
        assert reply.json()["errorCode"] == code
    assert ("retry-after" in reply.headers) == (reply.status in (429, 503))
    if 400 <= reply.status <= 414:
        assert network.sent == []
    if reply.status == 200 and network.sent:
        assert network.script() == CONFIRMED
    if reply.status in (429, 502, 503):
        assert network.sent
        assert upstream != "up"
    assert len(network.sent) <= 6


def _may_be_forwarded(sent: Sent, mode: str) -> None:
    place = "track" if mode == "anonymous" else "shards/lb"
    assert sent.line in [f"POST /logstores/{name}/{place} HTTP/1.1" for name in (LOGSTORE, "checkout")]
    assert sent.headers["host"] == "sls.test"
    assert ("authorization" in sent.headers) == (mode != "anonymous")
    body: dict[str, Any] = json.loads(sent.body, parse_constant=_refuse)
    assert set(body) <= {"__topic__", "__source__", "__tags__", "__logs__"}
    assert 1 <= len(body["__logs__"]) <= LOGS
    for log in body["__logs__"]:
        if mode != "anonymous":
            assert type(log.pop("__time__")) is int
        _is_text(log)
        assert not {"__tag__:client_ip", "__tag__:__client_ip__"} & set(log)
    _is_text(body["__tags__"])
    _is_text({name: body[name] for name in ("__topic__", "__source__") if name in body})
    if mode == "anonymous":
        assert len(sent.body) <= BODY
    if mode != "audit":
        assert body["__tags__"]["client_ip"] == ("203.0.113.0" if mode == "listed" else SOURCE)


def _is_text(members: dict[str, Any]) -> None:
    for name, value in members.items():
        assert type(value) is str
        (name + value).encode()  # no lone surrogate


def _keeps_secrets(given: dict[str, Any], said: list[str]) -> None:
    body = base64.b64decode(given["body"]) if given["isBase64Encoded"] else given["body"].encode()
    shown = f"{given['headers']}{body!r}"
    for secret in (*SECRETS, KEY_ID):
        assert secret not in shown
        assert not any(secret in line for line in said)
    for line in said:
        assert "\n" not in line
        json.loads(line)


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")
