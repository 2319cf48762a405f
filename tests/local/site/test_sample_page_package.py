"""The sample page's npm package: what it promises to whoever builds it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

WEB = Path(__file__).parents[3] / "web"


def read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((WEB / name).read_text(encoding="utf-8"))
    return content


@pytest.mark.parametrize("package", ["@aliyun-sls/web-track-browser", "@aliyun-sls/web-sts-plugin"])
def test_the_published_sdk_is_what_the_page_is_built_from(package: str) -> None:
    locked = read("package-lock.json")["packages"][f"node_modules/{package}"]

    assert read("package.json")["dependencies"][package] == "0.3.9"
    assert locked["version"] == "0.3.9"
    assert locked["integrity"].startswith("sha512-")


def test_every_dependency_is_pinned_to_one_version() -> None:
    package = read("package.json")

    versions = {**package["dependencies"], **package["devDependencies"]}
    assert [name for name, version in versions.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []


def test_the_lock_file_names_no_registry_and_checks_every_package() -> None:
    packages = read("package-lock.json")["packages"]

    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert [name for name, entry in packages.items() if name and "integrity" not in entry] == []
