"""The limits of WebTracking, and further limits on the cost of one request.

SLS documentation: "Use WebTracking to collect logs" (PutWebtracking, GET) for sizes and logs, "Log" (the data
model) for a name's length. The others are our own: no site comes near them, but without them a body of 3 MB
could take many times the CPU of an ordinary one, or fill a Logstore's index with names.
"""

from __future__ import annotations

MAX_PAIRS = 16 * 1024 - 1  # bytes of a GET's pairs, form-urlencoded: less than 16 KB
MAX_BODY = 3 * 1024 * 1024  # bytes of a POST body, as received and after decompression
FEW = 64 * 1024  # bytes of JSON that cannot have enough members to matter: it is read at once, within 2 ms
MAX_LOGS = 4096  # logs a request
MAX_LOG_FIELDS = 512  # fields a log
MAX_NAME = 128  # bytes of a field's or tag's name in UTF-8, SLS's own bound
MAX_FIELDS = 200_000  # fields a request
# Fields a request in logs with values that are not text, which cost several times as much: 16 in each of
# 4,096 logs.
MAX_MIXED_FIELDS = 65_536
# Commas and brackets a request in objects and arrays, including those in their strings: 16 in each log.
MAX_NESTED = 65_536
MAX_TAGS = 64  # tags a request; SLS documents no limit, and a page has a few
MAX_FORWARDED = 2 * MAX_BODY  # bytes of a signed write; numbers grow when they become text
MAX_DEPTH = 64  # open brackets in a JSON body; the outermost object counts as 1
MAX_DIGITS = 4300  # digits of an integer, as many as Python reads by default
