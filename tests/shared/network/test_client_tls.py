"""The keep-alive connection over TLS."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import trustme

from shared.network.client import Unreachable
from tests.shared.network.peers import HELLO, Upstream, ask, drip, fails_in_time, never_read, peer, sip
from tests.support.raw_server import CLOSE, RESET, RawServer

pytestmark = pytest.mark.usefixtures("way")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_context(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """Make `authority` the one that clients trust."""
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return authority


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_over_tls_one_connection_serves_many_requests(trusted: trustme.CA, version: ssl.TLSVersion) -> None:
    context = server_context(trusted, "localhost")
    context.minimum_version = context.maximum_version = version
    with (
        RawServer(HELLO, tls=context) as server,
        closing(Upstream(f"https://localhost:{server.port}")) as upstream,
    ):
        for _ in range(5):
            assert ask(upstream, b"a" * 600_000).body == b"hello"
        assert (server.connections, len(server.received)) == (1, 5)


@pytest.mark.parametrize("end", [CLOSE, RESET], ids=["close", "reset"])
def test_over_tls_a_connection_that_turned_stale_is_replaced(trusted: trustme.CA, end: bytes) -> None:
    tls = server_context(trusted, "localhost")
    scripts = (HELLO, end, HELLO)
    with (
        RawServer(*scripts, tls=tls) as server,
        closing(Upstream(f"https://localhost:{server.port}")) as upstream,
    ):
        ask(upstream)
        assert ask(upstream).body == b"hello"
        server.drop_connections()
        assert ask(upstream).body == b"hello"
        assert (server.connections, len(server.received)) == (3, 4)


def test_a_certificate_for_an_ip_address_is_taken(trusted: trustme.CA) -> None:
    tls = server_context(trusted, "127.0.0.1")
    with RawServer(tls=tls) as server, closing(Upstream(f"https://127.0.0.1:{server.port}")) as upstream:
        assert ask(upstream).status == 200


def test_a_certificate_for_another_name_is_refused(trusted: trustme.CA) -> None:
    with RawServer(tls=server_context(trusted, "sls.example")) as server:
        with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
            ask(Upstream(f"https://localhost:{server.port}"))
        assert server.received == []


def test_a_certificate_of_an_unknown_authority_is_refused(authority: trustme.CA) -> None:
    with RawServer(tls=server_context(authority, "localhost")) as server:
        with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
            ask(Upstream(f"https://localhost:{server.port}"))
        assert server.received == []


def test_plain_http_on_a_tls_address_is_unreachable() -> None:
    with (
        RawServer(b"HTTP/1.1 400 Bad Request\r\n\r\n") as server,
        pytest.raises(Unreachable, match=r"SSL|ConnectionReset"),  # as the event loop may tell it
    ):
        ask(Upstream(f"https://127.0.0.1:{server.port}"), seconds=2)


def test_a_tls_server_that_never_shakes_hands_is_given_up_at_the_deadline() -> None:
    with peer(never_read) as url, closing(Upstream(url.replace("http:", "https:"))) as upstream:
        assert "time" in fails_in_time(upstream)


def test_over_tls_too_a_server_that_drips_is_given_up_at_the_deadline(trusted: trustme.CA) -> None:
    tls = server_context(trusted, "localhost")
    with peer(drip(b"HTTP/1.1 200 "), tls=tls) as url, closing(Upstream(url)) as upstream:
        assert "time" in fails_in_time(upstream)


@pytest.mark.parametrize("behave", [never_read, sip])
def test_over_tls_too_a_server_that_hardly_reads_is_given_up_at_the_deadline(
    trusted: trustme.CA, behave: Callable[[socket.socket], None]
) -> None:
    tls = server_context(trusted, "localhost")
    with peer(behave, tls=tls) as url, closing(Upstream(url)) as upstream:
        assert "time" in fails_in_time(upstream, b"a" * 3 * 1024 * 1024)
