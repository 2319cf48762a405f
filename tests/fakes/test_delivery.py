"""track's delivery and replay's run, on the fakes alone: no socket, no process, no event loop for track."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from functions.replay.timer import Replay
from functions.track.breaker import FAILURES, LONGEST, Breaker
from functions.track.delivered import Delivered
from functions.track.delivery import Delivery
from functions.track.settings import TrackSettings
from functions.track.upload import Upload
from local.faults import Fault
from shared.credentials import CredentialSource
from shared.deadline import Deadline
from shared.http.errors import SERVER_BUSY, UPSTREAM_REJECTED
from shared.network.blocking import BLOCKING, run
from tests.fakes.account import BUCKET, LOGSTORES, FakeAccount
from tests.fakes.network import FakeNetwork
from tests.fakes.oss import FakeOss
from tests.fakes.sls import FakeSls
from tests.support.fc import context


@pytest.fixture
def delivery(fake_account: FakeAccount, monkeypatch: pytest.MonkeyPatch) -> Delivery:
    monkeypatch.setattr("functions.track.delivery.PAUSES", (0.01, 0.01))
    variables = fake_account.variables(fake_account.track_role, SPOOL_OSS_BUCKET=BUCKET)
    return Delivery(TrackSettings.read(variables), CredentialSource(variables), BLOCKING)


class Clock:
    """The breakers' time, in seconds."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("functions.track.spooling.Breaker", lambda: Breaker(clock))
    return clock


def upload(logstore: str = LOGSTORES[0], seconds: float = 5) -> Upload:
    now = time.time()
    body = b'{"__tags__":{"batch_id":"b1"},"__logs__":[{"__time__":%d,"k":"v"}]}' % int(now)
    return Upload(logstore, 1, body, now, None, Deadline(seconds))


def delivered(delivery: Delivery, times: int, logstore: str = LOGSTORES[0]) -> list[Delivered]:
    return [run(delivery.deliver(upload(logstore))) for _ in range(times)]


def test_a_batch_that_sls_accepts_is_not_spooled(
    delivery: Delivery, fake_sls: FakeSls, fake_oss: FakeOss
) -> None:
    done = run(delivery.deliver(upload()))
    assert (done.problem, done.spooled, done.notes["attempts"]) == (None, False, 1)
    assert [dict(log.fields) for log in fake_sls.logs(LOGSTORES[0])] == [{"k": "v"}]
    assert fake_oss.calls == []


def test_a_temporary_error_is_retried(delivery: Delivery, fake_sls: FakeSls, fake_oss: FakeOss) -> None:
    fake_sls.faults.add(Fault.status(503, code="ServerBusy"), times=2)
    done = run(delivery.deliver(upload()))
    assert (done.problem, done.notes["attempts"]) == (None, 3)
    assert fake_oss.calls == []


