"""ApiError, the only exception that becomes an error answer.

Each kind has an `errorCode`, an HTTP status and a log level. An `ApiError` adds the text for the client
(`message`) and the text for the log only (`detail`).
"""

from __future__ import annotations

import logging

import msgspec


class ErrorKind(msgspec.Struct, frozen=True):
    """The properties that all errors of a kind share."""

    code: str
    status: int
    level: int


POST_BODY_INVALID = ErrorKind("PostBodyInvalid", 400, logging.INFO)
UNCOMPRESS_ERROR = ErrorKind("PostBodyUncompressError", 400, logging.INFO)
INVALID_COMPRESS_TYPE = ErrorKind("InvalidCompressType", 400, logging.INFO)
ORIGIN_NOT_ALLOWED = ErrorKind("OriginNotAllowed", 403, logging.WARNING)
TICKET_INVALID = ErrorKind("TicketInvalid", 403, logging.WARNING)
LOGSTORE_NOT_EXIST = ErrorKind("LogStoreNotExist", 404, logging.INFO)
NOT_FOUND = ErrorKind("NotFound", 404, logging.INFO)
METHOD_NOT_SUPPORTED = ErrorKind("MethodNotSupported", 405, logging.INFO)
POST_BODY_TOO_LARGE = ErrorKind("PostBodyTooLarge", 413, logging.INFO)
PARAMETER_TOO_LARGE = ErrorKind("ParameterTooLarge", 414, logging.INFO)
WRITE_QUOTA_EXCEED = ErrorKind("WriteQuotaExceed", 429, logging.WARNING)
REQUEST_RATE_EXCEEDED = ErrorKind("RequestRateExceeded", 429, logging.WARNING)
INTERNAL_SERVER_ERROR = ErrorKind("InternalServerError", 500, logging.ERROR)
UPSTREAM_REJECTED = ErrorKind("UpstreamRejected", 502, logging.ERROR)
SERVER_BUSY = ErrorKind("ServerBusy", 503, logging.ERROR)


class ApiError(Exception):
    """The request is answered with an error.

    `message` is sent to the client, so it must not contain configuration or upstream messages;
    `detail` is only logged; `headers` are added to the answer (`Allow`, `Retry-After`).
    """

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        *,
        detail: str | None = None,
        retry_after: int | None = None,
        allow: tuple[str, ...] | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.detail = detail
        self.headers: dict[str, str] = {}
        if retry_after is not None:
            self.headers["Retry-After"] = str(retry_after)
        if allow is not None:
            self.headers["Allow"] = ", ".join(allow)
