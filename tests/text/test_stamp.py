"""What a form's stamp says, and that nobody else can make one."""

from __future__ import annotations

import base64

import pytest

from palabre.keys import Keys
from palabre.text import stamp

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
PLACE = stamp.place_of("site", "/a?b=c")
NONCE = b"thirteen byte"


def token(keys: Keys, *, place: bytes = PLACE, at_ms: int = 1_764_000_000_000) -> str:
    return stamp.seal(keys, place, at_ms=at_ms, nonce=NONCE)


def test_it_tells_where_and_when_it_was_given_out() -> None:
    told = stamp.read(Keys((OLD,)), token(Keys((OLD,)), at_ms=12_345))
    assert (told.place, told.at_ms, len(told.tag)) == (PLACE, 12_345, 16)


def test_no_two_are_known_by_the_same_tag() -> None:
    keys = Keys((OLD,))
    nonces = [bytes([n]) * stamp.NONCE_BYTES for n in range(3)]
    tokens = [stamp.seal(keys, PLACE, at_ms=1, nonce=nonce) for nonce in nonces]
    assert len({stamp.read(keys, one).tag for one in tokens}) == 3


def test_it_outlives_a_rotation_of_the_keys_but_not_their_loss() -> None:
    made = token(Keys((OLD,)))
    assert stamp.read(Keys((OLD, NEW)), made).place == PLACE
    with pytest.raises(ValueError, match="not a stamp of ours"):
        stamp.read(Keys((NEW,)), made)


def test_each_character_counts() -> None:
    keys = Keys((OLD,))
    good = token(keys)
    for at, character in enumerate(good):
        other = "A" if character != "A" else "B"
        with pytest.raises(ValueError, match="not a stamp"):
            stamp.read(keys, good[:at] + other + good[at + 1 :])


@pytest.mark.parametrize(
    "garbage",
    ["", "x", "A" * 72, "é" * 72, "A" * 71, "-_" * 36, "\0", "A" * 100_000, "../../etc/passwd"],
)
def test_garbage_is_no_stamp(garbage: str) -> None:
    with pytest.raises(ValueError, match="not a stamp"):
        stamp.read(Keys((OLD,)), garbage)


def test_it_is_spelt_in_one_way_only() -> None:
    keys = Keys((OLD,))
    made = token(keys)
    for other in (made + "=", made + "\n", " " + made, made.replace("-", "+").replace("_", "/")):
        if other != made:
            with pytest.raises(ValueError, match="not a stamp"):
                stamp.read(keys, other)


def test_what_another_purpose_sealed_is_no_stamp() -> None:
    keys = Keys((OLD,))
    raw = bytes([1]) + bytes(37)
    code = keys.seal("cursor", raw)[:16]
    with pytest.raises(ValueError, match="not a stamp of ours"):
        stamp.read(keys, base64.urlsafe_b64encode(raw + code).decode())


@pytest.mark.parametrize(
    "other", [("site", "/a"), ("sit", "e/a?b=c"), ("site2", "/a?b=c"), ("site", "/A?b=c")]
)
def test_every_article_of_every_site_is_a_place_of_its_own(other: tuple[str, str]) -> None:
    assert stamp.place_of(*other) != PLACE
