"""Where a reader of the log goes on, as text."""

from __future__ import annotations

import pytest

from palabre.text.reached import MISSING_MOST, Reached, read


@pytest.mark.parametrize("text", ["0", "7", "7.3", "7.3.4.6"])
def test_what_is_read_is_what_was_written(text: str) -> None:
    assert read(text).text == text


def test_too_much_that_is_missing_leads_back_before_all_of_it() -> None:
    many = tuple(range(10, 10 + MISSING_MOST))
    assert read(Reached(99, many).text) == Reached(99, many)
    assert Reached(99, (*many, 98)).text == "9"


@pytest.mark.parametrize("text", ["", "x", "7.7", "7.8", "7.4.3", "7.3.3", "7.", ".7", "-1", " 7"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a place"):
        read(text)
