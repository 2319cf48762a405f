from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import pytest
from aliyun.log import LogClient

from ops.plan.prices import HERE, NEEDED, USUAL, PriceListError, read, shipped_lists


def written(folder: Path, **changes: Any) -> str:
    """Write the usual list with other values at the top; returns its path."""
    content = {**json.loads((HERE / f"{USUAL}.json").read_text()), **changes}
    path = folder / "list.json"
    path.write_text(json.dumps(content))
    return str(path)


def test_every_list_has_what_is_needed_and_nothing_else() -> None:
    assert USUAL in shipped_lists()
    for name in shipped_lists():
        found = read(name)
        assert found.name == name
        assert set(found.prices) == set(NEEDED["prices"])
        assert set(found.quotas) == set(NEEDED["quotas"])


def test_every_price_has_its_page_and_its_day_and_says_if_it_was_not_verified() -> None:
    for name, one in read().everything():
        assert one.url.startswith("https://"), name
        assert one.date <= read().date, name
        assert one.unit, name
        assert one.verified or one.note, name


def test_the_first_tier_is_the_price_of_a_unit() -> None:
    assert read().cu_tiers[0].price == read().price("fc.cu")


def test_another_file_of_the_same_form_is_accepted(tmp_path: Path) -> None:
    found = read(written(tmp_path, name="other", currency="CNY"))
    assert (found.name, found.currency) == ("other", "CNY")


@pytest.mark.parametrize("name", ["nowhere", "cn-hangzhou.txt", "measured", "../plan/cn-hangzhou", ""])
def test_the_error_for_an_unknown_list_names_the_existing_ones(name: str) -> None:
    with pytest.raises(PriceListError, match="known: cn-hangzhou"):
        read(name)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"prices": {}}, "prices lacks fc.calls"),
        ({"quotas": {}}, "quotas lacks fc.burst"),
        ({"cu_tiers": []}, "cu_tiers should rise"),
        ({"cu_tiers": [{"up_to": 5, "price": 1}]}, "cu_tiers should rise"),
        ({"cu_tiers": [{"up_to": None, "price": 1}, {"up_to": 5, "price": 1}]}, "cu_tiers should rise"),
        (
            {"cu_tiers": [{"up_to": 5, "price": 1}, {"up_to": 5, "price": 1}, {"up_to": None, "price": 1}]},
            "cu_tiers should rise",
        ),
        ({"cu_tiers": [{"up_to": None, "price": -1}]}, "price"),
        ({"date": "yesterday"}, r"\$\.date"),
        ({"more": 1}, "unknown field `more`"),
        ({"currency": None}, r"\$\.currency"),
    ],
)
def test_a_list_with_a_fault_is_refused_with_its_place(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(PriceListError, match=message) as caught:
        read(written(tmp_path, **changes))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [-1, "NaN", 1e30])
def test_a_price_is_a_finite_amount(tmp_path: Path, value: object) -> None:
    prices = json.loads((HERE / f"{USUAL}.json").read_text())["prices"]
    prices["oss.put"]["value"] = value
    with pytest.raises(PriceListError, match=r"\$\.prices"):
        read(written(tmp_path, prices=prices))


def test_a_quota_of_nothing_and_a_share_over_all_are_refused(tmp_path: Path) -> None:
    quotas = json.loads((HERE / f"{USUAL}.json").read_text())["quotas"]
    quotas["fc.instances"]["value"] = 0
    with pytest.raises(PriceListError, match=r"\$\.quotas"):
        read(written(tmp_path, quotas=quotas))
    quotas["fc.instances"]["value"], quotas["fc.reservable"]["value"] = 100, 1.01
    with pytest.raises(PriceListError, match="at most 1"):
        read(written(tmp_path, quotas=quotas))


def test_invalid_json_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "list"
    for content in (b"", b"{", b"\xff\xfe", b"[]"):
        path.write_bytes(content)
        with pytest.raises(PriceListError) as caught:
            read(str(path))
        assert "\n" not in str(caught.value)
    with pytest.raises(PriceListError, match="known: cn-hangzhou"):
        read(str(tmp_path))


def test_a_logstore_of_provision_splits_as_far_as_the_list_says() -> None:
    create = inspect.signature(LogClient.create_logstore).parameters
    assert create["auto_split"].default is True
    assert create["shard_count"].default == 2  # as ops/plan/show.py says
    assert create["max_split_shard"].default == read().quota("sls.split")
