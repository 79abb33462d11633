"""The order of a list of comments by their age or urgency, and a place in it."""

from __future__ import annotations

from typing import Literal

Order = Literal["oldest", "newest"]
QueueOrder = Literal["oldest", "newest", "urgent"]
"""`urgent`: by what signals and reports say, and among equals by age."""

Seen = tuple[int, int]
"""When the last comment seen was created (ms), and its number."""

Reached = tuple[int, ...]
"""A place in the queue: as `Seen`, and in the order of urgency `comment.rank` before it."""
