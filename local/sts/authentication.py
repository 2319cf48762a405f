"""Authentication of every STS call: key, signature, time stamp, nonce and quota."""

from __future__ import annotations

import hmac
import threading
from collections import deque
from collections.abc import Callable

from local.ram import Identity, Ram, UnknownAccessKey, UnknownToken
from local.sts.claims import Claim
from local.sts.errors import StsError, missing

MAX_SKEW = 15 * 60  # seconds that a time stamp may differ from now


class StsAuthentication:
    """Checks claims against the account; thread-safe."""

    def __init__(self, ram: Ram, clock: Callable[[], float], calls_a_minute: int) -> None:
        self._ram, self._clock = ram, clock
        self._nonces = Nonces()
        self._quota = Quota(calls_a_minute)

    def admit(self, claim: Claim) -> Identity:
        """Return the caller. Raises StsError for an invalid claim."""
        now = self._clock()
        if abs(now - claim.moment) > MAX_SKEW:
            message = "Specified time stamp or date value is expired."
            raise StsError(400, "InvalidTimeStamp.Expired", message)
        caller = self._identify(claim)
        if not hmac.compare_digest(claim.sign(caller.secret).encode(), claim.signature.encode()):
            message = "Specified signature is not matched with our calculation."
            detail = f" server string to sign is:{claim.string_to_sign}"
            raise StsError(400, "SignatureDoesNotMatch", message + detail)
        if caller.expires is not None and now >= caller.expires:
            raise StsError(400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")
        if not self._nonces.take(f"{claim.access_key_id} {claim.nonce}", now):
            raise StsError(400, "SignatureNonceUsed", "Specified signature nonce was used already.")
        if not self._quota.take(now):
            raise StsError(400, "Throttling.User", "Request was denied due to user flow control.")
        return caller

    def _identify(self, claim: Claim) -> Identity:
        if claim.access_key_id.startswith("STS.") and not claim.security_token:
            raise missing("SecurityToken")
        try:
            return self._ram.identify(claim.access_key_id, claim.security_token)
        except UnknownAccessKey:
            message = "Specified access key is not found."
            raise StsError(404, "InvalidAccessKeyId.NotFound", message) from None
        except UnknownToken:
            code = "InvalidSecurityToken.MismatchWithAccessKey"
            raise StsError(400, code, "Specified SecurityToken mismatch with the AccessKey.") from None


class Nonces:
    """The recent nonces, kept as long as their time stamp is still valid."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, float] = {}  # in order of arrival

    def take(self, nonce: str, now: float) -> bool:
        """Use up a nonce; returns False if it was used before."""
        with self._lock:
            while self._seen and next(iter(self._seen.values())) < now - 2 * MAX_SKEW:
                del self._seen[next(iter(self._seen))]
            if nonce in self._seen:
                return False
            self._seen[nonce] = now
            return True


class Quota:
    """A maximum of calls in any 60 seconds for the whole account."""

    def __init__(self, calls_a_minute: int) -> None:
        self._lock = threading.Lock()
        self._limit = calls_a_minute
        self._calls: deque[float] = deque()

    def take(self, now: float) -> bool:
        """Count a call at `now` (epoch seconds); returns False (uncounted) if the quota is used up."""
        with self._lock:
            while self._calls and self._calls[0] <= now - 60:
                self._calls.popleft()
            if len(self._calls) >= self._limit:
                return False
            self._calls.append(now)
            return True
