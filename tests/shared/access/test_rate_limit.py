"""The rate limit alone: how long a refused client is told to wait."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from shared.access.counters import Charge, Over
from shared.access.rate import Rule
from shared.access.rate_limit import RateLimit
from shared.deadline import Deadline
from shared.http.errors import ApiError
from shared.http.request import Request
from shared.network.blocking import run


class Waiting:
    """Counters that are always used up, for so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def take(self, charges: Sequence[Charge], logs: int) -> Over | None:
        assert logs == 1
        return Over(charges[0], self._seconds)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.0, "1"), (1e-06, "1"), (1.0, "1"), (1.000001, "2"), (3599.5, "3600")],
)
def test_retry_after_is_rounded_up_and_at_least_one_second(seconds: float, told: str) -> None:
    limit = RateLimit((Rule("logstore", 1, 1, 1),), Waiting(seconds), audit=False, header=None)
    request = Request("POST", "/", {}, {}, b"", 0, "", "1", Deadline(9))
    with pytest.raises(ApiError) as refused:
        run(limit.take(request, "web", 1))
    assert refused.value.headers == {"Retry-After": told}


@pytest.mark.parametrize(
    ("kind", "whose"),
    [("client", "from this client"), ("subject", "from this subject"), ("logstore", "for this Logstore")],
)
def test_the_answer_says_whose_logs_are_too_many(kind: str, whose: str) -> None:
    limit = RateLimit((Rule(kind, 1, 1, 1),), Waiting(1.0), audit=False, header=None)
    request = Request("POST", "/", {}, {}, b"", 0, "203.0.113.7", "1", Deadline(9))
    request.subject = "u-17"
    with pytest.raises(ApiError) as refused:
        run(limit.take(request, "web", 1))
    assert refused.value.message == f"too many logs for now {whose}"
