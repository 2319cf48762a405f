"""The state of one run: the target, the answers so far, the logs written."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from ops.provision.clients import Credentials
from ops.verify.page_ticket import WANTED
from ops.verify.target import Target, carrying
from ops.verify.trigger import Answer, NoAnswer, Trigger
from shared.http.errors import TICKET_INVALID


class Skip(Exception):
    """The check is skipped: it does not apply here, or it depends on a failed one."""


class Unknown(Skip):
    """The check needs an option or a key; the message says which."""


@dataclass
class Session:
    """One run. `answers` are all answers of the functions, for the checks of every answer."""

    target: Target
    trigger: Trigger
    reader: Credentials | None
    marker: str  # unique to the run; part of everything it writes
    timeout: float  # seconds for each call
    answers: list[Answer] = field(default_factory=list)
    written: dict[str, float] = field(default_factory=dict)  # marker: when it was confirmed, epoch seconds
    stored: dict[str, Mapping[str, str]] = field(default_factory=dict)  # marker: the log read back
    _silent: set[str] = field(default_factory=set)
    _heard: set[str] = field(default_factory=set)
    _token: Answer | None = None

    def track(
        self,
        method: str,
        form: str = "track",
        *,
        logstore: str = "",
        pairs: Mapping[str, str] | None = None,
        origin: str = "",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        ticket: str | None = None,
    ) -> Answer:
        """Call `…/logstores/{logstore}/{form}`; the SDK's own headers unless given. Raises NoAnswer, Skip."""
        path = f"/logstores/{logstore or self.target.logstore}/{form}"
        query = f"?{urlencode({'APIVersion': '0.6.0', **pairs})}" if pairs is not None else ""
        return self.call(self.target.track, "track", method, path + query, origin, body, headers, ticket)

    def token(
        self,
        method: str = "GET",
        *,
        origin: str = "",
        headers: Mapping[str, str] | None = None,
        ticket: str | None = None,
    ) -> Answer:
        """Call `…/get_sts_token`. Raises NoAnswer, Skip."""
        return self.call(self.target.token, "token", method, "/get_sts_token", origin, b"", headers, ticket)

    def first_token(self) -> Answer:
        """Return the answer with the token, which all token checks use. Raises NoAnswer, Skip."""
        if self._token is None:
            self._token = self.token()
        return self._token

    def issued(self) -> Credentials:
        """Return the issued token. Raises NoAnswer, Skip."""
        fields = self.first_token().json()
        parts = [fields.get(name) for name in ("AccessKeyId", "AccessKeySecret", "SecurityToken")]
        texts = [part for part in parts if isinstance(part, str) and part]
        if self.first_token().status != 200 or len(texts) != 3:
            raise Skip("no token was issued")
        return Credentials(*texts)

    def mark(self, what: str) -> str:
        """Return a marker for one write."""
        return f"{self.marker}{what}"

    def confirmed(self, what: str) -> None:
        """Record that a write was answered as stored."""
        self.written[self.mark(what)] = time.time()

    def call(
        self,
        base: str | None,
        function: str,
        method: str,
        path: str,
        origin: str = "",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        ticket: str | None = None,
    ) -> Answer:
        """Call a function, from the allowed origin and with the run's ticket unless others are given.

        An address that did not answer is called only once, so that a run without a deployment ends soon. A
        call that is refused because the run has no ticket raises Unknown. Raises NoAnswer, Skip.
        """
        if base is None:
            raise Skip(f"no URL serves {function}")
        if base in self._silent:
            raise Skip(f"{base} does not answer")
        try:
            url = carrying(base, self.target.ticket if ticket is None else ticket) + path
            answer = self.trigger.call(method, url, origin or self.target.origin, body=body, headers=headers)
        except NoAnswer:
            if base not in self._heard:
                self._silent.add(base)
            raise
        self._heard.add(base)
        if not answer.by_fc:
            self.answers.append(answer)
        if ticket is None and not self.target.ticket and answer.code == TICKET_INVALID.code:
            raise Unknown(WANTED)
        return answer
