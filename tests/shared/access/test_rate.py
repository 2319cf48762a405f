"""The grammar of RATE_LIMIT, and the counters of an instance compared with a simple model."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.access.counters import Charge, InstanceCounters, Over
from shared.access.rate import HIGHEST, KINDS, Rule, read_rules
from shared.network.blocking import run

SECOND = 1_000_000_000
LETTERS = {1: "s", 60: "m", 3600: "h"}


class Clock:
    def __init__(self) -> None:
        self.now = 12_345_678_901

    def __call__(self) -> int:
        return self.now


def take(counters: InstanceCounters, rule: Rule, logs: int, key: str = "k") -> Over | None:
    return run(counters.take([Charge(rule, key)], logs))


def test_the_rules_of_the_documentation() -> None:
    assert read_rules("client 20/s burst 200, subject 50/m,logstore  2000/h") == (
        Rule("client", 20, 1, 200),
        Rule("subject", 50, 60, 500),
        Rule("logstore", 2000, 3600, 20_000),
    )


@pytest.mark.parametrize(
    "held",
    [
        *("", "client", "client 20", "client 20/d", "client 0/s", "client -1/s", "client 1.5/s"),
        *("client 20/s burst 0", "client 20/s burst", "client 20/sburst 3", "Client 20/s", "ip 20/s"),
        *("client 20/s, client 30/s", "client 20/s,", ",client 20/s", "client 20/s subject 30/s"),
        *("client 1000001/s", "client 1/s burst 1000001", "client 20 /s", "client ٢/s", "client 20/s\n,"),
    ],
)
def test_an_invalid_rule_is_refused(held: str) -> None:
    with pytest.raises(ValueError, match=r"rules such as|at most once|from 1 to"):
        read_rules(held)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(KINDS),
            st.integers(1, HIGHEST),
            st.sampled_from([*LETTERS]),
            st.integers(1, HIGHEST),
        ),
        min_size=1,
        unique_by=lambda rule: rule[0],
    )
)
def test_every_valid_rule_is_read(wanted: list[tuple[str, int, int, int]]) -> None:
    held = ", ".join(f"{kind} {rate}/{LETTERS[period]} burst {burst}" for kind, rate, period, burst in wanted)
    assert read_rules(held) == tuple(Rule(*rule) for rule in wanted)


def test_the_usual_burst_stays_within_what_a_burst_may_be() -> None:
    assert read_rules(f"client {HIGHEST}/s")[0].burst == HIGHEST


@pytest.mark.parametrize("rate", [1, 3, 7, 20, 999_983])
@pytest.mark.parametrize("period", [1, 60, 3600])
def test_exactly_the_burst_passes_and_one_log_each_interval_after_it(rate: int, period: int) -> None:
    clock, rule = Clock(), Rule("client", rate, period, 200)
    counters = InstanceCounters(clock)
    assert take(counters, rule, 201) is not None
    assert take(counters, rule, 199) is None
    assert take(counters, rule, 1) is None
    over = take(counters, rule, 1)
    assert over is not None
    assert over.seconds == pytest.approx(period / rate)
    interval = -(-period * SECOND // rate)  # in whole nanoseconds, rounded up
    clock.now += interval - 1
    assert take(counters, rule, 1) is not None
    clock.now += 1
    assert take(counters, rule, 1) is None


@given(
    st.integers(1, 50),
    st.integers(1, 100),
    st.lists(st.tuples(st.integers(0, 3 * SECOND), st.integers(1, 120)), max_size=30),
)
def test_it_counts_like_a_leaky_bucket(rate: int, burst: int, asked: list[tuple[int, int]]) -> None:
    clock, rule = Clock(), Rule("client", rate, 1, burst)
    counters, level, last = InstanceCounters(clock), Fraction(0), clock.now
    for wait, logs in asked:
        clock.now += wait
        level = max(level - Fraction((clock.now - last) * rate, SECOND), Fraction(0))
        last = clock.now
        passes = level + logs <= burst
        assert (take(counters, rule, logs) is None) == passes
        level += logs if passes else 0


def test_a_request_that_one_rule_refuses_is_charged_to_no_rule() -> None:
    counters = InstanceCounters(Clock())
    wide, narrow = Charge(Rule("client", 1, 1, 10), "a"), Charge(Rule("logstore", 1, 60, 3), "web")
    over = run(counters.take([wide, narrow], 4))
    assert over == Over(narrow, 60.0)
    assert run(counters.take([wide], 10)) is None


def test_memory_is_limited_and_recently_used_keys_are_kept() -> None:
    counters, rule = InstanceCounters(Clock(), most_keys=3), Rule("client", 1, 1, 1)
    for key in ("a", "b", "c"):
        assert take(counters, rule, 1, key) is None
    assert take(counters, rule, 1, "a") is not None
    assert take(counters, rule, 1, "d") is None
    assert take(counters, rule, 1, "c") is not None
    assert take(counters, rule, 1, "a") is None  # forgotten


def test_a_key_that_is_used_again_is_forgotten_later() -> None:
    counters, rule = InstanceCounters(Clock(), most_keys=3), Rule("client", 1, 1, 2)
    for key in ("a", "b", "c", "a", "d"):
        assert take(counters, rule, 1, key) is None
    assert take(counters, rule, 1, "a") is not None
    assert take(counters, rule, 2, "b") is None  # forgotten
