"""A cold start of track with SLS behind TLS: what trusting the system's certificate authorities costs.

SLS is the stand-in with a certificate of an authority made here. That authority is added to copies of the
system's directory of authorities by hash and of its file of all authorities.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import trustme

from benchmarks import bodies
from benchmarks.cold_start import FIRST_ANSWER
from benchmarks.lab import BUILD, Lab
from benchmarks.processes import cpu_seconds, stand_in
from benchmarks.rows import Part, Wanted, take_turns

PLAIN = "track, package, SLS without TLS"
BY_HASH = "SLS over TLS, authorities in a directory by hash"
ALL = "SLS over TLS, all authorities read (`SSL_CERT_FILE`)"
_SYSTEM = Path("/etc/ssl/certs")
_FILE = _SYSTEM / "ca-certificates.crt"
_WORK = BUILD / "tls"


def measure(lab: Lab, rounds: int) -> Part | None:
    """Measure CPU time, in ms; None without a package, `openssl`, or the system's authorities."""
    openssl = shutil.which("openssl")
    if "track" not in lab.packages or openssl is None or not _FILE.exists():
        return None
    certificate = _prepare(openssl)
    tls = {"SSL_CERT_DIR": str(_WORK / "certs")}
    with (
        lab.stand_in(0) as http,
        stand_in(lab.python, lab.variables(lab.checkout), 0, certificate) as https,
    ):
        starts = {
            PLAIN: (http, {}),
            BY_HASH: (https, tls),
            ALL: (https, {**tls, "SSL_CERT_FILE": str(_WORK / "all.pem")}),
        }
        turns = [partial(_turn, lab, name, upstream, more) for name, (upstream, more) in starts.items()]
        for turn in turns:
            turn()  # warms up: fills the file cache
        wanted = [Wanted(PLAIN, "ms"), Wanted(BY_HASH, "ms", (PLAIN,)), Wanted(ALL, "ms", (PLAIN, BY_HASH))]
        rows = take_turns(wanted, turns, rounds)
    return Part("tls_start", "From the start of the process to the first answer: CPU time", rows)


def _prepare(openssl: str) -> Path:
    """Make the authority and the stand-in's certificate; return the file of the latter, with its key."""
    shutil.rmtree(_WORK, ignore_errors=True)
    shutil.copytree(_SYSTEM, _WORK / "certs", symlinks=True)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(_WORK / "certs" / "benchmark.pem"))
    subprocess.run([openssl, "rehash", str(_WORK / "certs")], check=True, capture_output=True)
    (_WORK / "all.pem").write_bytes(_FILE.read_bytes() + authority.cert_pem.bytes())
    file = _WORK / "stand-in.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(file))
    return file


def _turn(lab: Lab, name: str, upstream: str, more: Mapping[str, str]) -> Mapping[str, float]:
    command = [lab.python, "-c", FIRST_ANSWER.format(module="index"), bodies.post(bodies.small()).decode()]
    variables = {**lab.variables((lab.packages["track"],), upstream), **more}
    return {name: 1000 * cpu_seconds(command, variables)}
