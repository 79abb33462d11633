"""Where the migrations and the JSON schemas are: packed into the wheel, or in the checkout."""

from __future__ import annotations

from pathlib import Path


def root() -> Path:
    """The folder `schema/`; the packed one when it is there."""
    package = Path(__file__).parent
    packed = package / "_schema"
    return packed if packed.is_dir() else package.parent.parent / "schema"
