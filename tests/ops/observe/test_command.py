"""The command on a Project: plan, apply, again, and what others have made."""

from __future__ import annotations

import copy
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from local.ram import Ram
from local.serving import Server
from local.sls import SlsStandIn
from ops.observe import catalogue
from ops.observe.command import main
from ops.provision.clients import Credentials

REGION, PROJECT = "cn-hangzhou", "shop-logs"
DEPLOY = Path(__file__).parents[3] / "docs" / "deploy.md"
PAGES = ("web", "checkout")


class Observe:
    """Runs the command against one Project and keeps what it printed last."""

    def __init__(self, sls: SlsStandIn, url: str, credentials: Credentials) -> None:
        self._management, self._credentials = sls.management, credentials
        self._options = ["--region", REGION, "--project", PROJECT, "--sls-endpoint", url]
        self.out = self.err = ""

    def __call__(self, *arguments: str, logstores: str = ",".join(PAGES)) -> int:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            options = [*self._options, "--logstores", logstores, *arguments]
            status = main(options, lambda: self._credentials)
        self.out, self.err = out.getvalue(), err.getvalue()
        return status

    def held(self, kind: str) -> dict[str, dict[str, Any]]:
        """What the Project has of a kind, by name; changes to it are kept."""
        return self._management.views.of(kind, PROJECT)

    def index(self, logstore: str) -> dict[str, Any]:
        return self._management.indexes[PROJECT, logstore]

    def indexes(self) -> int:
        return len(self._management.indexes)

    def set_index(self, logstore: str, index: dict[str, Any]) -> None:
        self._management.indexes[PROJECT, logstore] = index

    def writes(self) -> list[str]:
        """The calls since the last time that were to change something."""
        calls = [call for call in self._management.calls if not call.startswith("get_")]
        self._management.calls.clear()
        return calls

    def marks(self) -> set[str]:
        plan = self.out.rpartition("state after the changes")[2]
        return {line[0] for line in plan.splitlines() if line[:2] in ("✓ ", "+ ", "~ ", "! ")}


@contextmanager
def observing(ram: Ram, credentials: Credentials) -> Iterator[Observe]:
    sls = SlsStandIn(ram, region=REGION)
    for name in (*PAGES, "function-logs"):
        sls.create(PROJECT, name)
    with Server(sls.app) as server:
        yield Observe(sls, server.url, credentials)
    sls.close()


@pytest.fixture
def observe() -> Iterator[Observe]:
    ram = Ram()
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    with observing(
        ram, Credentials(*ram.add_user("ops", [{"Version": "1", "Statement": [everything]}]))
    ) as one:
        yield one


def test_a_plan_changes_nothing(observe: Observe) -> None:
    assert observe() == 2

    assert observe.marks() == {"+"}
    assert "nothing was changed; use --apply to execute the plan" in observe.out
    assert observe.writes() == []


def test_applied_once_everything_is_there_and_a_second_time_changes_nothing(observe: Observe) -> None:
    assert observe("--apply", "--spool") == 0
    assert observe.marks() == {"✓"}
    assert set(observe.held("savedsearch")) == set(catalogue.SAVED_SEARCHES)
    assert set(observe.held("dashboard")) == {"webtracking-events", "webtracking-health"}
    assert set(observe.held("job")) == {f"webtracking-{alarm.name}" for alarm in catalogue.ALARMS}

    observe.writes()
    assert observe("--apply", "--spool") == 0
    assert observe.writes() == []


def test_dashboards_and_alarms_hold_the_queries_of_the_files(observe: Observe) -> None:
    observe("--apply", "--spool", "--action-policy", "night-shift")

    events = observe.held("dashboard")["webtracking-events"]["charts"]
    assert [chart["search"]["logstore"] for chart in events] == ["web"] * 7 + ["checkout"] * 7
    assert len({chart["title"] for chart in events}) == 14
    assert len({(c["display"]["xPos"], c["display"]["yPos"]) for c in events}) == 14
    health = observe.held("dashboard")["webtracking-health"]["charts"]
    texts = [chart["search"]["query"] for chart in [*events[:7], *health]]
    boards = catalogue.DASHBOARDS
    assert texts == [chart.text for board in boards for chart in board.charts]
    for alarm in catalogue.ALARMS:
        configuration = observe.held("job")[f"webtracking-{alarm.name}"]["configuration"]
        assert configuration["queryList"][0]["query"] == alarm.text
        assert configuration["queryList"][0]["start"] == f"-{alarm.seconds}s"
        assert configuration["policyConfiguration"]["actionPolicyId"] == "night-shift"


