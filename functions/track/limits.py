"""The limits of WebTracking (SLS documentation, "Use WebTracking to collect logs": PutWebtracking, GET)."""

from __future__ import annotations

MAX_PAIRS = 16 * 1024 - 1  # bytes of a GET's pairs, form-urlencoded: less than 16 KB
MAX_BODY = 3 * 1024 * 1024  # bytes of a POST body, as received and after decompression
MAX_LOGS = 4096  # logs a request
MAX_TAGS = 4096  # tags a request; SLS names no limit, and a page has a handful
MAX_FORWARDED = 2 * MAX_BODY  # bytes of a signed write, which numbers make larger once they are text
MAX_DEPTH = 64  # open brackets in a JSON body, the outermost object being 1
