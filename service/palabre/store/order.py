"""The order of a list of comments by their age, and a place in it."""

from __future__ import annotations

from typing import Literal

Order = Literal["oldest", "newest"]
Seen = tuple[int, int]
"""When the last comment seen was created (ms), and its number."""
