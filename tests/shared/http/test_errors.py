"""The error type, and the contract's table of codes."""

from __future__ import annotations

import pytest

from shared.http import errors
from shared.http.errors import ApiError, ErrorKind

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, ErrorKind)]


def test_codes_and_statuses_are_the_contracts() -> None:
    assert {kind.code: kind.status for kind in KINDS} == {
        "PostBodyInvalid": 400,
        "PostBodyUncompressError": 400,
        "InvalidCompressType": 400,
        "OriginNotAllowed": 403,
        "TicketInvalid": 403,
        "LogStoreNotExist": 404,
        "NotFound": 404,
        "MethodNotSupported": 405,
        "PostBodyTooLarge": 413,
        "ParameterTooLarge": 414,
        "WriteQuotaExceed": 429,
        "RequestRateExceeded": 429,
        "InternalServerError": 500,
        "UpstreamRejected": 502,
        "ServerBusy": 503,
    }


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_errors_for_operators_are_logged_at_a_higher_level_than_those_of_clients(kind: ErrorKind) -> None:
    assert (kind.level >= errors.SERVER_BUSY.level) == (kind.status >= 500)


def test_an_error_has_the_headers_it_was_given_and_no_others() -> None:
    assert ApiError(errors.NOT_FOUND, "none").headers == {}
    busy = ApiError(errors.SERVER_BUSY, "busy", retry_after=0, allow=("GET", "OPTIONS"))
    assert busy.headers == {"Retry-After": "0", "Allow": "GET, OPTIONS"}


def test_the_detail_for_the_log_is_not_in_the_text() -> None:
    assert "secret" not in str(ApiError(errors.UPSTREAM_REJECTED, "refused", detail="secret"))