@pytest.mark.usefixtures("fake_oss")
def test_no_pause_is_begun_that_would_outlast_the_request(
    delivery: Delivery, fake_sls: FakeSls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.track.delivery.PAUSES", (3.0, 3.0))
    fake_sls.faults.add(Fault.status(503, code="ServerBusy"))
    done = run(delivery.deliver(upload(seconds=1)))
    assert (done.spooled, done.notes["attempts"]) == (True, 1)


@pytest.mark.parametrize(("drawn", "share"), [(b"\x00", 0.5), (b"\xff", 1.5)])
def test_a_pause_is_varied_by_half(
    drawn: bytes, share: float, delivery: Delivery, fake_sls: FakeSls, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    async def pause(_network: object, seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(type(BLOCKING), "pause", pause)
    monkeypatch.setattr("functions.track.delivery.os", SimpleNamespace(urandom=lambda _: drawn))
    fake_sls.faults.add(Fault.status(503, code="ServerBusy"), times=2)
    assert run(delivery.deliver(upload())).problem is None
    assert pauses == pytest.approx([0.01 * share] * 2)


def test_a_write_in_doubt_is_stored_once_more_at_most(
    delivery: Delivery, fake_sls: FakeSls, fake_oss: FakeOss
) -> None:
    fake_sls.faults.add(Fault.reset(stage="handled"))  # SLS stores it, and its answer is lost
    done = run(delivery.deliver(upload()))
    assert done.spooled
    assert len(fake_sls.logs(LOGSTORES[0])) == len(fake_oss.spooled()) == 1


def test_a_batch_that_sls_refuses_is_spooled_and_the_problem_logged(
    delivery: Delivery, fake_sls: FakeSls, fake_oss: FakeOss
) -> None:
    fake_sls.faults.add(Fault.status(404, code="ProjectNotExist"))
    done = run(delivery.deliver(upload()))
    assert done.problem is not None
    assert (done.problem.kind, done.spooled) == (UPSTREAM_REJECTED, True)
    (batch,) = fake_oss.spooled()
    assert (batch.logstore, b'"batch_id":"b1"' in batch.body) == (LOGSTORES[0], True)


def test_without_sls_and_spool_the_client_gets_503_with_retry_after(
    delivery: Delivery, fake_sls: FakeSls, fake_oss: FakeOss
) -> None:
    fake_sls.cut()
    fake_oss.cut()
    done = run(delivery.deliver(upload()))
    assert done.problem is not None
    assert (done.problem.kind, done.spooled, done.notes["spooled"]) == (SERVER_BUSY, False, 0)
    assert "OSS cannot be reached" in (done.problem.detail or "")


# The breaker.


def test_an_sls_that_fails_in_a_row_is_not_asked_and_everything_is_spooled(
    delivery: Delivery, fake_sls: FakeSls, fake_oss: FakeOss
) -> None:
    fake_sls.cut()
    tried = delivered(delivery, FAILURES)
    asked = len(fake_sls.calls)
    assert asked == 3 * FAILURES  # each was repeated
    done = delivered(delivery, 10)
    assert len(fake_sls.calls) == asked
    assert all(one.spooled for one in tried + done)
    assert len(fake_oss.spooled()) == FAILURES + 10
    assert not any("breaker" in one.notes for one in tried)
    assert dict(done[0].notes) == {"logs": 1, "breaker": "open", "attempts": 0, "spooled": 1}
    assert done[0].problem is not None
    assert done[0].problem.detail == "SLS was not asked: SLS failed several writes in a row"


def test_a_probe_that_sls_takes_closes_it(
    delivery: Delivery, fake_network: FakeNetwork, fake_sls: FakeSls, fake_oss: FakeOss, clock: Clock
) -> None:
    fake_sls.cut()
    delivered(delivery, FAILURES)
    clock.now += LONGEST
    asked = len(fake_sls.calls)
    (failed,) = delivered(delivery, 1)
    assert (failed.notes["attempts"], failed.notes["breaker"], failed.spooled) == (1, "open", True)
    assert len(fake_sls.calls) == asked + 1  # a probe is not repeated
    fake_network.mend()
    clock.now += LONGEST
    probe, after = delivered(delivery, 2)
    assert (probe.problem, probe.notes["breaker"]) == (None, "open")
    assert (after.problem, "breaker" in after.notes) == (None, False)
    assert len(fake_sls.logs(LOGSTORES[0])) == 2
    assert len(fake_oss.spooled()) == FAILURES + 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault.status(404, code="ProjectNotExist"),
        Fault.status(404, code="LogStoreNotExist"),
        Fault.status(400, code="PostBodyInvalid"),
        Fault.status(401, code="SignatureNotMatch"),
        Fault.status(403, code="WriteQuotaExceed"),
    ],
    ids=lambda fault: fault.name,
)
def test_what_sls_refuses_does_not_open_it(
    delivery: Delivery, fake_sls: FakeSls, fake_oss: FakeOss, fault: Fault
) -> None:
    fake_sls.faults.add(fault)
    done = delivered(delivery, 3 * FAILURES)
    assert all(one.notes["attempts"] for one in done)
    assert len(fake_oss.spooled()) == 3 * FAILURES


@pytest.mark.usefixtures("fake_oss")
def test_clients_that_leave_sls_no_time_do_not_open_it(delivery: Delivery, fake_sls: FakeSls) -> None:
    delivered(delivery, 1)
    fake_sls.faults.add(Fault.hang())
    late = [run(delivery.deliver(upload(seconds=0.2))) for _ in range(2 * FAILURES)]
    assert all(one.notes["attempts"] == 1 for one in late)


@pytest.mark.usefixtures("fake_oss")
def test_a_logstore_that_hangs_does_not_stop_the_others(delivery: Delivery, fake_sls: FakeSls) -> None:
    fake_sls.faults.add(Fault.status(500, code="InternalServerError"), on=f"/{LOGSTORES[0]}/")
    delivered(delivery, FAILURES)
    assert delivered(delivery, 1)[0].notes["breaker"] == "open"
    (other,) = delivered(delivery, 1, LOGSTORES[1])
    assert (other.problem, "breaker" in other.notes) == (None, False)


def test_where_the_spool_fails_while_it_is_open_sls_is_asked_all_the_same(
    delivery: Delivery, fake_network: FakeNetwork, fake_sls: FakeSls, fake_oss: FakeOss
) -> None:
    fake_sls.cut()
    delivered(delivery, FAILURES)
    fake_network.mend()
    fake_oss.cut()
    (done,) = delivered(delivery, 1)
    assert (done.problem, done.notes["attempts"], done.notes["spooled"]) == (None, 1, 0)
    assert len(fake_sls.logs(LOGSTORES[0])) == 1


def test_while_it_is_open_a_spool_that_hangs_leaves_half_of_the_time_to_sls(
    delivery: Delivery, fake_network: FakeNetwork, fake_sls: FakeSls, fake_oss: FakeOss
) -> None:
    fake_sls.cut()
    delivered(delivery, FAILURES)
    fake_network.mend()
    fake_oss.faults.add(Fault.hang())
    began = time.monotonic()
    done = run(delivery.deliver(upload(seconds=2)))
    assert (done.problem, done.notes["spooled"]) == (None, 0)
    assert 0.9 < time.monotonic() - began < 2


def test_with_neither_while_it_is_open_nothing_is_confirmed(
    delivery: Delivery, fake_sls: FakeSls, fake_oss: FakeOss
) -> None:
    fake_sls.cut()
    delivered(delivery, FAILURES)
    fake_oss.cut()
    (done,) = delivered(delivery, 1)
    assert done.problem is not None
    assert (done.problem.kind, done.spooled, done.notes["spooled"]) == (SERVER_BUSY, False, 0)
    assert "OSS cannot be reached" in (done.problem.detail or "")


def test_without_a_spool_there_is_none(fake_account: FakeAccount, fake_sls: FakeSls) -> None:
    variables = fake_account.variables(fake_account.track_role)
    delivery = Delivery(TrackSettings.read(variables), CredentialSource(variables), BLOCKING)
    fake_sls.faults.add(Fault.reset())
    done = delivered(delivery, 2 * FAILURES)
    assert all(one.notes["attempts"] == 2 and one.problem is not None for one in done)


def test_replay_writes_what_was_spooled_and_empties_the_spool(
    delivery: Delivery,
    fake_account: FakeAccount,
    fake_network: FakeNetwork,
    fake_sls: FakeSls,
    fake_oss: FakeOss,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake_sls.cut()
    for logstore in LOGSTORES:
        assert run(delivery.deliver(upload(logstore))).spooled
    fake_network.mend()
    variables = fake_account.variables(fake_account.replay_role, SPOOL_OSS_BUCKET=BUCKET)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    line = Replay().tick(b"{}", context(30))
    assert (line["ended"], line["written"], line["left"]) == ("drained", 2, 0)
    assert [len(fake_sls.logs(logstore)) for logstore in LOGSTORES] == [1, 1]
    assert (fake_oss.spooled(), fake_oss.rejected()) == ([], [])
