"""Filters: drop requests of programs, of given addresses, and of visitors who object to storage (GPC).

    setting         effect
    --------------  ---------------------------------------------------------------------------
    IGNORE_IPS      requests from these addresses are dropped
    GPC             with `Sec-GPC: 1` (Global Privacy Control): `drop` drops the request,
                    `anonymous` stores no address, User-Agent or Referer
    BOTS            requests of programs: `drop` drops them, `tag` adds the tag `bot`
    REFERER         how much of a Referer is stored
    DROP_FIELDS     fields and tags of these names are removed; `*` matches any characters

A dropped request is answered 200, because it is not an error of the client.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import msgspec

from functions.track.batch import Batch
from functions.track.bots import Bots
from shared.http.allowlist import origin_of
from shared.http.request import Request
from shared.network.address import pack
from shared.settings import Environment, SettingError

_KEPT = "batch_id"  # distinguishes copies of a batch from events; not personal data
_TAG = "__tag__:"  # SLS treats a field with this prefix as a tag
_PERSONAL = frozenset(("client_ip", "user_agent", "referer"))
_decode = msgspec.json.Decoder(dict[str, str]).decode
_encode = msgspec.json.Encoder().encode

Network = tuple[int, int, int]  # bytes of an address, bits to the right of the prefix, the prefix


class Filters:
    """Applies the settings to requests and batches."""

    def __init__(self, env: Environment) -> None:
        """Read the settings. Raises SettingError."""
        bots = env.choice("BOTS", ("off", "tag", "drop"))
        self._bots = None if bots == "off" else Bots()
        self._drop_bots = bots == "drop"
        self._gpc = env.choice("GPC", ("ignore", "anonymous", "drop"))
        self._referer = _REFERERS[env.choice("REFERER", tuple(_REFERERS))]
        self._networks = tuple(_network(entry) for entry in env.entries("IGNORE_IPS"))
        header = env.get("CLIENT_IP_HEADER")
        self._header = header.lower() if header else None
        self._names = _names(env.entries("DROP_FIELDS"))

    def reason_to_drop(self, request: Request) -> str | None:
        """Return `ip`, `gpc` or `bot` for a request that must not be stored, otherwise None."""
        if self._networks and self._is_ignored(request.client_address(self._header)):
            return "ip"
        if self._gpc == "drop" and _objects(request):
            return "gpc"
        if self._drop_bots and self._is_bot(request):
            return "bot"
        return None

    def sender(self, request: Request, said: Mapping[str, str | None]) -> dict[str, str | None]:
        """Return the sender's data, with None for each value that must not be stored."""
        kept = dict(said)
        if self._gpc == "anonymous" and _objects(request):
            kept.update(dict.fromkeys(_PERSONAL & kept.keys()))
        if referer := kept.get("referer"):
            kept["referer"] = self._referer(referer) or None
        if self._names:
            kept.update(dict.fromkeys(name for name in kept if name != _KEPT and self._unwanted(name)))
        return kept

    def tags(self, request: Request, said: Mapping[str, str]) -> dict[str, str]:
        """Return the sender's tags that may be stored, and the tag `bot` for a program."""
        kept = {name: value for name, value in self.sender(request, said).items() if value is not None}
        if self._bots is not None and self._is_bot(request):
            kept["bot"] = "true"
        return kept

    def batch(self, batch: Batch) -> Batch:
        """Return the batch without the fields and tags in DROP_FIELDS."""
        if not self._names:
            return batch
        results: dict[str, bool] = {}
        logs = [self._log(log, results) for log in batch.logs]
        tags = batch.tags and {name: value for name, value in batch.tags.items() if not self._unwanted(name)}
        return msgspec.structs.replace(batch, logs=logs, tags=tags)

    def _log(self, text: bytes, results: dict[str, bool]) -> bytes:
        log = _decode(text)
        unwanted = [name for name in log if self._remembered(results, name)]
        for name in unwanted:
            del log[name]
        return _encode(log) if unwanted else text

    def _remembered(self, results: dict[str, bool], name: str) -> bool:
        """Whether a field must be removed; cached, because a batch repeats the same few names."""
        verdict = results.get(name)
        if verdict is None:
            verdict = results[name] = self._unwanted(name)
        return verdict

    def _unwanted(self, name: str) -> bool:
        bare = name[len(_TAG) :] if name.startswith(_TAG) else name
        return any(_matches(bare, parts) for parts in self._names)

    def _is_bot(self, request: Request) -> bool:
        user_agent = request.headers.get("user-agent")
        return self._bots is not None and user_agent is not None and user_agent in self._bots

    def _is_ignored(self, address: str | None) -> bool:
        packed = pack(address or "")
        if packed is None:
            return False
        number = int.from_bytes(packed, "big")
        return any(size == len(packed) and number >> bits == prefix for size, bits, prefix in self._networks)


def _objects(request: Request) -> bool:
    """Whether the visitor objects to storage (Global Privacy Control, "The Sec-GPC Header Field")."""
    return request.headers.get("sec-gpc", "").strip() == "1"


def _without_query(referer: str) -> str:
    return re.split("[?#]", referer, maxsplit=1)[0]


_REFERERS: dict[str, Callable[[str], str]] = {
    "full": lambda referer: referer,
    "path": _without_query,
    "origin": origin_of,
    "off": lambda _: "",
}


def _network(entry: str) -> Network:
    """Parse an address or a CIDR block. Raises SettingError."""
    text, slash, length = entry.partition("/")
    address = pack(text)
    if address is None or (slash and re.fullmatch("0|[1-9][0-9]{0,2}", length) is None):
        raise SettingError("IGNORE_IPS", entry, "addresses and blocks such as 203.0.113.7 or 2001:db8::/32")
    size = 8 * len(address)
    bits = size - (int(length) if slash else size)
    number = int.from_bytes(address, "big")
    if bits < 0 or number >> bits << bits != number:
        wanted = f"blocks of at most /{size}, with only zeros after the prefix"
        raise SettingError("IGNORE_IPS", entry, wanted)
    return len(address), bits, number >> bits


def _names(entries: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return the names of DROP_FIELDS, each split at `*`. Raises SettingError."""
    for entry in entries:
        if not entry.strip("*"):
            raise SettingError("DROP_FIELDS", entry, "names of fields, such as password or *_token")
    return tuple(tuple(entry.split("*")) for entry in entries)


def _matches(name: str, parts: tuple[str, ...]) -> bool:
    """Whether a name matches a pattern. Not with `re`: it could take extremely long for a long name."""
    if len(parts) == 1:
        return name == parts[0]
    first, *between, last = parts
    end = len(name) - len(last)
    at = len(first)
    if end < at or not name.startswith(first) or not name.endswith(last):
        return False
    for part in between:
        found = name.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True
