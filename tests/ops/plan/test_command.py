"""`python -m ops plan`, as an operator types it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from functions.track.limits import MAX_BODY, MAX_LOGS
from ops.__main__ import main
from ops.plan.command import MOST_BODY, MOST_LOGS
from ops.plan.plan import HANGING
from ops.plan.prices import read
from ops.plan.show import amount, money

ROOT = Path(__file__).parents[3]
SITE = ("--visitors-per-second", "1000", "--events-per-visit", "10")
SITES = [
    SITE,
    (*SITE, "--concurrent"),
    (*SITE, "--concurrent", "--visit-seconds", "600", "--retention-days", "400", "--request-log", "problems"),
    ("--visitors-per-second", "1000000", "--events-per-visit", "10000", "--outage-hours", "720"),
    ("--visitors-per-second", "1e6", "--events-per-visit", "10000", "--events-per-batch", "1"),
    ("--visitors-per-second", "0.000001", "--events-per-visit", "1", "--peak-hours", "0.001"),
]


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["plan", *arguments]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    return shown.out


def planned(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(said(capsys, *arguments, "--json"))
    return found


@pytest.mark.parametrize("arguments", SITES, ids=" ".join)
def test_the_text_fits_80_columns(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    for line in said(capsys, *arguments).splitlines():
        assert len(line) <= 80, line
        assert line == line.rstrip()


def test_the_text_says_what_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, *SITE, "--concurrent")
    for wanted in (
        "instances of track at the peak",
        "MAX_INSTANCES",
        "shards of the Logstore",
        "MB of the functions' logs",
        "objects in OSS",
        "PUT requests a second",
        "REPLAY_PARTS",
        "FC instances, with MAX_INSTANCES",
        "SLS writes a minute, Project",
        "OSS requests a second",
        "STS AssumeRole a second",
        "A month, USD",
        "total",
        "[docs/performance.md",
        "Not verified",
    ):
        assert wanted in text
    assert "of 100: RAISE; Quota" in text  # the instances while SLS hangs


def test_it_says_whether_the_instances_reach_while_sls_hangs(capsys: pytest.CaptureFixture[str]) -> None:
    reach = 20 * 64 / HANGING  # uploads a second, of which 64 wait in each of 20 instances
    for uploads, word in ((reach, "within MAX_INSTANCES"), (reach + 0.001, "lost at the start")):
        site = ("--visitors-per-second", str(uploads), "--events-per-visit", "1", "--concurrent")
        assert word in said(capsys, *site)


def test_json_has_the_same_plan(capsys: pytest.CaptureFixture[str]) -> None:
    found = planned(capsys, *SITE)

    assert found["inputs"]["visitors"] == 1000
    assert found["load"]["uploads"] == 1000
    assert found["shards"]["number"] == 2
    assert found["outage"]["parts"] == 1
    assert found["bill"]["total"] == pytest.approx(sum(item["cost"] for item in found["bill"]["items"]))
    assert {need["verdict"] for need in found["quotas"]} == {"enough", "raise"}
    assert found["prices"]["name"] == "cn-hangzhou"
    assert all(one["url"].startswith("https://") for one in found["prices"]["prices"].values())
    assert all(set(one) == {"text", "source"} and all(one.values()) for one in found["assumptions"])


def test_the_options_reach_the_plan(capsys: pytest.CaptureFixture[str]) -> None:
    usual = planned(capsys, *SITE)
    assert planned(capsys, *SITE, "--peak-to-mean", "3") == usual  # 8 of 24 hours
    assert planned(capsys, *SITE, "--prices", str(ROOT / "ops/plan/cn-hangzhou.json")) == usual
    assert planned(capsys, *SITE, "--events-per-batch", "1")["load"]["uploads"] == 10_000
    assert planned(capsys, *SITE, "--visit-seconds", "25")["load"]["uploads"] == 3_000
    slower = planned(capsys, *SITE, "--sls-ms", "100")["instances"]["busy"]
    assert slower > usual["instances"]["busy"]
    assert planned(capsys, *SITE, "--outage-hours", "2")["outage"]["batches"] == 7_200_000
    half = planned(capsys, *SITE, "--peak-hours", "4")["bill"]["items"]
    assert half[2]["cost"] == pytest.approx(usual["bill"]["items"][2]["cost"] / 2)


@pytest.mark.parametrize(
    "value", ["0", "-1", "nan", "NaN", "inf", "-inf", "1e30", "1e400", "", "many", "3145729"]
)
@pytest.mark.parametrize(
    "option",
    [
        "--visitors-per-second",
        "--events-per-visit",
        "--bytes-per-event",
        "--events-per-batch",
        "--peak-hours",
    ],
)
def test_a_number_that_makes_no_sense_is_refused_in_one_line(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["plan", *SITE, f"{option}={value}"])

    shown = capsys.readouterr()
    assert ended.value.code == 2
    assert shown.out == ""
    assert shown.err.startswith(f"plan: argument {option}: ")
    assert shown.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "required: --visitors-per-second, --events-per-visit"),
        ([*SITE, "--prices", "atlantis"], "no price list 'atlantis'"),
        ([*SITE, "--peak-hours", "8", "--peak-to-mean", "3"], "not allowed with"),
        ([*SITE, "--request-log", "none"], "invalid choice"),
        ([*SITE, "--concurrent", "--concurrency", "201"], "from 1 to 200"),
        ([*SITE, "--concurrency", "64"], "add --concurrent"),
        ([*SITE, "--retention-days", "1.5"], "a whole number from 1 to 3,650"),
        ([*SITE, "--retention-days", "３０"], "a whole number from 1 to 3,650"),
        ([*SITE, "--frobnicate"], "unrecognized arguments"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["plan", *arguments])

    shown = capsys.readouterr()
    assert ended.value.code == 2
    assert message in shown.err
    assert shown.err.count("\n") == 1


def test_a_batch_is_one_that_track_takes(capsys: pytest.CaptureFixture[str]) -> None:
    assert (MOST_LOGS, MOST_BODY) == (MAX_LOGS, MAX_BODY)
    visit = ("--visitors-per-second", "1", "--events-per-visit", "5000")
    said(capsys, *visit, "--events-per-batch", "4096", "--bytes-per-event", "768")  # 3,145,728 bytes
    for option in (
        ["--events-per-batch", "4097"],
        ["--events-per-batch", "4096", "--bytes-per-event", "768.01"],
    ):
        with pytest.raises(SystemExit) as ended:
            main(["plan", *visit, "--bytes-per-event", "1", *option])
        assert ended.value.code == 2
        assert "lower --events-per-batch" in capsys.readouterr().err
    # A visit that has fewer events makes no larger batch.
    said(capsys, *SITE, "--events-per-batch", "5000")


def test_it_runs_by_itself_and_imports_nothing_that_only_a_checkout_has() -> None:
    command = [sys.executable, "-m", "ops", "plan", *SITE]
    code = f"import sys; sys.argv[1:] = {command[4:]!r}; from ops.plan import main; main(sys.argv[1:])"
    code += "; print(sorted(m for m in sys.modules if m.partition('.')[0] in ('benchmarks','tests','local')))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == done.stdout.splitlines()[:-1]


def test_help_names_the_lists_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["plan", "--help"])
    assert ended.value.code == 0
    assert read().name in capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (0.0123456, "0.0123"), (7, "7"), (99.94, "99.9"), (100.4, "100"), (1234567.8, "1,234,568")],
)
def test_a_number_has_the_digits_that_count(value: float, shown: str) -> None:
    assert amount(value) == shown


def test_a_huge_one_has_a_power_of_ten() -> None:
    assert (amount(9_999_999_999), amount(1e10)) == ("9,999,999,999", "1e+10")
    assert (money(999.994), money(1000), money(1.5e10)) == ("999.99", "1,000", "1.5e+10")
