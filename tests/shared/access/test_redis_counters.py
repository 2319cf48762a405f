"""A limit that instances share, in a real Redis: correct, bounded in time, never blocking a request."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from shared.access import redis_scripts
from shared.access.counters import Charge, Over
from shared.access.rate import Rule
from shared.access.redis_counters import SCRIPT, RedisCounters, read_redis_counters
from shared.access.redis_scripts import Blocking, InLoop
from shared.access.store import PATIENCE, Away
from shared.network.blocking import BLOCKING, run
from shared.network.event_loop import EventLoopNetwork
from shared.settings import Environment, SettingError
from tests.support.loop import Loop
from tests.support.redis import RedisServer
from tests.support.waiting import until

HOURLY = Rule("client", 1, 3600, 20)


@pytest.fixture(params=["blocking", "loop"])
def instance(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], Instance]]:
    """Create instances of either runtime for the store's URL, with long timeouts for busy machines."""
    monkeypatch.setattr(redis_scripts, "PATIENCE", 30)
    loop = Loop()
    made: list[Instance] = []

    def make(url: str) -> Instance:
        made.append(Instance(url, loop if request.param == "loop" else None))
        return made[-1]

    yield make
    for one in made:
        one.close()
    loop.stop()


class Instance:
    def __init__(self, url: str, loop: Loop | None) -> None:
        self._loop = loop
        self.scripts: Any = loop.call(lambda: InLoop(url, SCRIPT)) if loop else Blocking(url, SCRIPT)
        self.counters = RedisCounters(self.scripts, "test:{p}")

    def take(self, logs: int, rule: Rule = HOURLY, key: str = "k") -> Over | None:
        return self.take_all([Charge(rule, key)], logs)

    def take_all(self, charges: list[Charge], logs: int) -> Over | None:
        waiting = self.counters.take(charges, logs)
        return self._loop.run(waiting) if self._loop else run(waiting)

    def connected(self) -> None:
        """Wait until the store answers in time."""
        assert until(self._answers, 60), "the store does not answer in time"

    def _answers(self) -> bool:
        waiting = self.scripts.run(["test:{p}:warm"], [0.0, 1.0, 1.0])
        try:
            answer = self._loop.run(waiting) if self._loop else run(waiting)
        except Away:
            return False
        return bool(answer == [0, 0])

    def close(self) -> None:
        if self._loop:
            self._loop.run(self.scripts.close())
        else:
            run(self.scripts.close())


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


def test_exactly_the_burst_passes_and_all_rules_or_none_are_charged(
    server: RedisServer, instance: Callable[[str], Instance], request: pytest.FixtureRequest
) -> None:
    name = request.node.name
    one = instance(server.url)
    one.connected()
    assert one.take(21, key=name) is not None
    assert one.take(20, key=name) is None
    over = one.take(1, key=name)
    assert over is not None
    assert over.seconds == pytest.approx(3600, abs=5)
    narrow, wide = Charge(Rule("logstore", 1, 3600, 3), name), Charge(Rule("subject", 1, 3600, 4), name)
    found = one.take_all([wide, narrow], 4)
    assert found is not None
    assert found.charge == narrow
    assert one.take_all([wide], 4) is None


@pytest.mark.parametrize("rate", [1, 3, 7, 1_000_000])
def test_rates_that_do_not_divide_a_second_still_give_the_whole_burst(
    rate: int, server: RedisServer, instance: Callable[[str], Instance], request: pytest.FixtureRequest
) -> None:
    one = instance(server.url)
    one.connected()
    rule = Rule("client", rate, 3600 if rate < 10 else 1, 1_000_000)
    assert one.take(1_000_000, rule, request.node.name) is None


def test_a_used_up_rate_recovers(server: RedisServer, instance: Callable[[str], Instance]) -> None:
    one = instance(server.url)
    one.connected()
    rule, key = Rule("client", 1, 1, 2), f"grows {id(one)}"
    # On a busy machine some may have grown back before the next one comes.
    over = next(over for over in (one.take(1, rule, key) for _ in range(20)) if over is not None)
    time.sleep(over.seconds)
    assert one.take(1, rule, key) is None


