"""A real Chromium and a real service with its demonstration, shared by all browser tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

import needed
from browser import judged
from browser.demonstration import Demonstration
from browser.pages import Pages

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


# However slow the machine is; nobody waits that long for what is there.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    """A service with its demonstration article."""
    needed.chromium()
    folder: Path = tmp_path_factory.mktemp("browser")
    with Demonstration(folder) as service:
        service.begin()
        yield service
        assert service.stop() == 0


@pytest.fixture(scope="session")
def moderator(demo: Demonstration) -> dict[str, str]:
    """The headers of a moderator of the demonstration."""
    return demo.add_moderator("browser-tests")


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=needed.chromium(), args=QUIET)
        yield chromium
        await chromium.close()


@pytest.fixture(scope="session")
def blog(demo: Demonstration) -> Iterator[Pages]:
    """A site of its own origin, whose articles take comments with the service's element."""
    with Pages(demo.url) as pages:
        demo.command("site", "add", "blog", "--origin", pages.url)
        # A test fills a form in quicker than any reader.
        demo.command("site", "set", "blog", "min_seconds=off")
        yield pages


@pytest.fixture(scope="session")
def told(demo: Demonstration, moderator: dict[str, str]) -> judged.Told:
    """A comment that was edited and answered, and one that was deleted, long words everywhere."""
    return judged.told(demo, moderator)


@pytest.fixture(scope="session")
def readers_pages(demo: Demonstration, moderator: dict[str, str]) -> dict[str, str]:
    """Every page that readers see, in its states."""
    return judged.of_readers(demo, moderator)
