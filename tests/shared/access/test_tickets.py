"""Page tickets against the attacks on JWT, and against two other implementations."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.ticket.issue import issue
from shared.access.tickets import LONGEST, Ticket, TicketError, Tickets, read_keys, to_base64url
from tests.support.node import run_module

KEY = bytes(range(32))
NOW = 1_800_000_000.0
TICKETS = Tickets({"a": KEY, "b": KEY[::-1]}, 172_800)
GOOD = {"exp": NOW + 100}


def b64(text: str | bytes) -> str:
    data = text.encode() if isinstance(text, str) else text
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(header: str | bytes, claims: str | bytes, key: bytes = KEY, digest: Any = hashlib.sha256) -> str:
    """Return a token of exactly these texts."""
    text = f"{b64(header)}.{b64(claims)}"
    return f"{text}.{b64(hmac.new(key, text.encode(), digest).digest())}"


def plain(**claims: object) -> str:
    return issue("a", KEY, {**GOOD, **claims})


def verdict(text: str, now: float = NOW) -> Ticket | str:
    """Return the ticket, or why it is refused."""
    try:
        return TICKETS.check(text, now)
    except TicketError as error:
        return str(error)


def refusal(text: str, now: float = NOW) -> str:
    with pytest.raises(TicketError) as caught:
        TICKETS.check(text, now)
    for part in text.split("."):
        assert len(part) < 8 or part not in str(caught.value)
    return str(caught.value)


HEADER = '{"alg":"HS256","kid":"a"}'
CLAIMS = f'{{"exp":{NOW + 100}}}'


def test_a_good_ticket_says_who_and_what() -> None:
    other = {"x": [1, {"y": None}]}
    text = plain(sub="u-17", logstores=["web"], origins=["https://shop.example.com"], other=other)
    found = TICKETS.check(text, NOW)
    assert found == Ticket(
        text.rpartition(".")[2], "u-17", frozenset({"web"}), frozenset({"https://shop.example.com"})
    )
    assert TICKETS.check(issue("b", KEY[::-1], GOOD), NOW).logstores is None
    assert TICKETS.check(plain(logstores=[]), NOW).logstores == frozenset()
    assert TICKETS.check(plain(sub=""), NOW).subject is None


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"exp": NOW - 59}, ""),
        ({"exp": NOW - 60}, "expired"),
        ({"exp": -1}, "expired"),
        ({"exp": NOW + 172_860}, ""),
        ({"exp": NOW + 172_861}, "too long"),
        ({"exp": 10**18}, "too long"),
        ({"exp": 10**400}, "too long"),  # too large for a float
        ({"exp": -(10**400)}, "expired"),
        ({"nbf": 10**400}, "not yet valid"),
        ({"nbf": -(10**400)}, ""),
        ({"exp": 1e308}, "too long"),
        ({"nbf": NOW + 60}, ""),
        ({"nbf": NOW + 61}, "not yet valid"),
        ({"exp": NOW + 0.5, "nbf": -1.5}, ""),
    ],
)
def test_times_have_a_minute_of_leeway(claims: dict[str, object], words: str) -> None:
    text = plain(**claims)
    if words:
        assert words in refusal(text)
    else:
        assert TICKETS.check(text, NOW)


@pytest.mark.parametrize(
    "text",
    [
        # alg none, in every spelling, with and without a signature
        signed('{"alg":"none","kid":"a"}', CLAIMS).rpartition(".")[0] + ".",
        *(signed(f'{{"alg":"{alg}","kid":"a"}}', CLAIMS) for alg in ("none", "None", "NONE", "nOnE", "")),
        # another algorithm, even where the signature would be right
        *(signed(f'{{"alg":"{alg}","kid":"a"}}', CLAIMS) for alg in ("RS256", "ES256", "PS256", "hs256")),
        signed('{"alg":"HS512","kid":"a"}', CLAIMS, digest=hashlib.sha512),
        signed('{"alg":["HS256"],"kid":"a"}', CLAIMS),
        signed('{"kid":"a"}', CLAIMS),
        # the header's other members
        signed('{"alg":"HS256"}', CLAIMS),
        signed('{"alg":"HS256","kid":null}', CLAIMS),
        signed('{"alg":"HS256","kid":1}', CLAIMS),
        signed('{"alg":"HS256","kid":"a","crit":["exp"]}', CLAIMS),
        signed('{"alg":"HS256","kid":"a","crit":null}', CLAIMS),
        signed('{"alg":"HS256","kid":"a","b64":false,"crit":["b64"]}', CLAIMS),
        signed('["HS256","a"]', CLAIMS),
        # duplicates, also in another spelling and further in
        signed('{"alg":"none","alg":"HS256","kid":"a"}', CLAIMS),
        signed('{"alg":"HS256","kid":"b","kid":"a"}', CLAIMS),
        signed(HEADER, f'{{"exp":1,"exp":{NOW + 100}}}'),
        signed(HEADER, f'{{"exp":{NOW + 100},"\\u0065xp":{NOW + 100}}}'),
        signed(HEADER, f'{{"exp":{NOW + 100},"x":[{{"y":1,"y":2}}]}}'),
        # `exp` that is no time
        *(signed(HEADER, f'{{"exp":{exp}}}') for exp in ('"1800000100"', "true", "null", "1e999", "NaN")),
        *(signed(HEADER, f'{{"exp":{exp}}}') for exp in ("Infinity", "[1]", "{}", "01", "0x7", "", "-")),
        signed(HEADER, "{}"),
        signed(HEADER, '{"EXP":1800000100}'),
        # the other claims' types
        *(signed(HEADER, f'{CLAIMS[:-1]},"nbf":{nbf}}}') for nbf in ('"1"', "null", "false")),
        *(signed(HEADER, f'{CLAIMS[:-1]},"sub":{sub}}}') for sub in ("1", "null", '["x"]', '"\\ud800"')),
        *(signed(HEADER, f'{CLAIMS[:-1]},"logstores":{ls}}}') for ls in ('"web"', "null", "[1]", "{}")),
        *(signed(HEADER, f'{CLAIMS[:-1]},"origins":{og}}}') for og in ('"x"', "null", "[null]")),
        # what is no object
        *(signed(HEADER, claims) for claims in ("", "[]", "null", '"x"', CLAIMS + "x", b"\xef\xbb\xbf{}")),
        signed(HEADER, b'{"exp":1800000100,"x":"\xff"}'),
        signed(HEADER, '{"exp":1800000100,"x":' + "[" * 1000 + "]" * 1000 + "}"),
        # the form
        "a", "a.b", "..", "a.b.c", f"{plain()}.x", f" {plain()}", f"{plain()} ", f"{plain()}\n",
        plain() + "=", plain().replace(".", "=.", 1), plain()[:-1],
        "é" + plain(), plain().replace(".", "%2E"),
    ],
    ids=lambda text: repr(text[:24]),
)  # fmt: skip
def test_other_text_is_a_malformed_ticket(text: str) -> None:
    assert refusal(text) == "the ticket is malformed"


@pytest.mark.parametrize("kid", ["c", "", "A", "../../dev/null", "a' OR '1'='1", "a\\u0000", "é"])
def test_a_kid_is_only_a_name_to_look_up(kid: str) -> None:
    assert refusal(signed(f'{{"alg":"HS256","kid":"{kid}"}}', CLAIMS)) == "the ticket's key is unknown"


def test_a_signature_has_to_be_of_the_key_that_the_kid_names() -> None:
    text = plain()
    head, _, signature = text.rpartition(".")
    flipped = signature[:-1] + chr(ord(signature[-1]) ^ 1)
    for wrong in (
        issue("b", KEY, GOOD),
        issue("a", bytes(32), GOOD),
        issue("a", b"", GOOD),
        f"{head}.{flipped}",  # another spelling of the same bytes, or other bytes
        f"{head}.{'A' * 43}",
        ".".join((text.partition(".")[0], b64('{"exp":1800000200}'), signature)),
    ):
        assert refusal(wrong) == "the ticket has a bad signature"


def test_only_the_length_bounds_a_ticket() -> None:
    fits = max((plain(x="y" * n) for n in range(1350, 1500) if len(plain(x="y" * n)) <= LONGEST), key=len)
    assert LONGEST - 2 <= len(fits) <= LONGEST
    assert TICKETS.check(fits, NOW)
    longer = plain(x="y" * 1500)
    assert len(longer) > LONGEST
    assert refusal(longer) == "the ticket is malformed"


@pytest.mark.parametrize(
    ("held", "words"),
    [
        ("", "kid:base64url in entry 1"),
        ("a", "entry 1"),
        (":" + b64(KEY), "entry 1"),
        ("a b:" + b64(KEY), "entry 1"),
        ("x" * 65 + ":" + b64(KEY), "entry 1"),
        (f"a:{b64(KEY)},", "entry 2"),
        (f"a:{b64(KEY)},b:{b64(KEY[:31])}", "entry 2 has 31"),
        ("a:" + "+" * 43, "base64url"),
        ("a:é", "base64url"),
        ("a:" + "A" * 45, "base64url"),
        (f"a:{b64(KEY)},a:{b64(KEY)}", "entry 2 repeats"),
    ],
)
def test_bad_keys_are_named_by_their_place_and_never_shown(held: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        read_keys(held)
    assert b64(KEY)[:10] not in str(caught.value)


def test_a_key_of_32_bytes_is_long_enough_and_one_of_31_is_not() -> None:
    assert read_keys(f"a:{b64(KEY[:32])}") == {"a": KEY[:32]}
    with pytest.raises(ValueError, match="keys of at least 32 bytes; entry 1 has 31"):
        read_keys(f"a:{b64(KEY[:31])}")


def test_a_clock_that_jumps_back_makes_a_ticket_wait_or_last_and_never_fails() -> None:
    """Each check goes by the clock of its moment; nothing of an earlier one is kept."""
    text = plain(exp=NOW + 100, nbf=NOW)
    clock = [NOW, NOW + 159, NOW + 160, NOW + 159, NOW - 60, NOW - 61, NOW, 0.0, -1e9]
    wanted = ["", "", "expired", "", "", "not yet", "", "too long", "too long"]
    for now, words in zip(clock, wanted, strict=True):
        found = verdict(text, now)
        assert words in found if isinstance(found, str) else not words


def test_keys_come_with_or_without_padding() -> None:
    padded = base64.urlsafe_b64encode(KEY).decode()
    held = f" {'x' * 64}:{padded} , b.2:{b64(bytes(64))}"
    assert read_keys(held) == {"x" * 64: KEY, "b.2": bytes(64)}


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
times = (
    st.integers(int(NOW) - 200_000, int(NOW) + 200_000)
    | st.floats(NOW - 70, NOW + 70)
    | st.integers(300, 400).map(lambda digits: 10**digits)
)
claim_sets = st.fixed_dictionaries(
    {},
    optional={
        "exp": times | values,
        "nbf": times | values,
        "sub": st.text(max_size=9) | values,
        "logstores": st.lists(st.text(max_size=3), max_size=2) | values,
        "x": values,
    },
)


@given(claim_sets)
def test_what_is_accepted_pyjwt_accepts_too(claims: dict[str, Any]) -> None:
    header = {"kid": "a", "typ": "JWT", "alg": "HS256"}
    text = signed(json.dumps(header), json.dumps(claims))
    found = verdict(text)
    if isinstance(found, str):
        return
    options: Any = {"require": ["exp"], "verify_exp": False, "verify_nbf": False, "verify_iat": False}
    theirs = jwt.decode(text, KEY, algorithms=["HS256"], options=options)
    assert theirs["exp"] > NOW - 60
    assert theirs.get("nbf", 0) <= NOW + 60
    assert found.subject == (theirs.get("sub") or None)


@given(
    st.sampled_from(["a", "b"]),
    st.integers(int(NOW) - 59, int(NOW) + 172_800),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
)
def test_what_pyjwt_signs_is_accepted(kid: str, exp: int, subject: str) -> None:
    key = KEY if kid == "a" else KEY[::-1]
    text = jwt.encode({"exp": exp, "sub": subject}, key, "HS256", headers={"kid": kid})
    assert TICKETS.check(text, NOW).subject == (subject or None)


@given(st.text(max_size=60) | st.binary(max_size=40).map(b64), st.integers(0, 250))
def test_a_damaged_ticket_is_always_refused(piece: str, at: int) -> None:
    text = plain(sub="u")
    for mangled in (text[:at] + piece + text[at:], text[:at] + piece, piece + "." + text):
        found = verdict(mangled)
        assert isinstance(found, str) or mangled == text


def test_a_second_opinion_from_node() -> None:
    """jose signs a ticket for this check, and judges a set of them as it does."""
    tokens = [plain(), plain(sub="é"), issue("b", KEY, GOOD), issue("a", bytes(32), GOOD), plain(exp="1")]
    script = f"""
      import {{ SignJWT, jwtVerify }} from 'jose'
      const key = Buffer.from({json.dumps(to_base64url(KEY))}, 'base64url')
      const made = await new SignJWT({{ sub: 'n' }}).setProtectedHeader({{ alg: 'HS256', kid: 'a' }})
        .setExpirationTime({int(NOW) + 9}).sign(key)
      const keyOf = (header) => header.kid === 'a' ? key : Buffer.alloc(32)
      const options = {{ algorithms: ['HS256'], currentDate: new Date({int(NOW) * 1000}) }}
      const judged = await Promise.all({json.dumps(tokens)}.map(
        (token) => jwtVerify(token, keyOf, options).then(() => true, () => false)))
      console.log(JSON.stringify([made, judged]))
    """
    made, judged = json.loads(run_module(script))
    assert TICKETS.check(made, NOW).subject == "n"
    assert judged == [True, True, False, False, False]
    assert [isinstance(verdict(token), Ticket) for token in tokens] == judged
