"""Programs that some tests need: skipped by name where they are absent, but not in CI."""

from __future__ import annotations

import os
import shutil

import pytest


def program(name: str) -> str:
    """The path of a program."""
    found = shutil.which(name)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is not installed, and in CI it has to be")
        pytest.skip(f"{name} is not installed")
    return found
