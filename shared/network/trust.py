"""The certificate authorities that an upstream's certificate may come from: those of the system.

Reading all of Debian's takes OpenSSL 3 some 20 ms, half of a cold start, and a connection needs one. Where
the system has a directory of authorities by their hashes, as Debian does, OpenSSL reads just that one.
"""

from __future__ import annotations

import os
import ssl

# OpenSSL's X509_V_ERR codes for a chain whose authority was not found (openssl-verification-options(1)).
_NOT_FOUND = (2, 19, 20, 21)
_HASHED = len("0a775a30.0")  # a name in such a directory (openssl-rehash(1))


class Trust:
    """A TLS context for clients, which verifies certificates and host names."""

    def __init__(self) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        directory = _directory()
        self._complete = directory is None
        if directory is None:
            self.context.load_default_certs()
        else:
            self.context.load_verify_locations(capath=directory)

    def complete(self, error: ssl.SSLCertVerificationError) -> bool:
        """Read all authorities if `error` says that one was not found; False if that cannot help."""
        if self._complete or error.verify_code not in _NOT_FOUND:
            return False
        self._complete = True
        self.context.load_default_certs()
        return True


def _directory() -> str | None:
    """Return the system's directory of authorities by hash; None without one, and if SSL_CERT_FILE is set."""
    directory = ssl.get_default_verify_paths().capath
    if directory is None or os.environ.get("SSL_CERT_FILE"):
        return None
    try:
        with os.scandir(directory) as entries:
            found = any(len(one.name) == _HASHED and one.name.endswith(".0") for one in entries)
    except OSError:
        return None
    return directory if found else None
