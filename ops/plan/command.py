"""The command line of `python -m ops plan`."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from typing import NoReturn

from ops.plan import figures, plan, show
from ops.plan.demand import Demand
from ops.plan.prices import USUAL, PriceListError, read, shipped_lists

MOST_LOGS, MOST_BODY = 4096, 3 * 1024 * 1024  # functions/track/limits.py
_USUAL = Demand(visitors=1, events=1)


class _Parser(argparse.ArgumentParser):
    """Prints an error in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"plan: {message}\n")


def main(arguments: Sequence[str]) -> int:
    """Print the plan; wrong usage prints one line and exits with 2."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.concurrency is not None and not options.concurrent:
        parser.error("--concurrency is of the custom runtime: add --concurrent")
    demand = _demand(options)
    if fault := _fault(demand):
        parser.error(fault)
    try:
        prices = read(options.prices)
    except PriceListError as error:
        parser.error(str(error))
    measured = figures.read()
    said = show.answer(plan.make(demand, measured, prices), measured, prices)
    print(show.as_json(said) if options.json else show.as_text(said))
    return 0


def between(least: float, most: float, above: bool = False) -> Callable[[str], float]:
    """Return a parser for finite numbers from `least` to `most`; with `above`, greater than `least`."""

    def number(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
        if not math.isfinite(value) or value > most or value < least or (above and value == least):
            bound = f"more than {least:g}" if above else f"at least {least:g}"
            raise argparse.ArgumentTypeError(f"{text!r} should be {bound} and at most {most:,.0f}")
        return value

    return number


def whole(least: int, most: int) -> Callable[[str], int]:
    """Return a parser for whole numbers from `least` to `most`."""

    def number(text: str) -> int:
        value = int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else -1
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text!r} should be a whole number from {least:,} to {most:,}")
        return value

    return number


def _demand(options: argparse.Namespace) -> Demand:
    peak = 24 / options.peak_to_mean if options.peak_to_mean else options.peak_hours
    return Demand(
        visitors=options.visitors_per_second,
        events=options.events_per_visit,
        concurrent=options.concurrent,
        event_bytes=options.bytes_per_event,
        batch_events=options.events_per_batch,
        batch_seconds=options.seconds_per_batch,
        visit_seconds=options.visit_seconds,
        retention_days=options.retention_days,
        peak_hours=peak,
        sls_seconds=options.sls_ms / 1000,
        concurrency=options.concurrency or _USUAL.concurrency,
        request_log=options.request_log,
        answer_bytes=options.answer_bytes,
        outage_hours=options.outage_hours,
    )


def _fault(demand: Demand) -> str | None:
    """Return which of track's limits a batch exceeds."""
    batch = min(demand.events, demand.batch_events)
    if batch > MOST_LOGS:
        return f"a batch of {batch:,} events: track takes {MOST_LOGS:,} logs; lower --events-per-batch"
    if batch * demand.event_bytes > MOST_BODY:
        size = batch * demand.event_bytes
        return f"a batch of {size:,.0f} bytes: track takes {MOST_BODY:,}; lower --events-per-batch"
    return None


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m ops plan",
        description="Computes a site's needs: instances, shards, quotas, the spool in an outage, the bill.",
    )
    add = parser.add_argument
    rate = between(0, 1e6, above=True)
    add("--visitors-per-second", type=rate, required=True, help="visits that begin per second, at the peak")
    add("--events-per-visit", type=whole(1, 10_000), required=True, help="events in a visit")
    add("--concurrent", action="store_true", help="the custom runtime (s.concurrent.yaml)")
    _site(parser)
    _running(parser)
    return parser


def _site(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the site")
    add, default = group.add_argument, "; default: %(default)g"
    size = between(1, MOST_BODY)
    add("--bytes-per-event", type=size, default=_USUAL.event_bytes, help=f"bytes of its JSON{default}")
    many = whole(1, 100_000)
    add("--events-per-batch", type=many, default=_USUAL.batch_events, help=f"the SDK's `count`{default}")
    long = between(0, 86_400, above=True)
    add("--seconds-per-batch", type=long, default=_USUAL.batch_seconds, help=f"the SDK's `time`{default}")
    spread = f"seconds over which a visit's events are spread{default}"
    add("--visit-seconds", type=between(0, 86_400), default=_USUAL.visit_seconds, help=spread)
    peak = group.add_mutually_exclusive_group()
    hours = f"hours at the peak that give a day's volume{default}"
    peak.add_argument("--peak-hours", type=between(0, 24, above=True), default=_USUAL.peak_hours, help=hours)
    peak.add_argument("--peak-to-mean", type=between(1, 1000), help="the same as a ratio: 24 / hours")
    days = f"days that logs are kept{default}"
    add("--retention-days", type=whole(1, 3650), default=_USUAL.retention_days, help=days)


def _running(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how it runs")
    add, default = group.add_argument, "; default: %(default)g"
    wait = between(0, 9000)
    add("--sls-ms", type=wait, default=1000 * _USUAL.sls_seconds, help=f"ms until SLS answers{default}")
    once = f"with --concurrent: DEPLOY_CONCURRENCY; default: {_USUAL.concurrency}"
    add("--concurrency", type=whole(1, 200), help=once)
    add("--request-log", choices=("all", "problems"), default="all", help="REQUEST_LOG; default: all")
    wire = f"bytes of an answer on the network{default}"
    add("--answer-bytes", type=between(0, 100_000), default=_USUAL.answer_bytes, help=wire)
    hours = f"hours of the outage to plan for{default}"
    add("--outage-hours", type=between(0, 720, above=True), default=_USUAL.outage_hours, help=hours)
    lists = f"a price list: {', '.join(shipped_lists())} or a file of its form; default: %(default)s"
    add("--prices", default=USUAL, metavar="NAME|FILE", help=lists)
    add("--json", action="store_true", help="print JSON, for programs")
