"""Programs that some tests need: skipped by name where they are absent, but not in CI."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def program(name: str) -> str:
    """The path of a program."""
    return shutil.which(name) or absent(name)


def chromium() -> str:
    """The path of Chromium, preferably of the build that can do nothing but run without a window.

    Its engine is the same; a page and its context cost a quarter of the CPU, since no window, no
    tab and no profile is made for them.
    """
    return shutil.which("chromium-headless-shell") or program("chromium")


def absent(name: str) -> NoReturn:
    """What the test needs is not here."""
    if os.environ.get("CI"):
        pytest.fail(f"{name} is not installed, and in CI it has to be")
    pytest.skip(f"{name} is not installed")
