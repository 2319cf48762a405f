"""What is checked, and what it ought to be: addresses, names, origins."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from ops.provision.wanted import InvalidTarget, Spool, checked
from shared.spool.settings import PREFIX

ROUTES = re.compile(r"/(?:get_sts_token|healthz|logstores(?:/[^/]*(?:/track(?:(?:_ua)?\.gif)?)?)?)?/*$")
_FC_ADDRESS = re.compile(r"[^.]+\.([a-z0-9-]+)\.fcapp\.run")
_ORIGIN = re.compile(r"https?://[^/?#\s]+")
_NAMES = {
    "project": re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]"),
    "logstore": re.compile(r"[a-z0-9][a-z0-9_-]{0,61}[a-z0-9]"),
    "region": re.compile(r"[a-z]{2}-[a-z]+(-[a-z0-9]+)*"),
}

NOBODY = "https://verify-refused.invalid"  # .invalid belongs to nobody (RFC 2606)


@dataclass(frozen=True)
class Target:
    """A deployment. Empty names and None addresses are unknown; what needs them is skipped.

    `refused` is an origin that must be refused; `must_refuse` says that the operator named it, so that a
    function without an allowlist is a fault. `client_ip` says whether logs should carry the client's address.
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

    def __post_init__(self) -> None:
        for kind, form in _NAMES.items():
            name = getattr(self, kind)
            if name and not form.fullmatch(name):
                raise InvalidTarget(f"{name!r} cannot be a {kind}")
        if self.spool_bucket:
            checked(Spool(self.spool_bucket, self.spool_prefix))
        for origin in (self.origin, self.refused):
            if not _ORIGIN.fullmatch(origin):
                raise InvalidTarget(f"{origin!r} cannot be an origin; write it like https://shop.example.com")

    @property
    def sls(self) -> str:
        """Where the Project is reached; "" where that is not known.

        An endpoint with a scheme is taken as it is, as the functions do with SLS_ENDPOINT.
        """
        endpoint = self.sls_endpoint or (f"{self.region}.log.aliyuncs.com" if self.region else "")
        if not endpoint or not self.project:
            return ""
        return endpoint.rstrip("/") if "://" in endpoint else f"https://{self.project}.{endpoint}"

    @property
    def sts(self) -> str:
        """The endpoint of STS, with or without a scheme; "" where that is not known."""
        return self.sts_endpoint or (f"sts.{self.region}.aliyuncs.com" if self.region else "")

    @property
    def oss(self) -> str:
        """The endpoint of OSS, with or without a scheme; "" where that is not known."""
        return self.oss_endpoint or (f"oss-{self.region}.aliyuncs.com" if self.region else "")

    @property
    def spool(self) -> str:
        """The address of the spool's bucket; "" where there is none, or it is not known."""
        if not (self.spool_bucket and self.oss):
            return ""
        if "://" in self.oss:
            return f"{self.oss.rstrip('/')}/{self.spool_bucket}"
        return f"https://{self.spool_bucket}.{self.oss}/"


def base(url: str) -> str:
    """The address below which a function's routes are. Raises InvalidTarget for what is no HTTP address."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise InvalidTarget(f"{url!r} is no address; write it like https://name-id.cn-hangzhou.fcapp.run")
    path = ROUTES.sub("", parts.path)
    return f"{parts.scheme}://{parts.netloc}{path.rstrip('/')}"


def region_of(url: str) -> str:
    """The region in a trigger's default address (`….{region}.fcapp.run`); "" for a custom domain."""
    match = _FC_ADDRESS.fullmatch(urlsplit(url).hostname or "")
    return match[1] if match else ""
