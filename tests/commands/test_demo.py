"""`palabre demo`: a conversation in every state, made once."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

import conftest
from commands.terminal import Terminal
from palabre import settings
from palabre.actions import queue
from palabre.actions.people import Record
from palabre.commands.conversation import STORIES, Said
from palabre.demonstration import ADDRESS, TITLE
from palabre.model import Comment, Moderator, Scope, State
from palabre.service import opened

ANYBODY = Moderator("", "anybody", Scope.READ, None)
THERE = "The demonstration is there already, nothing was changed: http://127.0.0.1:8000/demo/\n"


def _records(palabre: Terminal) -> list[Record]:
    """Every comment with its decisions, oldest first."""

    async def ask() -> list[Record]:
        chosen = settings.load({"PALABRE_DATA_DIR": str(palabre.data)})
        async with opened(chosen) as service:
            wanted = queue.Wanted(states=tuple(State))
            page = await queue.page(service, ANYBODY, wanted, limit=200)
            return [await queue.one(service, ANYBODY, one.id) for one in page.comments]

    return asyncio.run(ask())


def _comments(palabre: Terminal) -> list[Comment]:
    return [record.comment for record in _records(palabre)]


def _rows(palabre: Terminal) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    raw = sqlite3.connect(palabre.data / "palabre.sqlite3")
    try:
        names = raw.execute("select name from sqlite_schema where type = 'table'").fetchall()
        return {
            name: sorted(raw.execute(f"select * from {name}").fetchall(), key=repr)
            for (name,) in names
        }
    finally:
        raw.close()


def _lines() -> Iterator[Said]:
    waiting = [said for story in STORIES for said in story.comments]
    while waiting:
        said = waiting.pop()
        waiting += said.replies
        yield said


def test_it_has_comments_in_every_state_and_says_where_they_are(palabre: Terminal) -> None:
    said = palabre("demo").splitlines()
    assert said[0] == "Added the site demo at http://127.0.0.1:8000, http://localhost:8000."
    assert said[1] == f"Added {len(list(_lines()))} comments on {len(STORIES)} articles."
    assert said[2] == "`palabre serve` shows the demonstration at http://127.0.0.1:8000/demo/"
    states = Counter(comment.state for comment in _comments(palabre))
    assert set(states) == set(State)
    assert states[State.APPROVED] > 15
    assert states[State.PENDING] >= 3


def test_everything_in_it_happened_the_ordinary_way(palabre: Terminal) -> None:
    """Each decision is one that the rules, the moderator or the author took, in good order."""
    palabre("demo")
    now = datetime.now(UTC)
    records = _records(palabre)
    for record in records:
        first, *later = record.decisions
        assert first.from_state is None
        assert [one.from_state for one in later] == [one.to_state for one in record.decisions][:-1]
        assert record.decisions[-1].to_state is record.comment.state
        times = [one.at for one in record.decisions]
        assert times == sorted(times)
        assert now - timedelta(days=5) < times[0] < times[-1] + timedelta(seconds=1) <= now
    deciders = {one.by for record in records for one in record.decisions}
    assert deciders == {
        "rule:policy",
        "rule:honeypot",
        "rule:noise",
        "rule:links",
        "rule:capitals",
        "rule:personal",
        "rule:repeat",
        "demo",
        "author",
    }
    assert {name.name for record in records for name in record.comment.signals} == {
        "honeypot",
        "links",
        "noise",
        "capitals",
        "learned",
        "personal",
        "repeat",
    }
    rejected = [record for record in records if record.comment.state is State.REJECTED]
    assert {record.comment.reason for record in rejected} == {"abuse", "off_topic"}
    assert all(record.decisions[-1].note for record in rejected)
    assert [len(record.edits) for record in records if record.edits] == [1]


def test_the_comments_differ_and_stay_within_four_days(palabre: Terminal) -> None:
    lines = list(_lines())
    assert len({said.text for said in lines}) == len(lines) - 1, (
        "one text is there twice on purpose"
    )
    assert len({said.ago for said in lines}) == len(lines)
    assert all(30 < said.ago < 5 * 24 * 60 for said in lines)


def test_it_is_french_as_the_french_write_it() -> None:
    for said in _lines():
        text = f"{said.name}\n{said.text}"
        assert "'" not in text
        assert not re.search(r" [;!?»]|« |[^\s\d/]:\s| :\s", re.sub(r"\S+://\S+", "", text))


def test_addresses_are_of_the_domain_kept_for_examples_and_one_a_person() -> None:
    people = {said.name: said.email for said in _lines()}
    assert len(set(people.values())) == len(people)
    assert all(email.endswith("@example.com") for email in people.values())
    assert people["Élodie Chassagne"] == "elodie.chassagne@example.com"


def test_the_second_run_changes_nothing_and_says_so(palabre: Terminal) -> None:
    palabre("demo")
    before = _rows(palabre)
    assert before["comment"]
    assert palabre("demo").startswith(THERE)
    assert _rows(palabre) == before


def test_its_moderator_is_left_without_a_token(palabre: Terminal) -> None:
    said = palabre("demo").splitlines()
    assert said[-2] == "There is no moderator yet. This adds one and prints the token:"
    assert said[-1].endswith(" moderator add alice --scope moderate")
    (demo,) = palabre.json("moderator", "list")
    assert (demo["name"], demo["site"]) == ("demo", "demo")
    assert demo["revoked_at"] is not None
    palabre("moderator", "add", "alice")
    assert palabre("demo") == THERE


def test_an_article_that_went_missing_comes_back_alone(
    palabre: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a newer version has one more."""
    with monkeypatch.context() as older:
        older.setattr("palabre.commands.conversation.STORIES", STORIES[1:])
        palabre("demo")
    few = _comments(palabre)
    assert " comments on an article." in palabre("demo")
    kept = {comment.id for comment in few}
    assert {c.article.address for c in _comments(palabre) if c.id not in kept} == {ADDRESS}
    assert palabre("demo").startswith(THERE)


