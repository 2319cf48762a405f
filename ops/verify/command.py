"""The command line of `python -m ops verify`."""

from __future__ import annotations

import argparse
import os
import re
import secrets
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from ops.provision.clients import Credentials, endpoint_of, endpoint_variable
from ops.provision.wanted import InvalidTarget
from ops.verify.catalogue import CATALOGUE
from ops.verify.check import Result, carry_out
from ops.verify.discover import Urls, discover
from ops.verify.page_ticket import LASTS, SUBJECT, keys_from, ticket_for
from ops.verify.report import all_checked, all_well, as_json, table
from ops.verify.session import Session
from ops.verify.target import NOBODY, Target, base, region_of, split
from ops.verify.trigger import Trigger
from shared.spool.settings import PREFIX

_TICKETS = re.compile(r"(?<=/t/)[^/\s'\"]+")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
WELL, FAULTY, USAGE, INCOMPLETE = 0, 1, 2, 3

EPILOG = """It writes a few logs, marked ops-verify, and reads them back with the keys in
ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET (and ALIBABA_CLOUD_SECURITY_TOKEN),
which need log:GetLogStoreLogs on the Logstore, and oss:ListObjects on the spool's bucket.

marks: ✓ passed, ✗ failed, – does not apply here, ? could not be checked
exit status: 0 all applicable checks passed; 1 a check failed; 2 the command line is wrong;
3 no check failed, but some could not run"""


def main(arguments: Sequence[str]) -> int:
    """Run all checks and show the results; returns the exit status (see EPILOG)."""
    parser = _parser()
    options = parser.parse_intermixed_args(arguments)
    keys = _keys(os.environ)
    if options.signed and keys is None:
        parser.error("--signed needs keys in the environment; see --help")
    trigger = Trigger(options.timeout, keys if options.signed else None)
    try:
        target = _target(options, trigger)
    except InvalidTarget as fault:
        print(f"verify: {_without_tickets(str(fault))}", file=sys.stderr)
        return USAGE
    session = Session(target, trigger, keys, f"verify{secrets.token_hex(8)}", options.timeout)
    results = [carry_out(one, session) for one in CATALOGUE]
    _show(target, results, as_machine=options.json)
    if not all_well(results):
        return FAULTY
    return WELL if all_checked(results) else INCOMPLETE


class _Parser(argparse.ArgumentParser):
    """A parser that does not repeat a ticket in its error messages."""

    def error(self, message: str) -> NoReturn:
        super().error(_without_tickets(message))


def _without_tickets(text: str) -> str:
    return _TICKETS.sub("…", text)


def _show(target: Target, results: Sequence[Result], *, as_machine: bool) -> None:
    if as_machine:
        print(as_json(target, results))
        return
    carried = ", with a page ticket" if target.ticket else ""
    print(f"track {target.track or '–'}\ntoken {target.token or '–'}\nfrom  {target.origin}{carried}\n")
    print(table(results))


def _named(options: argparse.Namespace) -> list[str]:
    """Return the given addresses, with their tickets."""
    urls = [*options.urls, *(_deployed(options.deployed) if options.deployed else [])]
    named = [url for url in (options.track, options.token) if url]
    if not (urls or named):
        raise InvalidTarget("give at least one URL")
    if urls and named:
        raise InvalidTarget("give URLs either as arguments or as --track and --token")
    if len(urls) > 2:
        raise InvalidTarget("give one or two URLs: track's and token's")
    return urls or named


def _urls(options: argparse.Namespace, named: Sequence[str], ticket: str, trigger: Trigger) -> Urls:
    if options.track or options.token:
        return Urls(
            base(options.track) if options.track else None, base(options.token) if options.token else None
        )
    return discover(named, trigger, options.origin, ticket)


