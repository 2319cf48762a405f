"""The command line of `python -m ops ticket`."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import time
from collections.abc import Mapping, Sequence

from ops.ticket.explain import explain
from ops.ticket.issue import issue
from shared.access.tickets import LONGEST, TicketError, Tickets, read_keys, to_base64url

MAX_SECONDS = 172_800  # the default of TICKET_MAX_SECONDS


def main(arguments: Sequence[str]) -> int:
    """Create a key, issue a ticket or explain one; returns 1 for a refused ticket, 2 for wrong usage."""
    options = _parser().parse_args(arguments)
    if options.action == "key":
        print(f"{options.kid}:{to_base64url(secrets.token_bytes(32))}")
        return 0
    try:
        keys = read_keys(os.environ.get("TICKET_KEYS", ""))
    except ValueError as error:
        print(f"ticket: TICKET_KEYS is invalid; expected: {error}", file=sys.stderr)
        return 2
    return _issue(options, keys) if options.action == "issue" else _explain(options, keys)


def _issue(options: argparse.Namespace, keys: Mapping[str, bytes]) -> int:
    kid = options.kid or next(iter(keys))
    if kid not in keys:
        print(f"ticket: {kid} is not in TICKET_KEYS", file=sys.stderr)
        return 2
    claims: dict[str, object] = {"exp": int(time.time()) + options.seconds}
    given = {"sub": options.subject, "logstores": options.logstore, "origins": options.origin}
    claims.update({name: value for name, value in given.items() if value})
    ticket = issue(kid, keys[kid], claims)
    if len(ticket) > LONGEST:
        print(f"ticket: it has {len(ticket)} characters; the maximum is {LONGEST}", file=sys.stderr)
        return 2
    print(ticket)
    return 0


def _explain(options: argparse.Namespace, keys: Mapping[str, bytes]) -> int:
    text = sys.stdin.readline().strip() if options.ticket == "-" else options.ticket
    now = time.time()
    print(explain(text, now))
    try:
        Tickets(keys, options.max_seconds).check(text, now)
    except TicketError as error:
        print(f"refused: {error}")
        return 1
    print("accepted")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ops ticket", description="Page tickets, with the keys in TICKET_KEYS."
    )
    actions = parser.add_subparsers(dest="action", required=True)
    key = actions.add_parser("key", help="print a new entry for TICKET_KEYS")
    key.add_argument("kid", help="its name, such as 2026a")
    new = actions.add_parser("issue", help="print a ticket")
    new.add_argument("--kid", help="default: the first in TICKET_KEYS")
    new.add_argument("--seconds", type=int, default=3600, help="its lifetime; default: %(default)s")
    new.add_argument("--subject", help="the user; becomes the tag `subject`")
    new.add_argument("--logstore", action="append", help="allow only this Logstore; may be repeated")
    new.add_argument("--origin", action="append", help="allow only this origin; may be repeated")
    old = actions.add_parser("explain", help="show what a ticket says, and whether it would be accepted")
    old.add_argument("ticket", help="the ticket, or - to read it from standard input")
    old.add_argument(
        "--max-seconds", type=int, default=MAX_SECONDS, help="TICKET_MAX_SECONDS; default: %(default)s"
    )
    return parser
