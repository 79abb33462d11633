"""Every way to go wrong has a problem: JSON to a program, a page to a browser (contract 5)."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest

import makers
from conftest import sqlite_of
from palabre import logs
from palabre.errors import PROBLEMS
from palabre.locale import say
from palabre.model import Site
from palabre.service import Service
from web.speaking import BROWSER, browse, field_codes, post, problem
from web.tree import read

CODES = [problem.code for problem in PROBLEMS]

# What there is, with the methods it takes.
PATHS = {
    "/v1/comments": "GET, HEAD, POST, OPTIONS",
    "/v1/comments.html": "GET, HEAD, OPTIONS",
    "/v1/comments.atom": "GET, HEAD, OPTIONS",
    "/v1/counts": "GET, HEAD, OPTIONS",
    "/v1/form": "GET, HEAD, OPTIONS",
    "/v1/comments/x/report": "GET, HEAD, POST, OPTIONS",
    "/v1/reports/x": "GET, HEAD, OPTIONS",
    "/v1/receipts/x": "GET, HEAD, OPTIONS",
    "/v1/receipts/x/withdraw": "POST, OPTIONS",
    "/v1/moderation/comments": "GET, HEAD, OPTIONS",
    "/v1/moderation/comments/x": "GET, HEAD, PATCH, OPTIONS",
    "/v1/moderation/comments/x/approve": "POST, OPTIONS",
    "/v1/moderation/decisions": "POST, OPTIONS",
    "/v1/moderation/articles": "GET, HEAD, PUT, OPTIONS",
    "/v1/moderation/authors/lookup": "POST, OPTIONS",
    "/problems/not_found": "GET, HEAD, OPTIONS",
    "/healthz": "GET, HEAD, OPTIONS",
}
NOWHERE = (
    "/",
    "/v1",
    "/v1/",
    "/v1/nothing",
    "/v1/comments/",
    "/v1/comments/x",
    "/v1/comments/x/report/y",
    "/v1/reports/",
    "/v1/receipts/",
    "/v1/receipts/a/b",
    "/v1/moderation/comments/x/applaud",
    "/V1/comments",
    "//v1/comments",
    "/v1/comments%2Fx",
    "/problems/",
    "/problems/..%2f..%2fetc%2fpasswd",
    "/static/../style.css",
    "/static/%2e%2e%2fdoor.py",
    "/.env",
    "/%ff%00",
    "/v1/" + "x" * 5000,
)


# Nothing there.


@pytest.mark.engine("sqlite")
async def test_an_unknown_address_is_not_found(
    client: httpx2.AsyncClient, subtests: pytest.Subtests
) -> None:
    for path in NOWHERE:
        with subtests.test(path[:40]):
            for method in ("GET", "POST", "DELETE"):
                problem(await client.request(method, path), 404, "not_found")
            page = await client.get(path, headers=BROWSER)
            assert page.status_code == 404
            assert read(page.text).one("h1").text == "Page introuvable"


@pytest.mark.engine("sqlite")
async def test_a_wrong_method_is_told_the_right_ones(
    client: httpx2.AsyncClient, subtests: pytest.Subtests
) -> None:
    for path, allowed in PATHS.items():
        with subtests.test(path[:40]):
            names = allowed.split(", ")
            for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"} - set(names):
                answer = await client.request(method, path)
                problem(answer, 405, "method_not_allowed")
                assert answer.headers["allow"].split(", ") == names
            page = await client.delete(path, headers=BROWSER)
            assert page.status_code == 405
            assert page.headers["allow"].split(", ") == names
            assert read(page.text).one("h1").text == "Méthode non permise"


@pytest.mark.parametrize("path", ["/v1/form", "/v1/receipts/x", "/v1/moderation/comments"])
@pytest.mark.engine("sqlite")
async def test_options_says_what_an_address_takes(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.options(path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["allow"] == PATHS[path]


# What every problem says.


async def test_a_problem_has_what_rfc_9457_asks_and_our_own_words(
    client: httpx2.AsyncClient,
) -> None:
    answer = await post(client, makers.fields(email="", lang="en"))
    assert answer.json() == {
        "type": "https://comments.example/problems/invalid_submission",
        "title": "Comment needs correcting",
        "status": 422,
        "detail": "Correct the fields that are named, then send your comment again.",
        "code": "invalid_submission",
        "errors": [
            {
                "field": "email",
                "code": "required",
                "message": "This field is required, but it is empty.",
            }
        ],
    }
    assert answer.headers["content-language"] == "en"
    assert answer.headers["cache-control"] == "no-store"
    assert "Accept" in answer.headers["vary"]
    assert "Accept-Language" in answer.headers["vary"]


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.engine("sqlite")
async def test_every_problem_s_type_is_a_page_that_explains_it(
    client: httpx2.AsyncClient, lang: str, subtests: pytest.Subtests
) -> None:
    for code in CODES:
        with subtests.test(code):
            answer = await client.get(f"/problems/{code}?lang={lang}")
            assert answer.status_code == 200
            assert answer.headers["content-language"] == lang
            page = read(answer.text)
            assert page.one("html")["lang"] == lang
            assert page.one("h1").raw.strip() == say(lang, f"problem.{code}.title")
            assert say(lang, f"problem.{code}.about") in page.raw
            assert code in page.text


async def test_a_code_that_no_problem_has_is_explained_nowhere(
    client: httpx2.AsyncClient,
) -> None:
    problem(await client.get("/problems/no_such_code"), 404, "not_found")


@pytest.mark.engine("sqlite")
async def test_a_problem_page_leads_to_its_explanation(client: httpx2.AsyncClient) -> None:
    page = read((await client.get("/v1/comments", headers=BROWSER)).text)
    answer = await client.get(page.one("a", href="/problems/bad_parameter")["href"])
    assert answer.status_code == 200


SPOKEN = (
    ("", "en", "Page not found"),
    ("", "fr;q=0.5, en;q=0.4", "Page introuvable"),
    ("", "de", "Page introuvable"),
    ("", "", "Page introuvable"),
    ("?lang=en", "fr", "Page not found"),
    ("?lang=fr&lang=en", "en", "Page not found"),
    ("?lang=%00", "en", "Page not found"),
    ("", ";;q=1,," * 500, "Page introuvable"),
)


async def test_a_problem_speaks_the_asker_s_language(
    client: httpx2.AsyncClient, subtests: pytest.Subtests
) -> None:
    for lang, accepted, title in SPOKEN:
        with subtests.test(lang=lang):
            answer = await client.get(f"/nowhere{lang}", headers={"Accept-Language": accepted})
            assert problem(answer, 404, "not_found")["title"] == title


ODD_HEADERS = (
    {"Authorization": "Bearer"},
    {"Authorization": "Basic YTpi"},
    {"Authorization": "Bearer " + "x" * 5000},
    {"Accept": "\xe9"},
    {"Accept-Encoding": ";q=;,;"},
    {"If-None-Match": '"\xe9'},
    {"Origin": "\xe9://x"},
    {"Origin": "http://[::"},
    {"X-Forwarded-For": "\xe9, 1.2.3.4.5, [::"},
    {"Forwarded": 'for="'},
    {"Host": "a/admin?x="},
    {"Host": ""},
    {"Content-Length": "x"},
    {"Content-Type": "\xe9; charset"},
    {"Idempotency-Key": "\xe9" * 300},
    {"Range": "bytes=" + "0-1," * 10_000},
)


async def test_no_header_makes_a_fault(
    client: httpx2.AsyncClient, subtests: pytest.Subtests
) -> None:
    for headers in ODD_HEADERS:
        with subtests.test(str(headers)[:40]):
            raw = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
            for method, path in (
                ("GET", "/v1/comments?article=/a"),
                ("POST", "/v1/comments"),
                ("OPTIONS", "/v1/comments"),
                ("GET", "/v1/moderation/comments"),
                ("GET", "/v1/form?article=/a"),
            ):
                answer = await client.request(method, path, headers=raw)
                assert answer.status_code < 500, answer.text
                assert "admin" not in answer.text


ODD_QUERIES = (
    "%",
    "%zz",
    "article",
    "&&&=",
    "article=%00",
    "article=%ED%A0%80",
    "lang=%ff",
    "article=/a&site=%00",
    "article=/a&site=%ff",
    "article=/a&limit=%F0%9D%9F%8F",
    "article=/a&limit=\u00b2",
    "article=/a&after=" + "A" * 3000,
    "article=/a&after=%00",
    "article[]=/a",
    "article=/a;limit=0",
)


async def test_no_query_makes_a_fault(
    client: httpx2.AsyncClient, subtests: pytest.Subtests
) -> None:
    for query in ODD_QUERIES:
        with subtests.test(query[:40]):
            for path in (
                "comments",
                "comments.html",
                "comments.atom",
                "counts",
                "form",
                "receipts/x",
            ):
                answer = await client.get(f"/v1/{path}?{query}")
                assert answer.status_code < 500, (path, answer.text)


# Faults of our own.


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What an operator reads."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonFormatter())
    faults = logging.getLogger("palabre.fault")
    faults.addHandler(handler)
    yield stream
    faults.removeHandler(handler)


@pytest.fixture
async def broken(service: Service, site: Site) -> AsyncIterator[None]:
    """A store that has lost a table behind the service's back."""
    await service.store.write(lambda tx: tx.run("alter table article rename to lost"))
    yield
    await service.store.write(lambda tx: tx.run("alter table lost rename to article"))


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_fault_of_ours_is_told_without_its_details_which_the_log_has(
    client: httpx2.AsyncClient, log: io.StringIO, method: str
) -> None:
    url = "/v1/comments?article=/a"
    answer = await client.request(method, url, json=makers.fields(comment="Mots secrets."))
    body = problem(answer, 500, "internal_error")
    assert body["request_id"] == answer.headers["x-request-id"]
    for secret in (
        "Traceback",
        "sql",
        "no such table",
        "does not exist",
        "article",
        "/work",
        ".py",
        "secrets",
    ):
        assert secret not in answer.text
    line = json.loads(log.getvalue().splitlines()[0])
    assert line["request_id"] == body["request_id"]
    assert "no such table" in line["exception"] or "does not exist" in line["exception"]
    assert "Mots secrets" not in log.getvalue()
    assert "helene@example.com" not in log.getvalue()


