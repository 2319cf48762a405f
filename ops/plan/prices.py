"""The price list: Alibaba Cloud's prices and quotas in a region, each with its page and date.

There is one file per region, beside this module; `--prices` accepts another file of the same form. `verified`
is false for a value that no page of Alibaba Cloud states directly.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

HERE = Path(__file__).parent
USUAL = "cn-hangzhou"
NEEDED = {
    "prices": (
        *("fc.cu", "fc.calls", "fc.vcpu", "fc.memory", "fc.disk", "sls.ingested", "sls.stored"),
        *("sls.feature.traffic", "sls.feature.indexed", "sls.feature.requests", "sls.feature.shards"),
        *("oss.put", "oss.get", "oss.stored", "internet.out", "internet.free"),
    ),
    "quotas": (
        *("fc.instances", "fc.reservable", "fc.burst", "sls.writes", "sls.traffic", "sls.shards"),
        *("sls.split", "sls.shard.writes", "sls.shard.traffic", "oss.requests", "oss.upload", "sts.calls"),
    ),
}

_Amount = Annotated[float, msgspec.Meta(ge=0, le=1e15)]
_Positive = Annotated[float, msgspec.Meta(gt=0, le=1e15)]
_Date = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\d$")]
_Url = Annotated[str, msgspec.Meta(pattern="^https://")]


class PriceListError(ValueError):
    """The list cannot be read; the text has the reason, in one line."""


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One price, in the list's currency unless its unit has another one."""

    value: _Amount
    unit: str
    date: _Date  # of the page; if the page has none, of reading it
    url: _Url
    note: str = ""
    verified: bool = True


class Quota(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The default limit of an account or a resource, and the maximum on request, if it is known."""

    value: _Positive
    unit: str
    date: _Date
    url: _Url
    most: _Positive | None = None
    note: str = ""
    verified: bool = True


class Tier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The price of a CU up to a number of CUs in a month; None: for all further CUs."""

    up_to: _Positive | None
    price: _Amount


class PriceList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A region's prices and quotas."""

    name: str
    currency: str
    date: _Date  # of the list
    cu_tiers: list[Tier]
    prices: dict[str, Price]
    quotas: dict[str, Quota]

    def price(self, name: str) -> float:
        """Return a price's value."""
        return self.prices[name].value

    def quota(self, name: str) -> float:
        """Return a quota's value."""
        return self.quotas[name].value

    def everything(self) -> list[tuple[str, Price | Quota]]:
        """Return prices and quotas with their names, in the file's order."""
        return [*self.prices.items(), *self.quotas.items()]

    def cu_cost(self, units: float) -> float:
        """Return the cost of `units` CUs in a month, tier by tier."""
        cost, below = 0.0, 0.0
        for tier in self.cu_tiers:
            top = units if tier.up_to is None else min(units, tier.up_to)
            cost += (top - below) * tier.price
            below = top
        return cost


def read(name: str = USUAL) -> PriceList:
    """Return the list with this region's name beside this module, or in a file. Raises PriceListError."""
    shipped = HERE / f"{name}.json"
    path = shipped if name in shipped_lists() else Path(name)
    try:
        found = msgspec.json.decode(path.read_bytes(), type=PriceList)
    except OSError as error:
        known = ", ".join(shipped_lists())
        raise PriceListError(
            f"no price list {name!r} ({error.strerror}); known: {known}, or the path of a file"
        ) from None
    except msgspec.DecodeError as error:
        raise PriceListError(f"{name}: {error}") from None
    _check(name, found)
    return found


def shipped_lists() -> list[str]:
    """Return the names of the lists beside this module."""
    return sorted(path.stem for path in HERE.glob("*.json") if path.stem != "measured")


def _check(name: str, found: PriceList) -> None:
    """Raise PriceListError if a price or quota that the plan needs is missing."""
    for part, names in NEEDED.items():
        if missing := set(names) - set(getattr(found, part)):
            raise PriceListError(f"{name}: {part} lacks {', '.join(sorted(missing))}")
    tops = [tier.up_to for tier in found.cu_tiers]
    bounds = [top for top in tops if top is not None]
    if not tops or tops[-1] is not None or bounds != sorted(set(bounds)) or len(bounds) != len(tops) - 1:
        raise PriceListError(f"{name}: cu_tiers should rise, and end with one that has no end")
    if found.quota("fc.reservable") > 1:
        raise PriceListError(f"{name}: fc.reservable should be a share, at most 1")
