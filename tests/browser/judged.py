"""What judges look at: the pages of the service, by a name for each, and what stands on them."""

from __future__ import annotations

from dataclasses import dataclass

import httpx2

import makers
from running import Running

LONG = "x" * 300
QUEUE = f"?site=demo&article=/{LONG}"
"""The queue with what is `told` alone."""

ELSEWHERE = {"X-Forwarded-For": "203.0.113.1"}
"""A reader whose reports are not counted with those of the browser."""

STATES = ("pending", "approve", "reject", "spam", "delete")


@dataclass(frozen=True, slots=True)
class Told:
    """The ids of a comment that was edited and answered, of its article and author, and of one
    that was deleted."""

    comment: str
    article: str
    author: str
    deleted: str


def told(demo: Running, moderator: dict[str, str]) -> Told:
    """A comment that was edited and answered, and one that was deleted, long words everywhere."""
    untitled = makers.fields(site="demo", article=f"/untitled-{LONG}", email="u@example.com")
    gone = makers.fields(site="demo", article=f"/untitled-{LONG}", email="gone@example.com")
    fields = makers.fields(
        site="demo",
        article=f"/{LONG}",
        name="Ζ" * 60,
        title="Ein-sehr-langes-Wort" * 12,
        comment=f"{LONG} https://a.example/{LONG} https://b.example https://c.example",
        website=f"https://example.com/{LONG[:150]}",
    )
    with demo.client() as client:
        assert client.post("/v1/comments", json=untitled).status_code == 201
        deleted = str(client.post("/v1/comments", json=gone).json()["comment"]["id"])
        client.post(f"/v1/moderation/comments/{deleted}/delete", headers=moderator)
        found = str(client.post("/v1/comments", json=fields).json()["comment"]["id"])
        url = f"/v1/moderation/comments/{found}"
        client.patch(url, json={"text": f"{LONG} ailleurs"}, headers=moderator)
        client.post(f"{url}/approve", headers=moderator)
        client.post(f"{url}/reply", json={"text": LONG}, headers=moderator)
        report = {"reason": "abuse", "note": LONG}
        client.post(f"/v1/comments/{found}/report", json=report, headers=ELSEWHERE)
        held = client.post(f"{url}/hold", headers=moderator, json={"note": LONG}).json()
    return Told(found, held["article"]["id"], held["author"]["id"], deleted)


def of_the_desk(told: Told) -> dict[str, str]:
    """The desk's pages, with little on them that others have left: judging takes its time."""
    return {
        "queue": QUEUE,
        "all": f"{QUEUE}&state=all&since=2026-01-01",
        "untitled": f"?site=demo&article=/untitled-{LONG}&order=urgent",
        "empty": "?q=zzzzzzzzz",
        "reported": "?state=approved&reported=1",
        "comment": f"comments/{told.comment}?ask=reject",
        "edit": f"comments/{told.comment}?ask=edit",
        "deleted": f"comments/{told.deleted}",
        "articles": "articles?site=demo",
        "article": f"articles/{told.article}",
        "people": "people",
        "person": f"people/{told.author}",
        "quarantine": "quarantine?site=demo",
        "rules": "rules?site=demo",
        "moderators": "moderators",
        "numbers": "numbers?site=demo&days=7",
        "log": f"log?comment={told.comment}",
        "sessions": "sessions",
    }


def of_readers(demo: Running, moderator: dict[str, str]) -> dict[str, str]:
    """The form in its states, receipts of every state, problems, the demonstration."""
    found = {
        "form": "/v1/form?article=/judged&site=demo",
        "rules": "/rules?site=demo",
        "demo": "/demo/",
        "demo element": "/demo/element",
        "demo include": "/demo/include",
        "demo strict": "/demo/strict",
        "problem": "/problems/invalid_submission",
        "missing": "/nowhere",
        "receipt missing": "/v1/receipts/nothing",
    }
    with demo.client() as client:
        for number, action in enumerate(STATES):
            fields = makers.fields(
                site="demo",
                article="/judged",
                email=f"judged{number}@example.com",
                website="https://example.com",
                comment=f"Un *avis* numéro {number} : `code`\n\n> cité\n\n- liste",
            )
            sent = client.post("/v1/comments", json=fields).json()
            found[f"receipt {action}"] = str(sent["receipt"]["url"]).removeprefix(demo.url)
            comment = sent["comment"]["id"]
            if action != "pending":
                url = f"/v1/moderation/comments/{comment}/{action}"
                client.post(url, json={"reason": "abuse"}, headers=moderator)
            if action == "approve":
                found["reply"] = f"/v1/form?article=/judged&site=demo&parent={comment}"
        found |= _of_reporters(client, moderator)
        body = {"article": "/judged-closed", "site": "demo", "open": False}
        client.put("/v1/moderation/articles", json=body, headers=moderator)
    found["closed"] = "/v1/form?article=/judged-closed&site=demo"
    return found


def _of_reporters(client: httpx2.Client, moderator: dict[str, str]) -> dict[str, str]:
    """The page on which a comment is reported, and what is told of that afterwards."""
    found = {}
    for action in ("open", "approve", "reject"):
        fields = makers.fields(site="demo", article="/judged-reported", name="Ζ" * 60, comment=LONG)
        fields["email"] = f"{action}@example.com"
        fields["comment"] += action
        comment = client.post("/v1/comments", json=fields).json()["comment"]["id"]
        moderated = f"/v1/moderation/comments/{comment}"
        client.post(f"{moderated}/approve", headers=moderator)
        page = f"/v1/comments/{comment}/report"
        sent = client.post(page, json={"reason": "other", "note": LONG}, headers=ELSEWHERE).json()
        url = str(sent["receipt"]["url"])
        found[f"report {action}"] = "/v1/" + url.partition("/v1/")[2]
        if action == "open":
            found["report"] = page
        else:
            client.post(f"{moderated}/{action}", headers=moderator)
    return found


def with_language(path: str, language: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}lang={language}"