def test_a_run_that_fails_leaves_nothing_behind(
    palabre: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    palabre("migrate")
    before = _rows(palabre)
    with monkeypatch.context() as broken:

        def fail(*args: object, **options: object) -> None:
            raise OSError("the power went")

        broken.setattr("palabre.actions.receipts.withdraw", fail)
        assert palabre.refused("demo") == "OSError: the power went\n"
    assert _rows(palabre) == before
    assert palabre("demo").startswith("Added the site demo")


def test_what_would_refuse_the_players_does_not(palabre: Terminal) -> None:
    """One submission a day, and a DNS that says example.com gets no mail."""
    palabre.settings = {
        "PALABRE_SUBMISSION_LIMIT": "1/day",
        "PALABRE_EMAIL_DNS_CHECK": "true",
        "PALABRE_LOCALE": "en",
    }
    palabre("demo")
    assert palabre.json("site", "list")[0]["locale"] == "fr"


def test_links_follow_the_service_to_another_place(palabre: Terminal) -> None:
    palabre("demo")
    palabre.settings["PALABRE_PORT"] = "8001"
    moved = "The site demo is now at http://127.0.0.1:8001, http://127.0.0.1:8000, "
    assert palabre("demo").startswith(moved)
    assert "nothing was changed" in palabre("demo")
    palabre.settings["PALABRE_PUBLIC_URL"] = "https://comments.example/talk"
    said = palabre("demo")
    assert said.startswith("The site demo is now at https://comments.example, ")
    assert "https://comments.example/talk/demo/" in said
    origins = palabre.json("site", "list")[0]["origins"]
    assert origins[0] == "https://comments.example"
    assert len(origins) == len(set(origins)) == 5
    del palabre.settings["PALABRE_PUBLIC_URL"], palabre.settings["PALABRE_PORT"]
    palabre("demo")
    assert palabre.json("site", "list")[0]["origins"][0] == "http://127.0.0.1:8000"


def test_it_leaves_the_origins_of_other_sites_alone(palabre: Terminal) -> None:
    palabre("site", "add", "blog", "--origin", "http://localhost:8000")
    palabre("demo")
    blog, demo = palabre.json("site", "list")
    assert blog["origins"] == ["http://localhost:8000"]
    assert demo["origins"] == ["http://127.0.0.1:8000"]
    assert "nothing was changed" in palabre("demo")


def test_it_does_not_stand_in_another_site_s_place(palabre: Terminal) -> None:
    palabre("site", "add", "blog", "--origin", "http://127.0.0.1:8000")
    assert "is an origin of the site “blog” already" in palabre.refused("demo")
    assert len(palabre.json("site", "list")) == 1


def test_a_port_that_is_not_known_yet_is_no_place(palabre: Terminal) -> None:
    palabre.settings["PALABRE_PORT"] = "0"
    assert "can't be at http://127.0.0.1:0" in palabre.refused("demo")


async def test_the_page_shows_the_conversation(palabre: Terminal) -> None:
    await asyncio.to_thread(palabre, "demo")
    chosen = settings.load({"PALABRE_DATA_DIR": str(palabre.data)})
    async with opened(chosen, serving=True) as service, conftest.client_of(service) as client:
        page = await client.get("/demo/", headers={"Accept": "text/html"})
        closed = await client.get("/v1/comments", params={"article": "/demo/place-du-marche"})
        found = await client.get("/v1/comments", params={"article": ADDRESS})
    assert page.status_code == 200
    assert TITLE in page.text
    assert "l’odeur de levain" in page.text
    assert "Rachat de crédits" not in page.text
    assert "01 99 00 12 34" not in page.text
    assert found.json()["article"]["title"] == TITLE
    assert closed.json()["article"]["open"] is False
    comments = found.json()["comments"]
    depths = Counter(comment["depth"] for comment in comments)
    assert set(depths) == {0, 1, 2, 3}
    assert [c["author"] for c in comments if c["state"] == "deleted"] == [None]
    assert sum(c["author"]["moderator"] for c in comments if c["author"]) == 2
    times = [c["created_at"] for c in comments if not c["depth"] and c["created_at"]]
    assert len(times) > 5
    assert times == sorted(times)
