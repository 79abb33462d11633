"""What judges look at: the pages of the service, by a name for each, and what stands on them."""

from __future__ import annotations

import httpx2

import makers
from running import Running

LONG = "x" * 300
STATES = ("pending", "approve", "reject", "spam", "delete")


def edited(demo: Running, moderator: dict[str, str]) -> str:
    """A comment that was edited and answered, long words everywhere."""
    fields = makers.fields(
        site="demo",
        article=f"/{LONG}",
        name="Ζ" * 60,
        title="Ein-sehr-langes-Wort" * 12,
        comment=f"{LONG} https://a.example/{LONG} https://b.example https://c.example",
        website=f"https://example.com/{LONG[:150]}",
    )
    with httpx2.Client(base_url=demo.url) as client:
        found = str(client.post("/v1/comments", json=fields).json()["comment"]["id"])
        url = f"/v1/moderation/comments/{found}"
        client.patch(url, json={"text": f"{LONG} ailleurs"}, headers=moderator)
        client.post(f"{url}/approve", headers=moderator)
        client.post(f"{url}/reply", json={"text": LONG}, headers=moderator)
        client.post(f"{url}/hold", headers=moderator, json={"note": LONG})
    return found


def of_the_desk(comment: str) -> dict[str, str]:
    """The desk's pages, *comment* being a comment's id."""
    return {
        "queue": "",
        "all": "?state=all&signal=links&q=&since=2026-01-01",
        "empty": "?q=zzzzzzzzz",
        "comment": f"comments/{comment}?ask=reject",
        "articles": "articles?site=demo",
        "people": "people",
        "rules": "rules?site=demo",
        "moderators": "moderators",
        "numbers": "numbers?site=demo",
        "log": "log",
        "sessions": "sessions",
    }


def of_readers(demo: Running, moderator: dict[str, str]) -> dict[str, str]:
    """The form in its states, receipts of every state, problems, the demonstration."""
    found = {
        "form": "/v1/form?article=/judged&site=demo",
        "demo": "/demo/",
        "demo element": "/demo/element",
        "demo include": "/demo/include",
        "demo strict": "/demo/strict",
        "problem": "/problems/invalid_submission",
        "missing": "/nowhere",
        "receipt missing": "/v1/receipts/nothing",
    }
    with httpx2.Client(base_url=demo.url) as client:
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
        body = {"article": "/judged-closed", "site": "demo", "open": False}
        client.put("/v1/moderation/articles", json=body, headers=moderator)
    found["closed"] = "/v1/form?article=/judged-closed&site=demo"
    return found


def with_language(path: str, language: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}lang={language}"
