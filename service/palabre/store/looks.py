"""What a store shows to who looks at it from outside, whatever the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Look:
    """What a store shows. `known`: what it says of itself; `applied`: migrations' checksums.

    `is_ours`: it is Palabre's, or empty. `damages`: what SQLite's own check finds, a few at most.
    """

    is_ours: bool
    known: Mapping[str, str]
    applied: Mapping[int, str]
    damages: tuple[str, ...]
