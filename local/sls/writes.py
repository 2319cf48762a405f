"""Processes writes: parses the body, checks the limits, stores the logs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlencode

from local.sls.compression import SIGNED_TYPES, WEBTRACKING_TYPES, decompress
from local.sls.errors import SlsError
from local.sls.groups import Log, LogGroup, parse_json, split_tags
from local.sls.projects import Logstore
from local.sls.protobuf import parse_protobuf
from local.sls.store import NewLog, Store

SIGNED_CAP = 10 * 1024 * 1024  # bytes, raw and compressed: PutLogs documentation
SIGNED_LOGS = 40_960  # aliyun-log-java-sdk, CONST_MAX_PUT_LINES
WEBTRACKING_CAP = 3 * 1024 * 1024  # bytes: PutWebtracking documentation
WEBTRACKING_LOGS = 4_096
PAIRS_CAP = 16 * 1024  # bytes; a GET's pairs must be smaller: "Use the web tracking feature"
OLDEST, NEWEST = 7 * 24 * 3600, 15 * 60  # seconds before and after now that a log's time may have
_FORM = ("__topic__", "__source__")


class Upload(NamedTuple):
    """A received write; header names in lower case."""

    logstore: Logstore
    headers: Mapping[str, str]
    body: bytes
    client_ip: str


class Writer:
    """Stores a write, all or nothing; every method raises SlsError for an invalid write."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock

    def put_logs(self, upload: Upload) -> None:
        """Store a signed write, with its own times, or the time of receipt for logs without one."""
        plain = _signed_body(upload)
        group = _parser(upload.headers.get("content-type"))(plain)
        self._keep(upload, group, len(plain), limit=SIGNED_LOGS)

    def put_webtracking(self, upload: Upload) -> None:
        """Store an anonymous write; its logs get the time of receipt, and their own times are ignored."""
        plain = decompress(upload.body, upload.headers, types=WEBTRACKING_TYPES, cap=WEBTRACKING_CAP)
        group = parse_json(plain)
        undated = group._replace(logs=[log._replace(time=None) for log in group.logs])
        self._keep(upload, undated, len(plain), limit=WEBTRACKING_LOGS)

    def put_pairs(self, upload: Upload, pairs: Sequence[tuple[str, str]], *, browser: bool) -> None:
        """Store one log from the pairs of a GET; with `browser`, User-Agent and Referer become fields."""
        form = {key: value for key, value in pairs if key in _FORM}
        contents = [(key, value) for key, value in pairs if key not in (*_FORM, "APIVersion")]
        size = len(urlencode(contents))
        if size >= PAIRS_CAP:
            raise SlsError("ParameterInvalid", f"the pairs have {size} bytes; the maximum is {PAIRS_CAP - 1}")
        fields = {**dict(contents), **(_browser_fields(upload.headers) if browser else {})}
        topic, source = (form.get(key, "") for key in _FORM)
        self._keep(upload, LogGroup(topic, source, {}, [Log(None, fields)]), size, limit=WEBTRACKING_LOGS)

    def _keep(self, upload: Upload, group: LogGroup, size: int, *, limit: int) -> None:
        if len(group.logs) > limit:
            raise SlsError("PostBodyTooLarge", f"Logs must be less than or equal to {limit} entries.")
        now = self._clock()
        _check_times(group.logs, now)
        upload.logstore.meter.take(size, now=now)
        self._store.append([_new_log(upload, group, log, now) for log in group.logs])


def _signed_body(upload: Upload) -> bytes:
    compressed = "x-log-compresstype" in upload.headers
    if compressed and "x-log-bodyrawsize" not in upload.headers:
        message = "x-log-bodyrawsize does not exist in header when it is necessary."
        raise SlsError("MissingBodyRawSize", message)
    return decompress(upload.body, upload.headers, types=SIGNED_TYPES, cap=SIGNED_CAP)


def _parser(content_type: str | None) -> Callable[[bytes], LogGroup]:
    if content_type is None:
        message = "Content-Type does not exist in http header when body is not empty."
        raise SlsError("MissingContentType", message)
    parser = _PARSERS.get(content_type.partition(";")[0].strip().lower())
    if parser is None:
        raise SlsError("InvalidContentType", f"Content-Type {content_type} is unsupported.")
    return parser


# JSON too: aliyun-log-java-sdk and the browser's STS plugin write it.
_PARSERS = {"application/x-protobuf": parse_protobuf, "application/json": parse_json}


def _check_times(logs: Sequence[Log], now: float) -> None:
    for log in logs:
        if log.time is not None and not now - OLDEST <= log.time <= now + NEWEST:
            raise SlsError("PostBodyInvalid", "The post data time is out of range")


def _browser_fields(headers: Mapping[str, str]) -> dict[str, str]:
    # The documentation says that both are recorded, but not the names of the fields.
    return {"user_agent": headers.get("user-agent", ""), "referer": headers.get("referer", "")}


def _new_log(upload: Upload, group: LogGroup, log: Log, now: float) -> NewLog:
    logstore = upload.logstore
    fields, own_tags = split_tags(log.fields)
    tags = {**group.tags, **own_tags}
    if logstore.append_meta:
        tags |= {"__client_ip__": upload.client_ip, "__receive_time__": str(int(now))}
    time = int(now) if log.time is None else log.time
    return NewLog(logstore.project, logstore.name, time, now, group.topic, group.source, tags, fields)
