"""Bodies built to be as expensive as possible: a named corpus, and parts that a search combines.

Each has at most 3 MB, of JSON or almost JSON. They are compared with `ordinary`.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from functools import partial

from benchmarks import bodies

MAX_BODY = bodies.MAX_BODY
Make = Callable[[], bytes]
_Value = Callable[[int], str]


def ordinary() -> bytes:
    """3 MB and 4,096 logs of text, as a page would send them."""
    return bodies.large()


def filled(start: str, item: str, end: str, between: str = ",") -> bytes:
    """Return `start`, as many of `item` as fit, and `end`."""
    room = MAX_BODY - len((start + end).encode()) + len(between)
    count = room // len((item + between).encode())
    return (start + between.join([item] * count) + end).encode()


def logs_of(count: int, fields: int, name: str, value: _Value) -> bytes:
    """Return up to `count` logs with `fields` fields each, all names different; `name` is a format string."""
    members, numbers = [], itertools.count()
    room = MAX_BODY - len('{"__logs__":[]}') - 3 * count
    for at in itertools.islice(numbers, count * fields):
        member = f'"{name.format(at)}":{value(at)}'
        room -= len(member.encode()) + 1
        if room < 0:
            break
        members.append(member)
    logs = (",".join(members[at : at + fields]) for at in range(0, len(members), fields))
    return ('{"__logs__":[' + ",".join("{" + log + "}" for log in logs) + "]}").encode()


VALUES: dict[str, _Value] = {
    "empty text": lambda _: '""',
    "marks": lambda _: '":,[{"',
    "integer": str,
    "fraction": lambda at: f"-{at}.25",
    "1e17": lambda at: f"{at}.12345678e15",
    "1e-6": lambda at: f"-{at % 9 + 1}.{at}e-6",
    "1e300": lambda at: f"{at}.123456789e290",
    "subnormal": lambda at: f"{at}.123456789e-310",
    "long": lambda at: f"{at}.12345678901234567890123456789",
    "true": lambda _: "true",
    "null": lambda _: "null",
    "object": lambda at: f'{{"{at}":{{}}}}',
    "array": lambda _: "[0, 0]",
    "half": lambda _: r'"\ud800"',
    "escape": lambda _: r'"\\\n\u0001"',
    "unicode": lambda _: '"主😀"',
}
NAMES = (
    "{:x}",
    "__tag__:{:x}",
    "__{:x} ",
    "é{:x}",
    "\u00a0{:x}",
    "\u200d{:x}",
    "\U0001f600{:x}",
    "client_ip{:x}",
)
TEXTS = (r"\ud800", r"x\ud800", r"?\ud800", r"\n", r"\u0001", r"\u00e9", "主", "\U0001f600", "\u2028")
SHAPES = ((4096, 48), (400, 500), (4096, 12), (4096, 10), (80, 512), (4096, 100), (1, 400_000), (3, 65_000))


def corpus() -> Iterator[tuple[str, Make]]:
    """Yield the constructed worst cases, each with its name and its builder."""
    yield from _repeated()
    yield "equal names", partial(filled, '{"__logs__":[{', '"":0', "}]}")
    yield "equal members", partial(filled, "{", '"__logs__":[{}]', "}")
    yield "members", _members
    yield "whitespace", partial(filled, '{"__logs__":[', " ", "]}", "")
    yield "open brackets", partial(filled, "", "[", "", "")
    yield "deep", partial(filled, '{"__logs__":[{"a":[', "[" * 60 + "]" * 60, "]}]}")
    for digits in ("1", "0.1"):
        start = '{"__logs__":[{"a":' + digits
        yield f"a number of 3 million digits, {digits}", partial(filled, start, "1", "}]}", "")
    yield "a name of 3 MB", partial(filled, '{"__logs__":[{"', "k", '":1}]}', "")
    for count, fields in SHAPES:
        for kind, value in VALUES.items():
            yield f"{count} × {fields} of {kind}", partial(logs_of, count, fields, "{:x}", value)
    for name in NAMES:
        yield f"names like {name}", partial(logs_of, 4096, 48, name, VALUES["empty text"])


def _repeated() -> Iterator[tuple[str, Make]]:
    for item in ("{}", "[]", "0", "1e9", "1.5", '{"":0}', '""', '"["', "1e-310"):
        yield f"array of {item}", partial(filled, '{"__logs__":[{"a":[', item, "]}]}")
        yield f"logs of {item}", partial(filled, '{"__logs__":[', item, "]}")
        yield f"unknown member of {item}", partial(filled, '{"__logs__":[{}],"x":[', item, "]}")
        yield f"tags of {item}", partial(filled, '{"__logs__":[{}],"__tags__":[', item, "]}")
    for text in TEXTS:
        yield f"text of {text}", partial(filled, '{"__logs__":[{"n":1,"a":"', text, '"}]}', "")
        yield f"text of {text} and a half", partial(filled, r'{"__logs__":[{"a":"\ud800', text, '"}]}', "")
        yield f"topic of {text}", partial(filled, '{"__logs__":[{}],"__topic__":"', text, '"}', "")


def _members() -> bytes:
    return ("{" + ",".join(f'"{at:x}":0' for at in range(250_000)) + ',"__logs__":[{}]}').encode()


def mutant(chance: random.Random) -> tuple[str, bytes]:
    """Return a random body: mixed values, nesting and text, an extra member, a lone surrogate."""
    count, fields = chance.choice(SHAPES)
    fields = max(1, int(fields * chance.uniform(0.5, 1.05)))
    name, kinds = chance.choice(NAMES), chance.sample(sorted(VALUES), chance.randint(1, 3))
    every = chance.choice((1, 2, fields, 7))
    body = logs_of(
        count,
        fields,
        name,
        lambda at: VALUES[kinds[0] if at % every else kinds[at // every % len(kinds)]](at),
    )
    numbers = ",".join(["1.5e-310"] * 8_000)
    extra = chance.choice(("", '"__topic__":"\\ud800",', f'"x":[{numbers}],'))
    head = extra.encode() if len(body) + len(extra) <= MAX_BODY else b""
    return f"{count} × {fields} {name} {kinds} every {every} {extra[:9]}", b"{" + head + body[1:]
