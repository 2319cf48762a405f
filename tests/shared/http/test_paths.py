"""Paths in the log: never with a ticket."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.http.request import without_ticket


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/logstores/web/track", "/logstores/web/track"),
        ("//a//logstores/web/track", "//a//logstores/web/track"),
        ("/x/t/SECRET/logstores/web/track", "/x/t/…/logstores/web/track"),
        ("/t//SECRET//logstores/web/track_ua.gif", "/t/…/logstores/web/track_ua.gif"),
        ("/t/SECRET/get_sts_token", "/t/…/get_sts_token"),
        ("/t/SECRET/t/x/logstores/web/track", "/t/…/logstores/web/track"),
        ("/t/t/SECRET/logstores/web/track", "/t/…/logstores/web/track"),
        ("/t/SECRET", "/t/…"),
        ("/t/SECRET/nowhere", "/t/…"),
        ("/t/SECRET\n/logstores/web/track", "/t/…/logstores/web/track"),
        ("/ticket/x", "/ticket/x"),
        # what looks like a ticket, where none belongs
        ("/T/eyJh.eyJl.c/logstores/web/track", "/T/…/logstores/web/track"),
        ("/%74/eyJh.eyJl.c/logstores/web/track", "/%74/…/logstores/web/track"),
        ("/%2Ft%2FeyJh.eyJl.c%2Flogstores/web/track", "/…/web/track"),
        ("/logstores/eyJh.eyJl.c/track", "/logstores/…/track"),
        ("/eyJ/key.min.js", "/eyJ/key.min.js"),
    ],
)
def test_what_may_be_a_ticket_is_left_out(path: str, shown: str) -> None:
    assert without_ticket(path) == shown


@given(st.lists(st.sampled_from(["t", "", "logstores", "web", "track", "a"]), max_size=8))
def test_a_ticket_is_shown_in_no_path(pieces: list[str]) -> None:
    for at in range(len(pieces) + 1):
        path = "/" + "/".join([*pieces[:at], "t", "SECRET", *pieces[at:]])
        assert "SECRET" not in without_ticket(path)
