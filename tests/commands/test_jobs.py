"""`palabre jobs …`: work that waits or was given up."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from commands.terminal import Terminal
from palabre import settings
from palabre.service import opened
from palabre.store import Tx, jobs, sites

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def beside(palabre: Terminal) -> Terminal:
    """A terminal on a store where `gone1` and `gone2` were given up and `waits` waits."""
    palabre("site", "add", "blog", "--origin", "https://blog.example")

    async def unit(tx: Tx) -> None:
        site = await sites.by_name(tx, "blog")
        assert site is not None
        for topic in ("gone1", "gone2", "waits"):
            await jobs.put(
                tx,
                "purge",
                job_id=topic,
                site_id=site.id,
                topic=topic,
                subject={},
                at=START,
                due_at=START + timedelta(minutes=topic == "waits"),
            )
        until = START + timedelta(minutes=1)
        for job in await jobs.claim(tx, ["purge"], lease="x", now=START, until=until, most=9):
            await jobs.given_up(tx, job, error="410, no more", at=until)

    async def fill() -> None:
        async with opened(settings.load({"PALABRE_DATA_DIR": str(palabre.data)})) as service:
            await service.store.write(unit)

    asyncio.run(fill())
    return palabre


def ids(palabre: Terminal, *words: str) -> list[str]:
    return [job["id"] for job in palabre.json("jobs", "list", *words)]


def test_the_list_shows_what_was_given_up_and_why(beside: Terminal) -> None:
    assert beside("jobs", "list").splitlines() == [
        "ID     KIND   SITE  ATTEMPTS  STANDING                       ERROR",
        "gone1  purge  blog  1         given up 2026-11-23T09:01:00Z  410, no more",
        "gone2  purge  blog  1         given up 2026-11-23T09:01:00Z  410, no more",
    ]
    assert beside.json("jobs", "list")[0] == {
        "id": "gone1",
        "kind": "purge",
        "site": "blog",
        "topic": "gone1",
        "attempts": 1,
        "error": "410, no more",
        "due_at": "2026-11-23T09:01:00Z",
        "given_up_at": "2026-11-23T09:01:00Z",
        "created_at": "2026-11-23T09:00:00Z",
    }


def test_the_list_shows_what_waits_too_if_asked(beside: Terminal) -> None:
    assert ids(beside, "--all") == ["gone1", "gone2", "waits"]
    assert beside("jobs", "list", "--all").splitlines()[3].rstrip() == (
        "waits  purge  blog  0         due 2026-11-23T09:01:00Z"
    )


def test_an_empty_list_says_so(palabre: Terminal) -> None:
    assert palabre("jobs", "list") == "Nothing was given up.\n"
    assert palabre("jobs", "list", "--all") == "Nothing waits.\n"
    assert palabre.json("jobs", "list") == []


def test_what_is_retried_waits_again(beside: Terminal) -> None:
    assert beside("jobs", "retry", "gone2") == "To be done now: 1.\n"
    assert ids(beside) == ["gone1"]
    [again] = [job for job in beside.json("jobs", "list", "--all") if job["id"] == "gone2"]
    assert (again["attempts"], again["given_up_at"]) == (0, None)
    assert beside.json("jobs", "retry", "--all") == {"retried": 1}
    assert ids(beside) == []
    assert len(ids(beside, "--all")) == 3


def test_what_is_dropped_is_gone(beside: Terminal) -> None:
    assert beside("jobs", "drop", "gone1", "waits") == "Dropped: 2.\n"
    assert ids(beside, "--all") == ["gone2"]
    assert beside.json("jobs", "drop", "gone2") == {"dropped": 1}


@pytest.mark.parametrize("verb", ["retry", "drop"])
def test_what_is_not_there_is_named_and_nothing_is_done(beside: Terminal, verb: str) -> None:
    said = beside.refused("jobs", verb, "gone1", "unknown")
    assert said == "There is no work “unknown”.\n"
    assert ids(beside) == ["gone1", "gone2"]


def test_one_has_to_say_which(palabre: Terminal) -> None:
    assert "its IDs, or --all" in palabre.misused("jobs", "retry")
    assert "its IDs, or --all" in palabre.misused("jobs", "retry", "--all", "x")
    assert "Missing argument" in palabre.misused("jobs", "drop")
    assert palabre.files() == {}


@pytest.mark.parametrize("words", [("work",), ("jobs",), ("jobs", "retry")])
def test_the_help_says_what_it_does(palabre: Terminal, words: tuple[str, ...]) -> None:
    assert "Usage: palabre" in palabre(*words, "--help")
