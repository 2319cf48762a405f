from __future__ import annotations

from pathlib import Path

import httpx
import pytest


@pytest.fixture
def built(web_dist: Path) -> Path:
    (web_dist / "assets").mkdir(parents=True)
    (web_dist / "index.html").write_text("<h1>the built page</h1>", encoding="utf-8")
    (web_dist / "assets" / "index-abc.js").write_text("//", encoding="utf-8")
    return web_dist


def test_the_configuration_is_what_the_page_needs_and_nothing_else(site: httpx.Client) -> None:
    answer = site.get("/config.json")

    assert answer.json() == {
        "functionsUrl": "http://127.0.0.1:9000",
        "slsUrl": "http://127.0.0.1:9001/prefix",
        "project": "demo",
        "logstores": ["shop", "checkout"],
    }
    assert answer.headers["cache-control"] == "no-store"


def test_a_page_that_is_not_built_says_how_to_build_it(site: httpx.Client) -> None:
    answer = site.get("/")

    assert answer.status_code == 200
    assert "make web" in answer.text
    assert 'href="/console"' in answer.text


@pytest.mark.usefixtures("built")
def test_the_built_page_is_asked_about_again_but_its_hashed_parts_are_kept(site: httpx.Client) -> None:
    page, part = site.get("/"), site.get("/assets/index-abc.js")

    assert "the built page" in page.text
    assert page.headers["cache-control"] == "no-cache"
    assert part.headers["cache-control"] == "max-age=31536000, immutable"


def test_the_page_is_found_once_it_has_been_built(site: httpx.Client, web_dist: Path) -> None:
    before = site.get("/").text
    web_dist.mkdir()
    (web_dist / "index.html").write_text("now built", encoding="utf-8")

    assert "make web" in before
    assert site.get("/").text == "now built"


@pytest.mark.parametrize("path", ["/console", "/console?logstore=shop", "/console/static/console.js"])
def test_the_console_needs_no_build(site: httpx.Client, path: str) -> None:
    assert site.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/", "/console", "/config.json", "/api/logs", "/nothing-here"])
def test_every_answer_has_the_security_headers(site: httpx.Client, path: str) -> None:
    headers = site.get(path).headers

    policy = headers["content-security-policy"].split("; ")
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "connect-src 'self' http://127.0.0.1:9000 http://127.0.0.1:9001" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("path", ["/../secret", "/%2e%2e/secret", "/console/static/..%2f..%2fapp.py"])
def test_nothing_outside_the_built_page_is_served(site: httpx.Client, web_dist: Path, path: str) -> None:
    (web_dist.parent / "secret").write_text("secret", encoding="utf-8")

    assert site.get(path).status_code == 404