def _deployed(path: Path) -> list[str]:
    """Return the addresses in the output of `s deploy`, which may be coloured, in order, each once."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InvalidTarget(f"{path}: {error.strerror}") from None
    found = re.findall(r"\bsystem_url:\s*(https?://\S+)", _COLOURS.sub("", text))
    if not found:
        raise InvalidTarget(f"{path}: it has no address; expected the output of `s deploy`")
    return list(dict.fromkeys(found))


def _target(options: argparse.Namespace, trigger: Trigger) -> Target:
    named = _named(options)
    keys = keys_from(options.ticket_keys, os.environ.get("TICKET_KEYS", ""))
    ticket = ticket_for(named, keys, options.ticket_seconds)
    urls = _urls(options, named, ticket, trigger)
    region = options.region or region_of(urls.track or urls.token or "") or os.environ.get("SLS_REGION", "")
    if not options.logstore:
        raise InvalidTarget("give the Logstore: --logstore, or SLS_LOGSTORES in the environment")
    return Target(
        track=urls.track,
        token=urls.token,
        logstore=options.logstore,
        project=options.project,
        region=region,
        origin=options.origin,
        refused=options.refused_origin or NOBODY,
        must_refuse=bool(options.refused_origin),
        sls_endpoint=options.sls_endpoint,
        sts_endpoint=options.sts_endpoint,
        other_logstore=options.other_logstore,
        other_project=options.other_project,
        role_arn=options.role_arn,
        client_ip=options.client_ip,
        wait=options.wait,
        spool_bucket=options.spool_bucket,
        spool_prefix=options.spool_prefix,
        oss_endpoint=options.oss_endpoint,
        tickets=options.tickets,
        ticket=ticket,
        ticket_keys=keys,
        subject="" if any(split(url)[1] for url in named) or not keys else SUBJECT,
    )


def _keys(environ: Mapping[str, str]) -> Credentials | None:
    names = ("ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SECURITY_TOKEN")
    identifier, secret, token = (environ.get(f"ALIBABA_CLOUD_{name}", "") for name in names)
    return Credentials(identifier, secret, token) if identifier and secret else None


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m ops verify",
        description="Check a deployment from outside, after `s deploy` and at any time.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add, environ = parser.add_argument, os.environ
    add("urls", nargs="*", metavar="URL", help="of track and token, in any order; one URL may serve both")
    add(
        "--deployed",
        type=Path,
        metavar="FILE",
        help="read the URLs from the output of `s deploy`, such as build/deployed.txt",
    )
    add("--track", help="the URL of track, if it cannot be detected")
    add("--token", help="the URL of token, likewise")
    logstores = environ.get("SLS_LOGSTORES", "").partition(",")[0].strip()
    add("--project", default=environ.get("SLS_PROJECT", ""), help="default: SLS_PROJECT")
    add("--logstore", default=logstores, help="default: the first of SLS_LOGSTORES")
    add("--region", default="", help="default: the one in an address of fcapp.run, else SLS_REGION")
    add(
        "--origin",
        default="https://verify.example.com",
        help="the origin of your page, in ALLOWED_ORIGINS if that is set",
    )
    add("--refused-origin", default="", help="an origin that must be refused")
    where = "used unchanged with a scheme; default: {variable}, else {usual}"
    usual = {"sls": "REGION.log", "sts": "sts.REGION", "oss": "oss-REGION"}
    for service, name in usual.items():
        words = where.format(variable=endpoint_variable(service), usual=f"{name}.aliyuncs.com")
        add(f"--{service}-endpoint", default=endpoint_of(service), help=words)
    add("--spool-bucket", default=environ.get("SPOOL_OSS_BUCKET", ""), help="default: SPOOL_OSS_BUCKET")
    prefix = environ.get("SPOOL_PREFIX") or PREFIX
    add("--spool-prefix", default=prefix, help=f"default: SPOOL_PREFIX, else {PREFIX}")
    add("--other-logstore", default="", help="an existing one that pages must not write to")
    add("--other-project", default="", help="an existing one that pages must not write to")
    add("--role-arn", default="", help="a role that the token must not be able to assume")
    add("--tickets", default=environ.get("TICKETS", ""), help="off, audit or enforce; default: TICKETS")
    add(
        "--ticket-keys",
        type=Path,
        metavar="FILE",
        help="with the content of TICKET_KEYS, or a line TICKET_KEYS=…; default: the variable TICKET_KEYS. "
        "Calls then have a ticket, unless the URLs have one: https://…/t/TICKET. No ticket is ever shown",
    )
    add(
        "--ticket-seconds",
        type=int,
        default=LASTS,
        help="lifetime of that ticket, at most TICKET_MAX_SECONDS; default: %(default)s",
    )
    add("--no-client-ip", dest="client_ip", action="store_false", help="logs have no address: CLIENT_IP=off")
    add(
        "--signed",
        action="store_true",
        help="sign calls with the keys in the environment (authType: function)",
    )
    add("--timeout", type=_seconds, default=15.0, help="seconds for each call; default: %(default)g")
    add(
        "--wait",
        type=_seconds,
        default=60.0,
        help="seconds for logs to become readable; default: %(default)g",
    )
    add("--json", action="store_true", help="machine-readable output")
    return parser


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 3600")
    return seconds