@pytest.mark.usefixtures("broken")
async def test_a_fault_of_ours_is_a_page_to_a_browser(
    client: httpx2.AsyncClient, log: io.StringIO
) -> None:
    answer = await client.get("/v1/form?article=/a&lang=en", headers=BROWSER)
    assert answer.status_code == 500
    page = read(answer.text)
    assert page.one("h1").text == "Service error"
    assert answer.headers["x-request-id"] in page.text
    assert answer.headers["cache-control"] == "no-store"
    assert json.loads(log.getvalue())["request_id"] == answer.headers["x-request-id"]


async def test_a_store_that_is_gone_is_told_so(
    client: httpx2.AsyncClient, service: Service
) -> None:
    await service.store.close()
    for path in ("/v1/comments?article=/a", "/v1/counts?article=/a", "/v1/receipts/x"):
        answer = await client.get(path)
        problem(answer, 503, "store_unavailable")
        assert answer.headers["retry-after"] in ("2", "5")
    problem(await post(client, makers.fields()), 503, "store_unavailable")
    page = await browse(client, makers.fields())
    assert page.status_code == 503
    assert page.headers["retry-after"] in ("2", "5")
    assert (await client.get("/nowhere")).status_code == 404


@pytest.mark.engine("sqlite")
async def test_a_store_that_cannot_be_written_is_told_so_and_can_still_be_read(
    client: httpx2.AsyncClient, service: Service, moderator: dict[str, str]
) -> None:
    await makers.approved(client, moderator)
    await sqlite_of(service)._writer.alone(lambda raw: raw.execute("pragma query_only = on"))
    answer = await post(client, makers.fields())
    problem(answer, 503, "store_unavailable")
    assert int(answer.headers["retry-after"]) > 0
    page = await browse(client, makers.fields(comment="À ne pas perdre."))
    assert page.status_code == 503
    assert read(page.text).one("textarea").raw.strip() == "À ne pas perdre."
    assert (await makers.listing(client))["article"]["count"] == 1


async def test_every_answer_can_be_told_apart_in_the_log(client: httpx2.AsyncClient) -> None:
    ids = [
        (await client.get(path)).headers["x-request-id"]
        for path in ("/healthz", "/nowhere", "/v1/comments", "/v1/comments?article=/a")
    ]
    assert len(set(ids)) == 4
    assert all(re.fullmatch("[0-9a-f]{16}", one) for one in ids)


async def test_no_answer_sets_a_cookie_or_is_sniffed_or_boasts(
    client: httpx2.AsyncClient,
) -> None:
    for path in (*PATHS, "/nowhere"):
        answer = await client.get(f"{path}?article=/a", headers=BROWSER)
        assert "set-cookie" not in answer.headers
        assert "server" not in answer.headers
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_parameter_given_twice_is_explained(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/form?article=/a&article=/a&lang=en")
    assert field_codes(answer, 400) == {"article": "invalid"}
    message = answer.json()["errors"][0]["message"]
    assert message == "This parameter is given twice: please keep only one."
