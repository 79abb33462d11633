"""deploy/nginx.conf and deploy/Caddyfile in front of a real service, asked by real visitors."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

import makers
from palabre.web.body import BODY_BYTES
from proxying import Caddy, Nginx, Proxy, visitor
from running import Running

pytestmark = pytest.mark.whole
VISITOR = "127.1.2.3"
TYPED = "zephyrine@example.com"
NEVER_LOGGED = (VISITOR, "zephyrine", "marked-query", "marked-agent", "marked-referrer")


@pytest.fixture(scope="module", params=[Nginx, Caddy], ids=["nginx", "caddy"])
def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Running, Proxy]]:
    """A service that takes one comment a visitor and day, and a proxy before it."""
    folder = tmp_path_factory.mktemp("proxied")
    options = {"submission_limit": "1/day", "trusted_proxies": "127.0.0.1/32"}
    with Running(folder, public_url="https://comments.example.com", **options) as service:
        make: type[Proxy] = request.param
        proxy = make(folder / "proxy", f"127.0.0.1:{service.port}")
        service.add_site()
        service.start()
        with proxy:
            yield service, proxy


@pytest.fixture
def proxy(pair: tuple[Running, Proxy]) -> Proxy:
    return pair[1]


def post(client: httpx2.Client, **headers: str) -> httpx2.Response:
    return client.post("/v1/comments", json=makers.fields(), headers=headers)


def test_the_address_that_the_proxy_saw_is_believed_and_the_visitor_s_word_is_not(
    proxy: Proxy,
) -> None:
    with visitor(proxy, "127.0.1.1") as client:
        assert post(client).status_code == 201
        assert post(client).status_code == 429
        for forged in ({"X-Forwarded-For": "203.0.113.9"}, {"Forwarded": "for=203.0.113.9"}):
            assert post(client, **forged).status_code == 429
    with visitor(proxy, "127.0.1.2") as client:
        assert post(client, **{"X-Forwarded-For": "127.0.1.1"}).status_code == 201


def test_a_body_of_the_limit_passes_and_one_byte_more_is_the_service_s_to_refuse(
    proxy: Proxy,
) -> None:
    fields = httpx2.QueryParams({**makers.fields(), "padding": ""})
    body = str(fields).encode().ljust(BODY_BYTES, b"x")
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    with visitor(proxy, "127.0.2.1") as client:
        assert client.post("/v1/comments", content=body, headers=headers).status_code == 201
        refused = client.post("/v1/comments", content=body + b"x", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (413, "body_too_large")


def test_a_body_that_says_it_is_much_over_the_limit_never_reaches_the_service(
    pair: tuple[Running, Proxy],
) -> None:
    service, proxy = pair
    before = service.log.read_bytes()
    with visitor(proxy) as client:
        answer = client.post("/v1/comments", content=bytes(BODY_BYTES * 2))
        assert answer.status_code == 413
        assert b"/v1/comments" not in service.log.read_bytes()[len(before) :]


def test_a_body_much_over_the_limit_that_does_not_say_so_is_not_taken(proxy: Proxy) -> None:
    chunks = (b"x" * 1024 for _ in range(2 * BODY_BYTES // 1024))
    with visitor(proxy) as client:
        # Caddy tells of the connection that it cut as 502, unless the service was quicker.
        assert client.post("/v1/comments", content=chunks).status_code in (413, 502)


@pytest.mark.parametrize("path", ["/metrics", "/readyz", "/%6detrics", "/%72eadyz", "//metrics"])
def test_what_is_for_operators_is_not_there_for_visitors(proxy: Proxy, path: str) -> None:
    with visitor(proxy) as client:
        assert client.get(f"{proxy.url}{path}").status_code == 404
        assert client.get("/healthz").status_code == 200


def test_counts_of_a_hundred_articles_fit_into_a_url(proxy: Proxy) -> None:
    articles = [f"/{number:03}/{'a' * 200}" for number in range(100)]
    with visitor(proxy) as client:
        answer = client.get("/v1/counts", params={"article": articles})
    assert answer.status_code == 200
    assert len(answer.json()["counts"]) == 100


def test_codings_entity_tags_and_cache_control_are_the_service_s(
    pair: tuple[Running, Proxy],
) -> None:
    service, proxy = pair
    with visitor(proxy) as client, httpx2.Client(base_url=service.url, verify=False) as direct:
        for coding in ("identity", "gzip", "br"):
            asked = {"Accept-Encoding": coding}
            answers = [
                one.get("/v1/comments?article=/a", headers=asked) for one in (client, direct)
            ]
            names = ("etag", "cache-control", "vary", "content-encoding", "content-type")
            through, by_itself = ({name: a.headers.get(name) for name in names} for a in answers)
            assert through == by_itself
            assert not str(through["etag"]).startswith("W/")


def test_no_log_line_has_an_address_a_query_or_a_token(pair: tuple[Running, Proxy]) -> None:
    service, proxy = pair
    noise = {"User-Agent": "marked-agent", "Referer": "https://blog.example/?marked-referrer"}
    with visitor(proxy, VISITOR) as client:
        stored = client.post("/v1/comments", data=makers.fields(email=TYPED), headers=noise)
        token = stored.json()["receipt"]["token"]
        for path in (
            f"/v1/receipts/{token}",
            f"//v1//receipts/{token}",
            f"/v1%2Freceipts%2F{token}",
            f"/%76%31/receipts/{token}?marked-query",
            "/v1/comments?article=/a&marked-query=1&email=zephyrine",
            "/zephyrine%40example.com",
            f"/{TYPED}",
            "/metrics?marked-query",
        ):
            client.get(f"{proxy.url}{path}", headers=noise)
        service.stop()
        try:
            # What a proxy says of a service that is not there.
            assert client.get(f"/v1/receipts/{token}?marked-query").status_code == 502
        finally:
            service.start()
        assert client.get("/healthz").status_code == 200
    logged = proxy.logged()
    assert "/v1/receipts" in logged
    assert "502" in logged
    everything = logged + service.log.read_text("utf-8")
    assert [secret for secret in (token, *NEVER_LOGGED) if secret in everything] == []
