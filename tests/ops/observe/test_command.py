"""The command on a Project: plan, apply, again, and what others have made."""

from __future__ import annotations

import copy
import io
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

import pytest

from local.ram import Ram
from local.serving import Server
from ops.observe import catalogue
from ops.observe.command import main
from ops.provision.clients import Credentials
from tests.ops.observe.sls_views import REGION, SlsViews

PAGES = ("web", "checkout")


class Observe:
    """Runs the command against one Project and keeps what it printed last."""

    def __init__(self, sls: SlsViews, url: str, credentials: Credentials) -> None:
        self.sls, self._credentials = sls, credentials
        self._options = ["--region", REGION, "--project", "shop-logs", "--sls-endpoint", url]
        self.out = self.err = ""

    def __call__(self, *arguments: str, logstores: str = ",".join(PAGES)) -> int:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            options = [*self._options, "--logstores", logstores, *arguments]
            status = main(options, lambda: self._credentials)
        self.out, self.err = out.getvalue(), err.getvalue()
        return status

    def marks(self) -> set[str]:
        plan = self.out.rpartition("as it is now")[2]
        return {line[0] for line in plan.splitlines() if line[:2] in ("✓ ", "+ ", "~ ", "! ")}


@pytest.fixture
def observe() -> Iterator[Observe]:
    ram = Ram()
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    key = ram.add_user("ops", [{"Version": "1", "Statement": [everything]}])
    sls = SlsViews(ram, *PAGES, "function-logs")
    with Server(sls) as server:
        yield Observe(sls, server.url, Credentials(*key))


def test_a_plan_changes_nothing(observe: Observe) -> None:
    assert observe() == 2

    assert observe.marks() == {"+"}
    assert "nothing was changed; --apply carries this out" in observe.out
    assert observe.sls.writes == []


def test_applied_once_everything_is_there_and_a_second_time_changes_nothing(observe: Observe) -> None:
    assert observe("--apply", "--spool") == 0
    assert observe.marks() == {"✓"}
    held = observe.sls.held
    assert set(held["savedsearches"]) == set(catalogue.SAVED_SEARCHES)
    assert set(held["dashboards"]) == {"webtracking-events", "webtracking-health"}
    assert set(held["jobs"]) == {f"webtracking-{alarm.name}" for alarm in catalogue.ALARMS}

    observe.sls.writes.clear()
    assert observe("--apply", "--spool") == 0
    assert observe.sls.writes == []


def test_dashboards_and_alarms_hold_the_queries_of_the_files(observe: Observe) -> None:
    observe("--apply", "--spool", "--action-policy", "night-shift")

    events = observe.sls.held["dashboards"]["webtracking-events"]["charts"]
    assert [chart["search"]["logstore"] for chart in events] == ["web"] * 7 + ["checkout"] * 7
    assert len({chart["title"] for chart in events}) == 14
    assert len({(c["display"]["xPos"], c["display"]["yPos"]) for c in events}) == 14
    health = observe.sls.held["dashboards"]["webtracking-health"]["charts"]
    texts = [chart["search"]["query"] for chart in [*events[:7], *health]]
    boards = catalogue.DASHBOARDS
    assert texts == [chart.text for board in boards for chart in board.charts]
    for alarm in catalogue.ALARMS:
        configuration = observe.sls.held["jobs"][f"webtracking-{alarm.name}"]["configuration"]
        assert configuration["queryList"][0]["query"] == alarm.text
        assert configuration["queryList"][0]["start"] == f"-{alarm.seconds}s"
        assert configuration["policyConfiguration"]["actionPolicyId"] == "night-shift"


def test_without_a_spool_there_is_no_alarm_on_it(observe: Observe) -> None:
    observe("--apply")

    assert "webtracking-silent" not in observe.sls.held["jobs"]
    assert "webtracking-lost" in observe.sls.held["jobs"]


def test_an_index_gets_what_it_lacks_and_keeps_what_it_has(observe: Observe) -> None:
    mine: dict[str, Any] = {
        "line": {"token": [","], "caseSensitive": True},
        "keys": {"eventType": {"type": "text", "token": ["x"], "doc_value": True}, "price": {"type": "long"}},
        "log_reduce": True,
    }
    observe.sls.indexes["web"] = copy.deepcopy(mine)

    observe()
    assert "~ index of web: add event, referrer, __tag__:referer" in observe.out
    observe("--apply")

    index = observe.sls.indexes["web"]
    assert index is not None
    assert index["line"] == mine["line"]
    assert index["log_reduce"] is True
    assert {name: index["keys"][name] for name in mine["keys"]} == mine["keys"]
    assert set(index["keys"]) == {*catalogue.EVENT_COLUMNS, "price"}
    assert index["keys"]["event"]["doc_value"] is True


def test_an_index_closed_to_analysis_is_left_alone(observe: Observe) -> None:
    observe("--apply")
    index = observe.sls.indexes["function-logs"]
    assert index is not None
    index["keys"]["message"]["doc_value"] = False
    observe.sls.writes.clear()

    assert observe("--apply", "--enforce") == 2
    assert "! index of function-logs: analysis (doc_value) is turned off for message" in observe.out
    assert observe.sls.writes == []


def test_what_differs_is_left_alone_until_it_is_enforced(observe: Observe) -> None:
    observe("--apply")
    alarm = observe.sls.held["jobs"]["webtracking-lost"]
    alarm["schedule"]["interval"] = "1h"
    observe.sls.held["dashboards"]["webtracking-health"]["charts"].pop()
    observe.sls.writes.clear()

    assert observe("--apply") == 2
    assert "! alarm webtracking-lost: schedule.interval: 1h → 5m. To change it, use --enforce" in observe.out
    assert "! dashboard webtracking-health: charts: 9 entries → 10 entries" in observe.out
    assert observe.sls.writes == []

    assert observe("--apply", "--enforce") == 0
    assert observe.marks() == {"✓"}
    assert observe.sls.writes == ["PUT /dashboards/webtracking-health", "PUT /jobs/webtracking-lost"]


def test_what_others_have_made_stays(observe: Observe) -> None:
    theirs = {"dashboardName": "sales", "displayName": "Sales", "charts": []}
    observe.sls.held["dashboards"]["sales"] = dict(theirs)
    observe.sls.held["jobs"]["night"] = {"name": "night"}

    observe("--apply", "--enforce")

    assert observe.sls.held["dashboards"]["sales"] == theirs
    assert observe.sls.held["jobs"]["night"] == {"name": "night"}
    assert all("sales" not in write and "night" not in write for write in observe.sls.writes)


def test_a_logstore_that_is_missing_is_said(observe: Observe) -> None:
    assert observe("--apply", logstores="nowhere") == 1
    assert "observe: LogStoreNotExist: logstore nowhere does not exist" in observe.err
    assert observe.sls.writes == []


def test_a_wrong_key_is_said(observe: Observe) -> None:
    observe._credentials = Credentials(observe._credentials.access_key_id, "wrong", "")

    assert observe() == 1
    assert observe.err.startswith("observe: SignatureNotMatch")
