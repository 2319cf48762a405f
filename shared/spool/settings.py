"""The spool's settings, for track, which writes objects, and for replay, which removes them."""

from __future__ import annotations

import re
from typing import NamedTuple

from shared.settings import Environment, SettingError

BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
PREFIX = "webtracking-spool/"
LONGEST_PREFIX = 128  # characters
# Segments of ordinary characters; none is empty, `.` or `..`.
_PREFIX = re.compile(r"(?:(?!\.{1,2}/)[A-Za-z0-9._-]+/)+")
_REGION = re.compile(r"oss-([a-z0-9-]+?)(?:-internal)?\.aliyuncs\.com")


class SpoolSettings(NamedTuple):
    """The location of the spool; see README.md, "Settings"."""

    bucket: str
    endpoint: str  # http(s)://host[:port], without the bucket
    path_style: bool  # whether the bucket is in the path instead of the host name
    region: str  # for the signature
    prefix: str

    @property
    def address(self) -> str:
        """The http(s)://host[:port] of requests."""
        return self.endpoint if self.path_style else self.endpoint.replace("://", f"://{self.bucket}.")

    def target(self, name: str) -> str:
        """Return the request target of an object."""
        return self.resource(name) if self.path_style else f"/{name}"

    def resource(self, name: str) -> str:
        """Return an object's resource in signatures."""
        return f"/{self.bucket}/{name}"

    @classmethod
    def read(cls, env: Environment) -> SpoolSettings:
        """Read and check SPOOL_OSS_BUCKET, SPOOL_OSS_ENDPOINT, SPOOL_PREFIX; raises SettingError.

        If SPOOL_OSS_ENDPOINT contains a region, that region is used, otherwise the function's.
        """
        wanted = "a bucket's name: 3 to 63 of a-z, 0-9 and -, starting and ending with a letter or digit"
        bucket = env.text("SPOOL_OSS_BUCKET", BUCKET, wanted)
        region = env.get("FC_REGION") or env.region()
        endpoint = env.endpoint("SPOOL_OSS_ENDPOINT", f"oss-{region}-internal.aliyuncs.com")
        complete = "://" in endpoint
        named = _REGION.fullmatch(endpoint.partition("://")[2].rstrip("/") if complete else endpoint)
        return cls(
            bucket=bucket,
            endpoint=endpoint if complete else f"https://{endpoint}",
            path_style=complete,
            region=named[1] if named else region,
            prefix=_prefix(env),
        )


def _prefix(env: Environment) -> str:
    wanted = (
        f"a prefix of object names: at most {LONGEST_PREFIX} of a-z, A-Z, 0-9, `.`, `_`, `-` and `/`, "
        "ending with `/`, no part of it empty, `.` or `..`"
    )
    prefix = env.text("SPOOL_PREFIX", _PREFIX, wanted, PREFIX)
    if len(prefix) > LONGEST_PREFIX:
        raise SettingError("SPOOL_PREFIX", prefix, wanted)
    return prefix