def test_two_instances_share_a_limit(server: RedisServer, instance: Callable[[str], Instance]) -> None:
    instances = [instance(server.url), instance(server.url)]
    rule, key = Rule("client", 5, 1, 100), f"shared {id(instances[0])}"
    for one in instances:
        one.connected()
    began, passed, refused = time.monotonic(), [0, 0], [0.0, 0.0]
    assert instances[0].take(1, rule, key) is None
    charged = time.monotonic()

    def send(which: int) -> None:
        while time.monotonic() < began + 2 or not refused[which]:
            asked = time.monotonic()
            if instances[which].take(1, rule, key) is None:
                passed[which] += 1
            else:
                refused[which] = asked

    threads = [threading.Thread(target=send, args=(which,)) for which in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = 1 + sum(passed)
    # By the last refusal at the latest all was used up that there was until then, by either clock.
    assert total <= rule.burst + rule.rate * (time.monotonic() - began) + 2
    assert total >= rule.burst + rule.rate * (max(refused) - charged) - 2


def test_an_unreachable_store_lets_requests_pass_with_one_line_a_minute(
    instance: Callable[[str], Instance], caplog: pytest.LogCaptureFixture
) -> None:
    with RedisServer() as server:
        one = instance(server.url)
        one.connected()
        assert one.take(20) is None
        assert one.take(1) is not None
        server.kill()
        caplog.set_level(logging.WARNING)
        assert [one.take(100) for _ in range(20)] == [None] * 20
        lines = [line for line in caplog.messages if "rate limit store away" in line]
        assert len(lines) == 1
        assert "127.0.0.1" not in caplog.text
        server.start()  # without its data and without the script
        one.connected()
        assert one.take(20) is None
        assert one.take(1) is not None


def test_a_store_that_hangs_holds_a_request_no_longer_than_allowed(
    instance: Callable[[str], Instance], mocker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RedisServer() as server:
        one = instance(server.url)
        one.connected()
        monkeypatch.setattr(redis_scripts, "PATIENCE", PATIENCE)
        server.freeze()
        waits: list[float | None] = []
        real = asyncio.wait

        async def noted(waiting: Any, *, timeout: float | None = None) -> Any:
            waits.append(timeout)
            return await real(waiting, timeout=timeout)

        mocker.patch("shared.access.redis_scripts.asyncio.wait", noted)
        assert [one.take(100) for _ in range(5)] == [None] * 5
        assert all(wait == PATIENCE for wait in waits)
        server.resume()
        monkeypatch.setattr(redis_scripts, "PATIENCE", 30)
        one.connected()
        assert one.take(21) is not None


def test_a_store_that_is_killed_and_restarted_under_load_breaks_no_request(
    instance: Callable[[str], Instance],
) -> None:
    with RedisServer() as server:
        one = instance(server.url)
        one.connected()
        ended, outcomes = threading.Event(), [0, 0]

        def send(which: int) -> None:
            while not ended.is_set():
                one.take(1, Rule("client", 1000, 1, 1000), str(which))
                outcomes[which] += 1

        threads = [threading.Thread(target=send, args=(which,)) for which in (0, 1)]
        for thread in threads:
            thread.start()
        for _ in range(2):
            time.sleep(0.2)
            server.kill()
            time.sleep(0.2)
            server.start()
        assert until(lambda: all(outcomes))
        ended.set()
        for thread in threads:
            thread.join()
        one.connected()
        assert one.take(21) is not None


def test_a_password_and_tls_are_honoured(
    instance: Callable[[str], Instance], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    files = ["--tls-cert-file", str(tmp_path / "cert.pem"), "--tls-key-file", str(tmp_path / "key.pem")]
    options = [*files, "--tls-auth-clients", "no", "--requirepass", "pass word"]
    with RedisServer("--port", "0", "--tls-port", "PORT", *options) as server:
        one = instance(f"rediss://:pass%20word@localhost:{server.port}")
        one.connected()
        assert one.take(20) is None
        assert one.take(1) is not None
        wrong = instance(f"rediss://:wrong@localhost:{server.port}")
        assert wrong.take(100) is None


class Scripted:
    def __init__(self, answer: object) -> None:
        self.answer = answer

    async def run(self, *_: object) -> object:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize("answer", [None, [], [0], [0, 0, 0], ["0", 0], [2, 5], [-1, 5], [True, 1], b"OK"])
def test_nonsense_of_a_store_lets_requests_pass(answer: object) -> None:
    counters = RedisCounters(Scripted(answer), "p")
    assert run(counters.take([Charge(HOURLY, "k")], 1)) is None


def test_the_lines_about_a_store_are_a_minute_apart(caplog: pytest.LogCaptureFixture) -> None:
    now = [100.0]
    counters = RedisCounters(Scripted(Away("x")), "p", clock=lambda: now[0])
    for moment in (100.0, 101.0, 159.9, 160.0, 161.0):
        now[0] = moment
        run(counters.take([Charge(HOURLY, "k")], 1))
    assert [line.count('"uncounted":1') or line.count('"uncounted":3') for line in caplog.messages] == [1, 1]


@pytest.mark.parametrize(
    "held",
    [
        *("http://x", "redis://", "redis:/x", "redis://x:port", "redis://x/db", "redis://u:SECRET@", "x"),
        *(
            "redis://h?ssl_cert_reqs=none",
            "unix:///tmp/x",
            "redis://a b",
            "redis://h/1#x",
            "redis://h:123456",
        ),
    ],
)
def test_a_bad_address_is_refused_and_not_shown(held: str) -> None:
    env = Environment({"RATE_LIMIT_STORE": held, "SLS_PROJECT": "demo"})
    with pytest.raises(SettingError, match="RATE_LIMIT_STORE") as caught:
        read_redis_counters(env, BLOCKING)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    "held", ["redis://h", "rediss://u:p%40@h.example.com:6380/15", "redis://:p@[::1]:6379/0", "redis://h/"]
)
def test_an_address_may_have_a_user_a_password_and_a_database(held: str) -> None:
    env = Environment({"RATE_LIMIT_STORE": held, "SLS_PROJECT": "demo"})
    for network in (BLOCKING, EventLoopNetwork()):
        assert isinstance(read_redis_counters(env, network), RedisCounters)
