"""The target of the checks: addresses, names, origins."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ops.provision.wanted import InvalidTarget, Spool, checked
from shared.http.request import TICKET_MARK, without_ticket
from shared.spool.settings import PREFIX

ROUTES = re.compile(r"/(?:get_sts_token|healthz|logstores(?:/[^/]*(?:/track(?:(?:_ua)?\.gif)?)?)?)?/*$")
_FC_ADDRESS = re.compile(r"[^.]+\.([a-z0-9-]+)\.fcapp\.run")
_ORIGIN = re.compile(r"https?://[^/?#\s]+")
_NAMES = {
    "project": re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]"),
    "logstore": re.compile(r"[a-z0-9][a-z0-9_-]{0,61}[a-z0-9]"),
    "region": re.compile(r"[a-z]{2}-[a-z]+(-[a-z0-9]+)*"),
}

MODES = ("off", "audit", "enforce")  # of TICKETS
NOBODY = "https://verify-refused.invalid"  # .invalid is reserved (RFC 2606)


@dataclass(frozen=True)
class Target:
    """A deployment. Empty names and None addresses are unknown; checks that need them are skipped.

    `refused` is an origin that must be refused; `must_refuse` says that the operator named it, so that a
    function without an allowlist is a fault. `client_ip` says whether logs should have the client's address.
    `tickets` is the setting TICKETS, "" if unknown. `ticket` is the ticket for calls, `subject` the expected
    tag `subject`, "" if unknown. `ticket_keys` are the keys in TICKET_KEYS. No address contains a ticket.
    Raises ops.provision.wanted.InvalidTarget.
    """

    track: str | None
    token: str | None
    logstore: str
    project: str = ""
    region: str = ""
    origin: str = "https://verify.example.com"
    refused: str = NOBODY
    must_refuse: bool = False
    sls_endpoint: str = ""
    sts_endpoint: str = ""
    other_logstore: str = ""
    other_project: str = ""
    role_arn: str = ""
    client_ip: bool = True
    wait: float = 60  # seconds for a log to become searchable
    spool_bucket: str = ""
    spool_prefix: str = PREFIX
    oss_endpoint: str = ""
    tickets: str = ""
    ticket: str = field(default="", repr=False)
    subject: str = ""
    ticket_keys: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for kind, form in _NAMES.items():
            name = getattr(self, kind)
            if name and not form.fullmatch(name):
                raise InvalidTarget(f"{name!r} is not a valid {kind}")
        if self.tickets and self.tickets not in MODES:
            raise InvalidTarget(f"TICKETS is {self.tickets!r}; expected one of {', '.join(MODES)}")
        if self.spool_bucket:
            checked(Spool(self.spool_bucket, self.spool_prefix))
        for origin in (self.origin, self.refused):
            if not _ORIGIN.fullmatch(origin):
                raise InvalidTarget(
                    f"{origin!r} is not a valid origin; expected the form https://shop.example.com"
                )

    @property
    def sls(self) -> str:
        """The address of the Project; "" if unknown.

        An endpoint with a scheme is used unchanged, as by the functions (SLS_ENDPOINT).
        """
        endpoint = self.sls_endpoint or (f"{self.region}.log.aliyuncs.com" if self.region else "")
        if not endpoint or not self.project:
            return ""
        return endpoint.rstrip("/") if "://" in endpoint else f"https://{self.project}.{endpoint}"

    @property
    def sts(self) -> str:
        """The endpoint of STS, with or without a scheme; "" if unknown."""
        return self.sts_endpoint or (f"sts.{self.region}.aliyuncs.com" if self.region else "")

    @property
    def oss(self) -> str:
        """The endpoint of OSS, with or without a scheme; "" if unknown."""
        return self.oss_endpoint or (f"oss-{self.region}.aliyuncs.com" if self.region else "")

    @property
    def spool(self) -> str:
        """The address of the spool's bucket; "" if there is none or it is unknown."""
        if not (self.spool_bucket and self.oss):
            return ""
        if "://" in self.oss:
            return f"{self.oss.rstrip('/')}/{self.spool_bucket}"
        return f"https://{self.spool_bucket}.{self.oss}/"


def base(url: str) -> str:
    """Return the base address of a function's routes, without a ticket. Raises InvalidTarget, as split."""
    return split(url)[0]


def split(url: str) -> tuple[str, str]:
    """Return the base address of a function's routes, and its page ticket, "" for none.

    Raises InvalidTarget for an invalid HTTP address, or a path after the ticket that is no route.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        shown = without_ticket(url)
        raise InvalidTarget(f"{shown!r} is not an address; expected https://name-id.cn-hangzhou.fcapp.run")
    path = ROUTES.sub("", re.sub("//+", "/", parts.path)).rstrip("/")
    before, mark, ticket = path.rpartition(TICKET_MARK)
    if "/" in ticket and mark:
        raise InvalidTarget("the ticket must be the end of an address, as in https://…/t/TICKET")
    return f"{parts.scheme}://{parts.netloc}{before if mark else path}", ticket if mark else ""


def carrying(base: str, ticket: str) -> str:
    """Return the address with the ticket, if there is one."""
    return f"{base}{TICKET_MARK}{ticket}" if ticket else base


def region_of(url: str) -> str:
    """Return the region in a trigger's default address (`….{region}.fcapp.run`); "" for a custom domain."""
    match = _FC_ADDRESS.fullmatch(urlsplit(url).hostname or "")
    return match[1] if match else ""