def test_without_a_spool_there_is_no_alarm_on_it(observe: Observe) -> None:
    observe("--apply")

    assert "webtracking-silent" not in observe.held("job")
    assert "webtracking-lost" in observe.held("job")


def test_an_index_gets_what_it_lacks_and_keeps_what_it_has(observe: Observe) -> None:
    mine: dict[str, Any] = {
        "line": {"token": [","], "caseSensitive": True},
        "keys": {"eventType": {"type": "text", "token": ["x"], "doc_value": True}, "price": {"type": "long"}},
        "log_reduce": True,
    }
    observe.set_index("web", copy.deepcopy(mine))

    observe()
    assert "~ index of web: add event, referrer, __tag__:referer" in observe.out
    observe("--apply")

    index = observe.index("web")
    assert index["line"] == mine["line"]
    assert index["log_reduce"] is True
    assert {name: index["keys"][name] for name in mine["keys"]} == mine["keys"]
    assert set(index["keys"]) == {*catalogue.EVENT_COLUMNS, "price"}
    assert index["keys"]["event"]["doc_value"] is True


def test_an_index_closed_to_analysis_is_left_alone(observe: Observe) -> None:
    observe("--apply")
    index = observe.index("function-logs")
    index["keys"]["message"]["doc_value"] = False
    observe.writes()

    assert observe("--apply", "--enforce") == 2
    assert "! index of function-logs: analysis (doc_value) is turned off for message" in observe.out
    assert observe.writes() == []


def test_what_differs_is_left_alone_until_it_is_enforced(observe: Observe) -> None:
    observe("--apply")
    alarm = observe.held("job")["webtracking-lost"]
    alarm["schedule"]["interval"] = "1h"
    observe.held("dashboard")["webtracking-health"]["charts"].pop()
    observe.writes()

    assert observe("--apply") == 2
    assert "! alarm webtracking-lost: schedule.interval: 1h → 5m. To change it, use --enforce" in observe.out
    assert "! dashboard webtracking-health: charts: 13 entries → 14 entries" in observe.out
    assert observe.writes() == []

    assert observe("--apply", "--enforce") == 0
    assert observe.marks() == {"✓"}
    assert observe.writes() == ["update_dashboard", "update_job"]


def test_what_others_have_made_stays(observe: Observe) -> None:
    theirs = {"dashboardName": "sales", "displayName": "Sales", "charts": []}
    observe.held("dashboard")["sales"] = dict(theirs)
    observe.held("job")["night"] = {"name": "night"}

    observe("--apply", "--enforce")

    assert "create_dashboard" in observe.writes()
    assert observe.held("dashboard")["sales"] == theirs
    assert observe.held("job")["night"] == {"name": "night"}


def test_a_logstore_that_is_missing_is_said(observe: Observe) -> None:
    assert observe("--apply", logstores="nowhere") == 1
    assert "observe: LogStoreNotExist: logstore nowhere does not exist" in observe.err
    assert observe.writes() == []


def test_the_rights_that_the_manual_names_are_enough_and_all_are_needed() -> None:
    (row,) = [line for line in DEPLOY.read_text().splitlines() if line.startswith("| observe |")]
    # `log:GetIndex CreateIndex` stands for two.
    rights = [
        f"log:{word.removeprefix('log:')}" for text in re.findall("`(.*?)`", row) for word in text.split()
    ]
    assert len(rights) == 12
    for left_out in (None, *rights):
        ram = Ram()
        allowed = [right for right in rights if right != left_out]
        statement = {"Effect": "Allow", "Action": allowed, "Resource": f"acs:log:*:*:project/{PROJECT}/*"}
        key = ram.add_user("ops", [{"Version": "1", "Statement": [statement]}])
        with observing(ram, Credentials(*key)) as observe:
            observe("--apply")
            for kind in ("dashboard", "savedsearch", "job"):
                for thing in observe.held(kind).values():
                    thing["displayName"] = "another"
            if observe.indexes():
                observe.index("web")["keys"].pop("event")
            status = observe("--apply", "--enforce")
        assert (status == 0) == (left_out is None), (left_out, observe.err)


def test_a_wrong_key_is_said(observe: Observe) -> None:
    observe._credentials = Credentials(observe._credentials.access_key_id, "wrong", "")

    assert observe() == 1
    assert observe.err.startswith("observe: SignatureNotMatch")
