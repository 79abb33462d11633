"""Where copies lie: one place for each address, within the folder, on any file system."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from palabre.text.static_path import FEED, INDEX, NAMES, SEGMENT_MOST, place

SEGMENT = st.text(
    st.one_of(st.sampled_from("abAB019.-_~%?=&é "), st.characters(exclude_characters="/?\0")),
    max_size=40,
).map(lambda text: text.encode("utf-8", "ignore").decode())
PATH = st.lists(SEGMENT.filter(lambda one: one not in (".", "..", "")), max_size=4).map(
    lambda segments: "/" + "/".join(segments)
)
ADDRESS = st.tuples(PATH, st.one_of(st.none(), SEGMENT)).map(
    lambda parts: parts[0] if parts[1] is None else f"{parts[0]}?{parts[1]}"
)


@pytest.mark.parametrize(
    ("address", "where"),
    [
        ("/", ""),
        ("/a", "a"),
        ("/2026/11/un-avis.html", "2026/11/un-avis.html"),
        ("/a/b?x=1", "a/b/%3Fx%3D1"),
        ("/?p=7", "%3Fp%3D7"),
        ("/A", "%41"),
        ("/.git", "%2Egit"),
        ("/a/comments.json", "a/%63omments.json"),
        ("/index.json", "%69ndex.json"),
        ("/%C3%A9t%C3%A9", "%25%433%25%419t%25%433%25%419"),
        ("/~b", "%7Eb"),
    ],
)
def test_an_address_has_a_place_that_can_be_told(address: str, where: str) -> None:
    assert place(address) == where


@given(ADDRESS, ADDRESS)
@settings(deadline=None)
def test_no_two_addresses_share_a_place_whatever_the_case(one: str, other: str) -> None:
    def means(address: str) -> tuple[list[str], str | None]:
        path, mark, query = address.partition("?")
        return [segment for segment in path.split("/") if segment], query if mark else None

    if means(one) != means(other):
        assert place(one).lower() != place(other).lower()


@given(ADDRESS)
@settings(deadline=None)
def test_a_place_is_within_the_folder_and_no_file_of_ours(address: str) -> None:
    where = PurePosixPath(place(address))
    assert not where.is_absolute()
    for part in where.parts:
        assert not part.startswith(".")
        assert part not in (*NAMES, FEED, INDEX)
        assert len(part) <= SEGMENT_MOST
        assert part.isascii()


def test_long_addresses_differ_by_what_was_cut_off() -> None:
    places = {place(f"/{'a' * 150}{n}") for n in range(50)} | {
        place(f"/a?{'b' * 150}{n}") for n in range(50)
    }
    assert len(places) == 100
