"""track's delivery and replay's run, on the fakes alone: no socket, no process, no event loop for track."""

from __future__ import annotations

import time

import pytest

from functions.replay.timer import Replay
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


def upload(logstore: str = LOGSTORES[0]) -> Upload:
    now = time.time()
    body = b'{"__tags__":{"batch_id":"b1"},"__logs__":[{"__time__":%d,"k":"v"}]}' % int(now)
    return Upload(logstore, 1, body, now, None, Deadline(5))


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
