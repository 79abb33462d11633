"""A browser's token, that nobody else can make, and the name that is a reader's own."""

from __future__ import annotations

import pytest

from palabre.keys import Keys
from palabre.text import browser, stamp

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
KEYS = Keys((OLD,))


def token(keys: Keys = KEYS, site: str = "site", nonce: bytes = b"sixteen bytes ok") -> str:
    return browser.seal(keys, site, at_ms=1_764_000_000_000, nonce=nonce)


def test_ours_is_known_for_its_site_alone() -> None:
    assert browser.is_ours(KEYS, "site", token())
    assert not browser.is_ours(KEYS, "other", token())


def test_it_outlives_a_rotation_of_the_keys_but_not_their_loss() -> None:
    assert browser.is_ours(Keys((OLD, NEW)), "site", token())
    assert not browser.is_ours(Keys((NEW,)), "site", token())


def test_each_character_counts() -> None:
    good = token()
    for at, character in enumerate(good):
        other = "A" if character != "A" else "B"
        assert not browser.is_ours(KEYS, "site", good[:at] + other + good[at + 1 :])


@pytest.mark.parametrize(
    "garbage", ["", "x", "A" * 76, "é" * 76, "A" * 75, "-_" * 38, "\0", "A" * 100_000]
)
def test_garbage_is_none(garbage: str) -> None:
    assert not browser.is_ours(KEYS, "site", garbage)


def test_it_is_spelt_in_one_way_only() -> None:
    made = token()
    for other in (made + "=", made + "\n", " " + made, made.replace("-", "+").replace("_", "/")):
        assert other == made or not browser.is_ours(KEYS, "site", other)


def test_a_stamp_is_no_token() -> None:
    made = stamp.seal(KEYS, stamp.place_of("site", "/a"), at_ms=1, nonce=b"thirteen byte")
    assert not browser.is_ours(KEYS, "site", made)


@pytest.mark.parametrize(
    ("names", "outline"),
    [
        ([], None),
        ([("Zoé Lambert", 2)], None),
        ([("Zoé Lambert", 3)], "zoeiambert"),
        ([("Zoé Lambert", 2), ("ZOE LAMBERT", 1)], "zoeiambert"),
        ([("Zoé Lambert", 2), ("Zed", 1)], "zoeiambert"),
        ([("Zoé", 9), ("Zoé Lambert", 2)], None),
        ([("Marie", 3)], "marie"),
        ([("Paul", 9)], None),
        ([("Li Wu", 9)], None),
        ([("…", 9)], None),
    ],
)
def test_a_name_is_a_reader_s_own_after_three_comments_if_it_is_long_enough(
    names: list[tuple[str, int]], outline: str | None
) -> None:
    assert browser.owned(names) == outline
