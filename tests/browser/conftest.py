"""A real Chromium and a real service with its demonstration, shared by all browser tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

import needed
from browser.pages import Pages
from running import Running

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
"""Chromium as root and without a word to anybody but us."""


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service with its demonstration article."""
    needed.program("chromium")
    folder: Path = tmp_path_factory.mktemp("browser")
    with Running(folder) as service:
        service.command("demo")
        service.start()
        yield service
        assert service.stop() == 0


@pytest.fixture(scope="session")
def moderator(demo: Running) -> dict[str, str]:
    """The headers of a moderator of the demonstration."""
    return demo.add_moderator("browser-tests")


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=needed.program("chromium"), args=QUIET
        )
        yield chromium
        await chromium.close()


@pytest.fixture(scope="session")
def blog(demo: Running) -> Iterator[Pages]:
    """A site of its own origin, whose articles take comments with the service's element."""
    with Pages(demo.url) as pages:
        demo.command("site", "add", "blog", "--origin", pages.url)
        yield pages
