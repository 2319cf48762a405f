"""The defects: each breaks one thing in answers, and the names of the checks that must say so."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from tests.ops.verify.conftest import ORIGIN
from tests.ops.verify.proxy import Asked, Break, Reply

EVERY_PREFLIGHT = {"track: preflight of an allowed origin", "token: preflight of an allowed origin"}
REFUSALS = {
    "track: preflight of a refused origin",
    "track: POST of a refused origin",
    "token: GET of a refused origin",
}
CORS = {
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "vary",
}


def no_cors_on_errors(_: Asked, reply: Reply) -> Reply:
    return reply.without(*CORS) if reply.status >= 400 else reply


def origin_twice(_: Asked, reply: Reply) -> Reply:
    return reply._replace(headers=[*reply.headers, ("access-control-allow-origin", ORIGIN)])


def origin_twice_in_one_line(asked: Asked, reply: Reply) -> Reply:
    if asked.method == "OPTIONS":
        return reply
    return reply.with_header("access-control-allow-origin", f"{asked.origin}, {asked.origin}")


def exposed_headers_twice(_: Asked, reply: Reply) -> Reply:
    return reply._replace(headers=[*reply.headers, ("access-control-expose-headers", "x-log-requestid")])


def any_origin_with_credentials(asked: Asked, reply: Reply) -> Reply:
    echoed = reply.with_header("access-control-allow-origin", asked.origin)
    return echoed.with_header("access-control-allow-credentials", "true")


def no_vary(_: Asked, reply: Reply) -> Reply:
    return reply.without("vary")


def hidden_request_id(_: Asked, reply: Reply) -> Reply:
    return reply.without("access-control-expose-headers")


def status_204(asked: Asked, reply: Reply) -> Reply:
    empty = asked.path.endswith("/track") and asked.method != "OPTIONS" and reply.status == 200
    return reply._replace(status=204) if empty else reply


def ok_with_an_error_body(asked: Asked, reply: Reply) -> Reply:
    taken = asked.method == "POST" and reply.status == 200
    return reply._replace(body=b'{"errorCode":"ServerBusy","errorMessage":"x"}') if taken else reply


def cached_token(asked: Asked, reply: Reply) -> Reply:
    if not asked.path.endswith("/get_sts_token"):
        return reply
    return reply.with_header("cache-control", "public, max-age=300")


def more_in_the_token(_: Asked, reply: Reply) -> Reply:
    return token_with(reply, lambda token: {**token, "RoleArn": "acs:ram::1:role/x"})


def less_in_the_token(_: Asked, reply: Reply) -> Reply:
    return token_with(reply, lambda token: {name: token[name] for name in token if name != "Expiration"})


def token_about_to_end(_: Asked, reply: Reply) -> Reply:
    end = datetime.now(timezone.utc) + timedelta(minutes=5)
    return token_with(reply, lambda token: {**token, "Expiration": f"{end:%Y-%m-%dT%H:%M:%SZ}"})


def token_with(reply: Reply, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Reply:
    if b"SecurityToken" not in reply.body:
        return reply
    return reply._replace(body=json.dumps(change(json.loads(reply.body))).encode())


def taken_all_the_same(code: str, marker: str) -> Break:
    """Answers 200 where track refuses with `code` what holds `marker`."""

    def broken(asked: Asked, reply: Reply) -> Reply:
        refused = code.encode() in reply.body and marker.encode() in asked.body[:200]
        return reply._replace(status=200, body=b"").without("x-log-errorcode") if refused else reply

    return broken


def another_pixel(name: str, value: str) -> Break:
    """A pixel with another header."""

    def broken(asked: Asked, reply: Reply) -> Reply:
        return reply.with_header(name, value) if asked.path.endswith(".gif") else reply

    return broken


def anything_goes(asked: Asked, reply: Reply) -> Reply:
    listed = asked.path.endswith("/get_sts_token") and asked.method == "POST"
    return reply._replace(status=200) if listed or asked.method == "PUT" else reply


def an_error_page(asked: Asked, reply: Reply) -> Reply:
    return (
        reply._replace(status=502, body=b"<h1>Bad Gateway</h1>") if asked.path.endswith("/healthz") else reply
    )


def long_gets_are_taken(_: Asked, reply: Reply) -> Reply:
    return reply._replace(status=200, body=b"") if b"InvalidArgument" in reply.body else reply


def unknown_logstores_are_taken(_: Asked, reply: Reply) -> Reply:
    return reply._replace(status=200, body=b"") if b"LogStoreNotExist" in reply.body else reply


def options_not_listed(asked: Asked, reply: Reply) -> Reply:
    if asked.method != "OPTIONS":
        return reply
    body = b'{"Code":"AccessDenied","Message":"method OPTIONS","RequestId":"1"}'
    return Reply(403, [("x-fc-error-type", "FCCommonError")], body)


DEFECTS: list[tuple[Break, set[str]]] = [
    (no_cors_on_errors, {"CORS: on every answer", "CORS: the request's id"}),
    (origin_twice, {"CORS: no header twice", *EVERY_PREFLIGHT}),
    (origin_twice_in_one_line, {"CORS: no header twice"}),
    (exposed_headers_twice, {"CORS: no header twice"}),
    (any_origin_with_credentials, {"CORS: no credentials", *REFUSALS}),
    (no_vary, {"CORS: Vary"}),
    (hidden_request_id, {"CORS: the request's id"}),
    (status_204, {"track: POST", "track: GET"}),
    (ok_with_an_error_body, {"track: POST"}),
    (cached_token, {"token: no-store"}),
    (more_in_the_token, {"token: shape"}),
    (less_in_the_token, {"token: shape", "token: lifetime"}),
    (token_about_to_end, {"token: lifetime"}),
    (taken_all_the_same("PostBodyTooLarge", "large"), {"track: 3 MB and one byte"}),
    (taken_all_the_same("PostBodyInvalid", "many"), {"track: 4,097 logs"}),
    (taken_all_the_same("PostBodyInvalid", "deep"), {"track: 65 open brackets"}),
    (long_gets_are_taken, {"track: 16 KB of pairs"}),
    (another_pixel("content-type", "text/html"), {"track: pixel"}),
    (another_pixel("cache-control", "max-age=60"), {"track: pixel"}),
    (another_pixel("cross-origin-resource-policy", "same-origin"), {"track: pixel"}),
    (anything_goes, {"track: other methods", "token: other methods"}),
    (an_error_page, {"track is up"}),
    (unknown_logstores_are_taken, {"track: unknown Logstore"}),
    (options_not_listed, EVERY_PREFLIGHT),
]
