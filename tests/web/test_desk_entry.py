"""Coming in at the desk and going out again."""

from __future__ import annotations

import asyncio
import html
import re

import httpx2
import pytest

from conftest import PUBLIC_URL, Clock, token_for
from palabre.actions import moderators, sessions
from palabre.model import Scope, Site
from palabre.service import Service
from web import desk


async def test_a_link_shows_a_button_and_signs_in_once(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    link = await sessions.link(service, "alice")
    assert link.startswith(f"{PUBLIC_URL}/desk/link/")
    for _ in range(3):
        page = await client.get(link)
        assert page.status_code == 200
        assert "alice" in page.text
    entered = await client.post(link, data={}, headers=desk.FORM)
    assert (entered.status_code, entered.headers["location"]) == (303, "/desk/")
    cookie = entered.headers["set-cookie"]
    assert re.fullmatch(
        r"palabre_desk=[\w-]{32}; HttpOnly; Max-Age=604800; Path=/desk; SameSite=lax; Secure",
        cookie,
    )
    assert (await client.get("/desk/")).status_code == 200
    client.cookies.clear()
    again = await client.post(link, data={}, headers=desk.FORM)
    assert again.status_code == 410
    assert (await client.get("/desk/")).status_code == 303


async def test_a_link_ends_after_15_minutes_and_with_its_moderator(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    link, other = await sessions.link(service, "alice"), await sessions.link(service, "alice")
    clock.advance(minutes=14, seconds=59)
    assert (await client.get(link)).status_code == 200
    await moderators.revoke(service, "alice")
    assert (await client.post(link, headers=desk.FORM)).status_code == 410
    clock.advance(seconds=2)
    assert (await client.get(other)).status_code == 410


async def test_a_token_signs_in_and_leads_to_where_one_wanted_to_go(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    token = moderator["Authorization"].removeprefix("Bearer ")
    sent = await client.get("/desk/?state=spam&q=h%C3%A9las")
    assert sent.status_code == 303
    form = await client.get(sent.headers["location"])
    to = desk.field(form.text, "to")
    entered = await client.post("/desk/login", data={"token": token, "to": to}, headers=desk.FORM)
    assert entered.headers["location"] == "/desk/?state=spam&q=h%C3%A9las"


@pytest.mark.parametrize("to", ["//evil.example", "/evil", "https://evil.example", "\\evil", "a b"])
async def test_nobody_is_led_elsewhere(
    client: httpx2.AsyncClient, moderator: dict[str, str], to: str
) -> None:
    token = moderator["Authorization"].removeprefix("Bearer ")
    entered = await client.post("/desk/login", data={"token": token, "to": to}, headers=desk.FORM)
    assert entered.headers["location"] == "/desk/"


async def test_wrong_tokens_are_slowed_down_and_then_the_right_one_too(
    client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    token = moderator["Authorization"].removeprefix("Bearer ")
    for _ in range(5):
        wrong = await client.post("/desk/login", data={"token": "palabre_x"}, headers=desk.FORM)
        assert wrong.status_code == 403
        assert "aria-invalid" in wrong.text
    slow = await client.post("/desk/login", data={"token": token}, headers=desk.FORM)
    assert slow.status_code == 429
    assert slow.headers["retry-after"] == "30"
    clock.advance(seconds=30)
    entered = await client.post("/desk/login", data={"token": token}, headers=desk.FORM)
    assert entered.status_code == 303


async def test_of_many_wrong_tokens_at_once_only_a_few_are_looked_at(
    client: httpx2.AsyncClient, site: Site
) -> None:
    async def tried(number: int) -> int:
        data = {"token": f"palabre_{number}"}
        answer = await client.post("/desk/login", data=data, headers=desk.FORM)
        return answer.status_code

    found = await asyncio.gather(*(tried(number) for number in range(30)))
    assert found.count(403) == 5
    assert found.count(429) == 25


async def test_right_tokens_use_nothing_up(
    service: Service, client: httpx2.AsyncClient, site: Site
) -> None:
    headers = await token_for(service, "alice", Scope.MODERATE)
    token = headers["Authorization"].removeprefix("Bearer ")
    for _ in range(12):
        answer = await client.post("/desk/login", data={"token": token}, headers=desk.FORM)
        assert answer.status_code == 303


async def test_a_blank_token_is_told_at_the_field(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/desk/login", data={"token": " "}, headers=desk.FORM)
    assert answer.status_code == 422
    assert 'id="error-token"' in answer.text


async def test_a_session_ends_when_idle_and_after_a_week_at_most(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    await desk.enter(service, client, "alice")
    clock.advance(hours=11)
    assert (await client.get("/desk/")).status_code == 200
    clock.advance(hours=11)
    assert (await client.get("/desk/")).status_code == 200
    clock.advance(hours=12)
    assert (await client.get("/desk/")).status_code == 303
    await desk.enter(service, client, "alice")
    for _ in range(16):
        clock.advance(hours=10)
        assert (await client.get("/desk/")).status_code == 200
    clock.advance(hours=8)
    assert (await client.get("/desk/")).status_code == 303


async def test_revoking_the_moderator_ends_the_session(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await desk.enter(service, client, "alice")
    await moderators.revoke(service, "alice")
    assert (await client.get("/desk/")).status_code == 303


async def test_signing_out_ends_this_session_alone_and_everywhere_all(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    first = await desk.enter(service, client, "alice")
    second = await desk.enter(service, client, "alice")
    third = await desk.enter(service, client, "alice")
    proof = await desk.csrf(client, third)
    page = await client.get("/desk/sessions", headers=third)
    assert len(re.findall(r'value="end \w+"', page.text)) == 3
    out = await client.post("/desk/logout", data={"csrf": proof}, headers=third | desk.FORM)
    assert out.headers["location"] == "/desk/login"
    assert "Max-Age=0" in out.headers["set-cookie"]
    assert (await client.get("/desk/", headers=third)).status_code == 303
    assert (await client.get("/desk/", headers=second)).status_code == 200
    proof = await desk.csrf(client, second)
    await client.post(
        "/desk/sessions", data={"csrf": proof, "act": "end"}, headers=second | desk.FORM
    )
    for cookie in (first, second, third):
        assert (await client.get("/desk/", headers=cookie)).status_code == 303


async def test_one_moderator_cannot_end_anothers_session(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str], admin: dict[str, str]
) -> None:
    hers = await desk.enter(service, client, "alice")
    page = await client.get("/desk/sessions", headers=hers)
    found = re.search(r'value="end (\w+)"', page.text)
    assert found is not None
    theirs = await desk.enter(service, client, "ada")
    proof = await desk.csrf(client, theirs)
    data = {"csrf": proof, "act": f"end {found[1]}"}
    await client.post("/desk/sessions", data=data, headers=theirs | desk.FORM)
    assert (await client.get("/desk/", headers=hers)).status_code == 200


async def test_a_form_without_this_sessions_proof_changes_nothing(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str], admin: dict[str, str]
) -> None:
    hers = await desk.enter(service, client, "alice")
    theirs = await desk.csrf(client, await desk.enter(service, client, "ada"))
    proof = await desk.csrf(client, hers)
    for wrong in ("", "00", "zz", theirs, proof[:-2] + "00" if proof[-2:] != "00" else "11" * 32):
        data = {"csrf": wrong, "act": "end"}
        answer = await client.post("/desk/sessions", data=data, headers=hers | desk.FORM)
        assert answer.status_code == 403
    assert (await client.get("/desk/", headers=hers)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": PUBLIC_URL, "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://blog.example"},
    ],
)
async def test_a_form_from_another_page_changes_nothing(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str], headers: dict[str, str]
) -> None:
    hers = await desk.enter(service, client, "alice")
    proof = await desk.csrf(client, hers)
    data = {"csrf": proof, "act": "end"}
    answer = await client.post("/desk/sessions", data=data, headers=hers | headers)
    assert answer.status_code == 403
    token = moderator["Authorization"].removeprefix("Bearer ")
    entered = await client.post("/desk/login", data={"token": token}, headers=headers)
    assert entered.status_code == 403
    assert (await client.get("/desk/", headers=hers)).status_code == 200


async def test_the_interface_for_programs_reads_no_cookie(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    hers = await desk.enter(service, client, "alice")
    assert (await client.get("/v1/moderation/comments", headers=hers)).status_code == 401
    assert (await client.get("/desk/", headers=moderator | {"Cookie": ""})).status_code == 303


async def test_desk_pages_run_no_foreign_code_and_are_not_kept(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    hers = await desk.enter(service, client, "alice")
    for path in ("/desk/", "/desk/sessions", "/desk/login"):
        answer = await client.get(path, headers=hers)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert "style=" not in answer.text


async def test_what_was_typed_when_the_session_ended_is_shown_again(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    hers = await desk.enter(service, client, "alice")
    proof = await desk.csrf(client, hers)
    clock.advance(days=1)
    data = {"csrf": proof, "text": "Une longue réponse <b>"}
    answer = await client.post("/desk/comments/x/reply", data=data, headers=hers | desk.FORM)
    assert answer.status_code == 401
    assert "Une longue réponse &lt;b&gt;" in answer.text
    # A link to another language would lose it.
    assert "hreflang" not in answer.text


async def test_another_language_still_leads_to_where_one_wanted_to_go(
    client: httpx2.AsyncClient,
) -> None:
    page = (await client.get("/desk/login?to=?q=a%26b%26state=all&lang=fr")).text
    link = re.search(r'href="([^"]+)" lang="en"', page)
    assert link is not None
    page = (await client.get(f"/desk/login{html.unescape(link[1])}")).text
    assert "Sign in" in page
    assert desk.field(page, "to") == "?q=a&b&state=all"


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("decide", ""),
        ("undo", ""),
        ("logout", ""),
        ("comments/a%22%3F/look", "comments/a%22%3F"),
        ("comments/x/reply?lang=en", "comments/x"),
        ("comments/x/edit", "comments/x"),
    ],
)
async def test_a_browser_that_opens_a_forms_address_is_led_to_the_form(
    client: httpx2.AsyncClient, path: str, form: str
) -> None:
    answer = await client.get(f"/desk/{path}", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/{form}")
    answer = await client.get(f"/desk/{path}", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST, OPTIONS")


async def test_preferences_are_kept_for_the_session(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    hers = await desk.enter(service, client, "alice")
    proof = await desk.csrf(client, hers)
    data = {"csrf": proof, "act": "choose", "language": "en"}
    await client.post("/desk/sessions", data=data, headers=hers | desk.FORM)
    page = await client.get("/desk/sessions", headers=hers)
    assert '<html lang="en">' in page.text
    assert not re.search(r'name="keys"[^>]* checked', page.text)


async def test_a_reader_sees_and_decides_nothing(
    service: Service, client: httpx2.AsyncClient, site: Site
) -> None:
    await token_for(service, "remi", Scope.READ)
    his = await desk.enter(service, client, "remi")
    page = await client.get("/desk/", headers=his)
    assert page.status_code == 200
    assert "formaction" not in page.text
    proof = await desk.csrf(client, his)
    data = {"csrf": proof, "act": "approve x"}
    answer = await client.post("/desk/decide", data=data, headers=his | desk.FORM)
    assert answer.status_code == 403
