"""Programs are told from browsers as by isbot."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.track import bots
from functions.track.bots import LONGEST, Bots
from tests.support.node import run_module

KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
CHROME = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {KIT} Chrome/143.0.0.0 Safari/537.36"
BROWSERS = [
    CHROME,
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:145.0) Gecko/20100101 Firefox/145.0",
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) {KIT} Version/26.1 Mobile/15E148 Safari/604.1",
    f"Mozilla/5.0 (Linux; Android 16; CUBOT X) {KIT} Chrome/143.0.0.0 Mobile Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 14; wv) {KIT} Chrome/130.0 Mobile Safari/537.36 GoogleApp/15 google/google",
    "Mozilla/5.0 channel/google Chrome/130.0 Safari/537.36 (like Gecko) x",
]
PROGRAMS = [
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "curl/8.5.0",
    "python-requests/2.32.3",
    "Wget/1.21",
    f"Mozilla/5.0 (X11; Linux x86_64) {KIT} HeadlessChrome/143.0.0.0 Safari/537.36",
    "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
    "Mozilla/5.0 (compatible;AbC-1.2 3.4)",
]


@pytest.fixture(scope="module")
def found() -> Bots:
    return Bots()


def test_browsers_pass_and_programs_are_found(found: Bots) -> None:
    assert [agent for agent in BROWSERS if agent in found] == []
    assert [agent for agent in PROGRAMS if agent not in found] == []


def test_isbot_itself_says_the_same(found: Bots) -> None:
    letters = st.sampled_from(
        [*"aB7 /.();:-_+@|", "bot", "google", " channel/", "news", "cam", "scan", "http"]
    )
    agents = [*BROWSERS, *PROGRAMS]

    @given(st.lists(letters, min_size=1, max_size=9).map("".join))
    def collect(agent: str) -> None:
        agents.extend((agent, f"{CHROME} {agent}", f"Mozilla/5.0 ({agent})"))

    collect()
    code = """
      import { isbot, list } from 'isbot'
      import { readFileSync } from 'node:fs'
      const agents = JSON.parse(readFileSync(0, 'utf8'))
      console.log(JSON.stringify([list, agents.map((agent) => isbot(agent))]))
    """
    patterns, results = json.loads(run_module(code, given=json.dumps(agents)))
    assert patterns == json.loads(bots._PATTERNS.read_text())
    differing = [agent for agent, theirs in zip(agents, results, strict=True) if theirs != (agent in found)]
    assert differing == []


def test_both_rewritten_patterns_are_still_in_the_list() -> None:
    assert set(bots._REWRITTEN) <= set(json.loads(bots._PATTERNS.read_text()))


def test_a_verdict_is_remembered_and_memory_is_bounded(found: Bots, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bots, "REMEMBERED", 4)
    for number in range(9):
        assert f"{CHROME} {number}" not in found
        assert len(found._known) <= 4
    monkeypatch.setattr(found, "_search", None)
    assert f"{CHROME} 8" not in found


def test_only_the_beginning_of_a_long_user_agent_is_checked(found: Bots) -> None:
    filled = (CHROME + " " + "x y " * LONGEST)[: LONGEST - len("spider")]
    assert filled + "spider" in found
    assert filled + " spider" not in found
