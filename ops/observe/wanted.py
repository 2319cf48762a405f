"""The wanted resources in SLS, in its API's format: index keys, saved searches, dashboards and alarms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ops.observe import catalogue
from ops.observe.catalogue import Alarm, Chart, Dashboard
from ops.provision.sls import DELIMITERS

PREFIX = "webtracking-"  # of every name; resources with other names are never changed
_COLUMNS = 2  # of charts
_WIDTH, _HEIGHT = 5, 5  # of a chart, in the grid's own units; it is 10 wide
_START = "-3600s"
_KINDS = {"line": "line", "bar": "bar", "table": "table"}


@dataclass(frozen=True)
class Target:
    """One deployment: the Logstores of pages and of the functions' log lines."""

    region: str
    project: str
    logstores: tuple[str, ...]
    function_logstore: str = "function-logs"
    spool: bool = False
    action_policy: str = ""

    def index_keys(self) -> dict[str, tuple[str, ...]]:
        """Return the columns that the queries read, by Logstore."""
        pages = dict.fromkeys(self.logstores, catalogue.EVENT_COLUMNS)
        return {**pages, self.function_logstore: catalogue.FUNCTION_COLUMNS}

    def saved_searches(self) -> list[dict[str, Any]]:
        """Return the saved searches, over the functions' Logstore."""
        return [
            {
                "savedsearchName": name,
                "displayName": name,
                "logstore": self.function_logstore,
                "topic": "",
                "searchQuery": catalogue.read(query),
            }
            for name, query in catalogue.SAVED_SEARCHES.items()
        ]

    def dashboards(self) -> list[dict[str, Any]]:
        """Return both dashboards; the one for events has each chart once per Logstore."""
        return [self._dashboard(board) for board in catalogue.DASHBOARDS]

    def alarms(self) -> list[dict[str, Any]]:
        """Return the alarms; some only with a spool."""
        return [self._alarm(alarm) for alarm in catalogue.ALARMS if self.spool or not alarm.with_spool]

    def _dashboard(self, board: Dashboard) -> dict[str, Any]:
        stores = self.logstores if board.source == catalogue.EVENTS else (self.function_logstore,)
        charts = [(store, chart) for store in stores for chart in board.charts]
        return {
            "dashboardName": board.name,
            "displayName": board.title,
            "description": "",
            "attribute": {"type": "grid"},
            "charts": [
                _chart(store, chart, at, named=len(stores) > 1) for at, (store, chart) in enumerate(charts)
            ],
        }

    def _alarm(self, alarm: Alarm) -> dict[str, Any]:
        condition = {"condition": "", "countCondition": "__count__ > 0"}
        query = {
            "storeType": "log",
            "region": self.region,
            "project": self.project,
            "store": self.function_logstore,
            "query": alarm.text,
            "timeSpanType": "Relative",
            "start": f"-{alarm.seconds}s",
            "end": "now",
            "chartTitle": alarm.title,
        }
        configuration: dict[str, Any] = {
            "type": "default",
            "version": "2.0",
            "dashboard": "webtracking-health",
            "queryList": [query],
            "groupConfiguration": {"type": "no_group", "fields": []},
            "conditionConfiguration": condition,
            "severityConfigurations": [{"severity": alarm.severity, "evalCondition": condition}],
            "threshold": 1,
            "noDataFire": False,
            "sendResolved": True,
            "annotations": [
                {"key": "title", "value": alarm.title},
                {"key": "desc", "value": alarm.what},
            ],
        }
        if self.action_policy:
            configuration["policyConfiguration"] = {
                "alertPolicyId": "sls.builtin.dynamic",
                "actionPolicyId": self.action_policy,
                "repeatInterval": "1h",
            }
        return {
            "name": f"{PREFIX}{alarm.name}",
            "displayName": alarm.title,
            "type": "Alert",
            "description": alarm.what,
            "schedule": {"type": "FixedRate", "interval": "5m"},
            "configuration": configuration,
        }


def text_key() -> dict[str, Any]:
    """Return the index of a column: text, with the delimiters of the full text, and with analysis."""
    return {"type": "text", "token": DELIMITERS, "caseSensitive": False, "doc_value": True, "chn": False}


def _chart(store: str, chart: Chart, at: int, *, named: bool) -> dict[str, Any]:
    title = f"{chart.title} · {store}" if named else chart.title
    return {
        "title": f"{PREFIX}{store}-{chart.query}",
        "type": _KINDS[chart.kind],
        "action": {},
        "search": {"logstore": store, "topic": "", "query": chart.text, "start": _START, "end": "now"},
        "display": {
            "displayName": title,
            "xAxis": [chart.x],
            "yAxis": list(chart.y),
            "xPos": at % _COLUMNS * _WIDTH,
            "yPos": at // _COLUMNS * _HEIGHT,
            "width": _WIDTH,
            "height": _HEIGHT,
        },
    }
