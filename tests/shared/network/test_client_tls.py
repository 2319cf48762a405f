"""The keep-alive connection over TLS."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import trustme

from shared.network import client
from shared.network.client import Unreachable
from shared.network.trust import Trust
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


@pytest.fixture
def hashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[trustme.CA], Path]:
    """Return a function that makes a directory by hash with one authority, the only one of the system."""

    def make(one: trustme.CA) -> Path:
        file = tmp_path / "one.pem"
        one.cert_pem.write_to_path(str(file))
        command = ["openssl", "x509", "-hash", "-noout", "-in", str(file)]
        name = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        directory = tmp_path / "certs"
        directory.mkdir()
        file.rename(directory / f"{name}.0")
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        monkeypatch.setenv("SSL_CERT_DIR", str(directory))
        return directory

    return make


def _read(context: ssl.SSLContext) -> int:
    """Return how many authorities have been read."""
    count: int = context.cert_store_stats()["x509_ca"]
    return count


def test_of_a_directory_by_hash_only_the_authority_that_signed_is_read(
    authority: trustme.CA, hashed: Callable[[trustme.CA], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed(authority)
    trust = Trust()
    monkeypatch.setattr(client, "Trust", lambda: trust)
    with (
        RawServer(tls=server_context(authority, "localhost")) as server,
        closing(Upstream(f"https://localhost:{server.port}")) as upstream,
    ):
        assert _read(trust.context) == 0
        assert ask(upstream).status == 200
        assert _read(trust.context) == 1
        assert server.connections == 1


def test_an_authority_that_is_not_in_the_directory_is_looked_for_in_the_systems_file(
    authority: trustme.CA,
    hashed: Callable[[trustme.CA], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hashed(trustme.CA())
    with (
        RawServer(tls=server_context(authority, "localhost")) as server,
        closing(Upstream(f"https://localhost:{server.port}")) as upstream,
    ):
        authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))  # from now on: the system's file
        assert ask(upstream).status == 200
        assert server.connections == 2


def test_an_authority_that_is_nowhere_is_looked_for_everywhere_once(
    authority: trustme.CA, hashed: Callable[[trustme.CA], Path]
) -> None:
    hashed(trustme.CA())
    with (
        RawServer(tls=server_context(authority, "localhost")) as server,
        closing(Upstream(f"https://localhost:{server.port}")) as upstream,
    ):
        for connections in (2, 3):
            with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
                ask(upstream)
            assert server.connections == connections
        assert server.received == []


def test_a_certificate_for_another_name_is_not_looked_for_again(
    authority: trustme.CA, hashed: Callable[[trustme.CA], Path]
) -> None:
    hashed(authority)
    with RawServer(tls=server_context(authority, "sls.example")) as server:
        with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
            ask(Upstream(f"https://localhost:{server.port}"))
        assert (server.connections, server.received) == (1, [])


@pytest.mark.parametrize("names", [(), ("ca-certificates.crt", "0a775a30.r0", "link.0")])
def test_a_directory_without_hashes_is_passed_over_for_the_systems_file(
    names: tuple[str, ...], authority: trustme.CA, hashed: Callable[[trustme.CA], Path]
) -> None:
    directory = hashed(authority)
    for path in directory.iterdir():
        path.unlink()
    for name in names:
        (directory / name).touch()
    assert _read(Trust().context) == _read(ssl.create_default_context())


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
