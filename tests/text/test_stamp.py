"""What a form's stamp says and which puzzle it poses, and that nobody else can make one."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

import working
from palabre.keys import Keys
from palabre.text import stamp
from palabre.text.stamp import Puzzle

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
PLACE = stamp.place_of("site", "/a?b=c")
NONCE = b"thirteen byte"


EASY = Puzzle(until_ms=1_764_000_600_000, bits=4)


def token(
    keys: Keys,
    *,
    place: bytes = PLACE,
    at_ms: int = 1_764_000_000_000,
    puzzle: Puzzle | None = None,
) -> str:
    return stamp.seal(keys, place, at_ms=at_ms, nonce=NONCE, puzzle=puzzle)


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


@pytest.mark.parametrize("puzzle", [None, EASY])
def test_each_character_counts(puzzle: Puzzle | None) -> None:
    keys = Keys((OLD,))
    good = token(keys, puzzle=puzzle)
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


# Puzzles.

KEYS = Keys((OLD,))
POSED = token(KEYS, puzzle=EASY)
SOLVED = working.solve(POSED, EASY.bits)


def test_it_tells_which_puzzle_it_poses() -> None:
    assert stamp.read(KEYS, POSED).puzzle == EASY
    assert stamp.read(KEYS, token(KEYS)).puzzle is None
    assert (len(token(KEYS)), len(POSED)) == (72, 84)


def test_who_has_worked_has_solved_it_and_nobody_else() -> None:
    assert stamp.is_solved(POSED, EASY, SOLVED)
    harder = Puzzle(EASY.until_ms, bits=EASY.bits + 12)
    assert not stamp.is_solved(POSED, harder, SOLVED)


def test_a_whole_puzzle_is_solved_as_browsers_do() -> None:
    whole = Puzzle(EASY.until_ms)
    made = token(KEYS, puzzle=whole)
    assert stamp.is_solved(made, whole, working.solve(made, whole.bits))


def test_a_solution_is_of_its_stamp_alone() -> None:
    others = {
        "moved": token(KEYS, place=stamp.place_of("site", "/b"), puzzle=EASY),
        "later": token(KEYS, at_ms=1_764_000_000_001, puzzle=EASY),
        "longer": token(KEYS, puzzle=Puzzle(EASY.until_ms + 1, bits=EASY.bits)),
        "of another key": token(Keys((NEW,)), puzzle=EASY),
    }
    solved = {name for name, other in others.items() if stamp.is_solved(other, EASY, SOLVED)}
    assert solved == set()


@pytest.mark.parametrize(
    "proof",
    [
        "",
        "x",
        "0" * 48,
        SOLVED.upper() if SOLVED.upper() != SOLVED else "F" * 48,
        SOLVED + "0",
        SOLVED[:-1],
        SOLVED + "\n",
        " " + SOLVED,
        SOLVED[6:] + SOLVED[:6],
        SOLVED[:6] * 8,
        "١" * 48,
        "f" * 60_000,
        "\0" * 48,
    ],
)
def test_anything_but_the_solution_is_none(proof: str) -> None:
    assert not stamp.is_solved(POSED, EASY, proof)


@given(bit=st.integers(0, 63 * 8 - 1))
def test_whichever_bit_is_turned_it_is_no_stamp_any_more(bit: int) -> None:
    """Whatever the field: what is easier, good for longer, or another article's is not ours."""
    raw = int.from_bytes(base64.urlsafe_b64decode(POSED)) ^ 1 << bit
    turned = base64.urlsafe_b64encode(raw.to_bytes(63)).decode()
    with pytest.raises(ValueError, match="not a stamp of ours"):
        stamp.read(KEYS, turned)


@given(at=st.integers(0, 47), digit=st.sampled_from("0123456789abcdef"))
def test_whichever_digit_of_a_solution_is_another_the_hashes_decide(at: int, digit: str) -> None:
    """No number is taken for its looks: as good a one by chance is as good as the first found."""
    other = SOLVED[:at] + digit + SOLVED[at + 1 :]
    assert stamp.is_solved(POSED, EASY, other) is working.is_worth(POSED, EASY.bits, other)


def test_fields_cannot_be_spliced_into_others() -> None:
    """Cut out, moved or lent by another stamp of ours, with the code of either."""
    easier = Puzzle(EASY.until_ms * 2, bits=1)
    plain, posed, other = (
        base64.urlsafe_b64decode(
            stamp.seal(KEYS, PLACE, at_ms=1_764_000_000_000, nonce=nonce, puzzle=puzzle)
        )
        for nonce, puzzle in ((NONCE, None), (b"another nonce", EASY), (b"further nonce", easier))
    )
    spliced = [
        posed[:38] + plain[-16:],  # the puzzle taken out,
        b"\1" + posed[1:38] + posed[-16:],
        plain[:-16] + posed[38:],  # put in,
        b"\2" + plain[1:-16] + posed[38:],
        b"\1" + posed[1:],  # called by the other's version,
        b"\2" + plain[1:],
        posed[:38] + other[38:47] + posed[-16:],  # swapped for an easier one
        posed[:38] + other[38:],
        other[:38] + posed[38:],
        posed[:37] + b"\0" + posed[37:-17] + posed[-16:],  # or shifted by a byte.
    ]
    for raw in spliced:
        with pytest.raises(ValueError, match="not a stamp"):
            stamp.read(KEYS, base64.urlsafe_b64encode(raw).decode())
