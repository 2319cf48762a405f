"""Log lines: one JSON object on one line, for any values."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.logs import LONGEST_VALUE, log, stack, write_lines_to

Value = str | int | float | None


def written(caplog: pytest.LogCaptureFixture, request_id: str = "1-64f6", **fields: Value) -> dict[str, Any]:
    """Write a line and return it, read back."""
    caplog.clear()
    with caplog.at_level(logging.INFO):
        log(logging.WARNING, "refused", request_id, **fields)
    (record,) = caplog.records
    text = record.getMessage()
    assert not set(text) & set("\n\r\0")
    text.encode()  # fails for a lone surrogate
    line: dict[str, Any] = json.loads(text)
    return line


def test_a_line_has_level_event_request_id_and_the_fields(caplog: pytest.LogCaptureFixture) -> None:
    line = written(caplog, status=403, errorCode="OriginNotAllowed", seconds=0.5)
    assert line == {
        "level": "WARNING",
        "event": "refused",
        "requestId": "1-64f6",
        "status": 403,
        "errorCode": "OriginNotAllowed",
        "seconds": 0.5,
    }
    assert (caplog.records[0].levelno, caplog.records[0].name) == (logging.WARNING, "root")


def test_none_fields_are_omitted_and_falsy_fields_are_not(caplog: pytest.LogCaptureFixture) -> None:
    line = written(caplog, a=None, b=0, c="")
    assert "a" not in line
    assert (line["b"], line["c"]) == (0, "")


@pytest.mark.parametrize("hostile", ["a\nb", "a\r\nb", '"}\n{"level":"INFO', "%s %d", "\0\x1b[31m", "é😀"])
def test_no_value_breaks_out_of_its_line(caplog: pytest.LogCaptureFixture, hostile: str) -> None:
    line = written(caplog, hostile, path=hostile)
    assert (line["path"], line["requestId"]) == (hostile, hostile)


def test_lone_surrogates_are_replaced(caplog: pytest.LogCaptureFixture) -> None:
    line = written(caplog, "\udc80id", path="/\ud800x")
    assert (line["path"], line["requestId"]) == ("/?x", "?id")


def test_a_value_at_the_longest_is_kept_and_one_over_is_cut(caplog: pytest.LogCaptureFixture) -> None:
    line = written(caplog, at="a" * LONGEST_VALUE, over="a" * LONGEST_VALUE + "b", megabyte="é" * 1_000_000)
    assert line["at"] == "a" * LONGEST_VALUE
    assert line["over"] == "a" * LONGEST_VALUE + "…"
    assert line["megabyte"] == "é" * LONGEST_VALUE + "…"


def test_a_level_that_is_off_writes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        log(logging.INFO, "refused", "1")
    assert caplog.records == []


def test_no_handler_is_added(caplog: pytest.LogCaptureFixture) -> None:
    before = list(logging.getLogger().handlers)
    written(caplog)
    assert logging.getLogger().handlers == before


characters = st.characters() | st.characters(categories=["Cs"])
fields = st.dictionaries(
    st.sampled_from(["path", "detail", "status"]),
    st.none() | st.integers(-(2**63), 2**63) | st.floats() | st.text(characters),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.text(characters), fields)
def test_any_values_make_one_line_of_json(
    caplog: pytest.LogCaptureFixture, request_id: str, some: dict[str, Value]
) -> None:
    line = written(caplog, request_id, **some)
    assert set(line) == {
        "level",
        "event",
        "requestId",
        *(name for name, value in some.items() if value is not None),
    }


def fail(depth: int) -> None:
    if depth:
        fail(depth - 1)
    raise ValueError("the body was: SECRET")


def test_a_stack_names_files_lines_functions_and_the_type_but_not_the_message() -> None:
    with pytest.raises(ValueError, match="SECRET") as caught:
        fail(0)
    text = stack(caught.value)
    assert text.endswith("> ValueError")
    assert f"test_logs.py:{fail.__code__.co_firstlineno + 3} fail" in text
    assert "SECRET" not in text
    assert "raise" not in text


def test_the_innermost_frames_and_the_type_of_a_deep_stack_fit_into_a_value(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(ValueError, match="SECRET") as caught:
        fail(500)
    detail = written(caplog, detail=stack(caught.value))["detail"]
    assert detail.endswith(" fail > ValueError")


def test_the_stack_of_an_error_never_raised_is_its_type() -> None:
    assert stack(KeyError("SECRET")) == "KeyError"


@pytest.fixture
def output(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], list[str]]]:
    """Have lines written to a stream; returns what it has got by then, which was flushed."""
    caplog.set_level(logging.INFO)
    raw = io.BytesIO()
    stream = io.BufferedWriter(raw)  # type: ignore[arg-type, unused-ignore]
    write_lines_to(stream)
    yield lambda: raw.getvalue().decode().splitlines(keepends=True)
    write_lines_to(None)


def test_a_stream_gets_each_line_at_once_and_the_root_logger_none(
    output: Callable[[], list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    log(logging.INFO, "answered", "1-a", path="/\ud800\n")
    log(logging.DEBUG, "below the level", "1-a")
    assert output() == ['{"level":"INFO","event":"answered","requestId":"1-a","path":"/?\\n"}\n']
    assert not caplog.records


def test_a_broken_stream_fails_no_request() -> None:
    class Gone(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, _: object) -> int:
            raise BrokenPipeError

    write_lines_to(io.BufferedWriter(Gone()))
    try:
        log(logging.ERROR, "full", "")
        log(logging.ERROR, "full", "")
    finally:
        write_lines_to(None)


def test_without_a_stream_the_root_logger_has_the_line_again(caplog: pytest.LogCaptureFixture) -> None:
    write_lines_to(io.BytesIO())
    write_lines_to(None)
    assert written(caplog)["event"] == "refused"
