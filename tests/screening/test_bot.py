"""The rule about requests that no browser makes, and what is read out of a request's headers."""

from __future__ import annotations

import dataclasses

import pytest

from palabre.model import Manner, Signal, State
from palabre.screening import MINDS, screen, sentence
from palabre.screening.bot import bot
from palabre.web import manner
from screening.readers import HONEST, ORDINARY, sent

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Mobile Safari/537.36"
)
FETCH = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "sec-fetch-site": "cross-site"}
LYNX = "Lynx/2.9.2 libwww-FM/2.14 SSL-MM/1.4.1 OpenSSL/3.4.0"

# Of each: its headers, and whether it asks for a page.
READERS: dict[str, tuple[dict[str, str], bool]] = {
    "Firefox": ({"user-agent": FIREFOX, "accept-language": "fr,en;q=0.5", **FETCH}, True),
    "Chrome on a phone": ({"user-agent": CHROME, "accept-language": "fr-FR", **FETCH}, True),
    "Tor Browser": ({"user-agent": FIREFOX, "accept-language": "en-US,en;q=0.5", **FETCH}, True),
    "Safari over http, which says nothing of fetching": (
        {"user-agent": "Mozilla/5.0 (Macintosh) Version/26.1 Safari/605.1.15"}
        | {"accept-language": "fr-FR,fr;q=0.9"},
        True,
    ),
    "the form in a frame of the site": (
        {"user-agent": FIREFOX, "accept-language": "fr", **FETCH, "sec-fetch-dest": "iframe"},
        True,
    ),
    "lynx": ({"user-agent": LYNX, "accept-language": "fr"}, True),
    "w3m": ({"user-agent": "w3m/0.5.3+git20230121", "accept-language": "fr;q=1.0"}, True),
    "the element, which asks for JSON": (
        {"user-agent": FIREFOX, "accept-language": "fr"}
        | {"sec-fetch-mode": "cors", "sec-fetch-dest": "empty"},
        False,
    ),
    "a program that sends a reader's own language on": (
        {"user-agent": "python-requests/2.32.5", "accept-language": "fr"},
        False,
    ),
}
REMARKED: dict[str, tuple[dict[str, str], bool]] = {
    "a site's own program": ({"user-agent": "GuzzleHttp/7"}, False),
    "a program without a name": ({}, False),
    "a small browser whose user set no language": ({"user-agent": "Dillo/3.2.0"}, True),
    "a browser whose extension hides its name": ({"accept-language": "fr", **FETCH}, True),
    "a page's own script that asks for the page": (
        {"user-agent": FIREFOX, "accept-language": "fr"}
        | {"sec-fetch-mode": "cors", "sec-fetch-dest": "empty"},
        True,
    ),
    "a reader whose app shows pages by itself": (
        {"user-agent": "okhttp/5.3.2", "accept-language": "fr"},
        True,
    ),
}
PROGRAMS: dict[str, tuple[dict[str, str], float]] = {
    "a script": ({"user-agent": "python-requests/2.32.5"}, 0.5),
    "a script without a name": ({}, 0.5),
    "a program that copied some headers": (
        {"user-agent": "Go-http-client/2.0", "sec-fetch-mode": "cors"},
        0.7,
    ),
    "a driven browser without a language": (
        {"user-agent": CHROME.replace("Chrome/", "HeadlessChrome/"), **FETCH},
        0.5,
    ),
    "all at once": ({"user-agent": " ", "sec-fetch-dest": "empty"}, 0.7),
}


def made(headers: dict[str, str], as_page: bool) -> Signal | None:
    found = manner.of(headers, as_page=as_page)
    return bot(sent("Merci."), dataclasses.replace(ORDINARY, manner=found))


@pytest.mark.parametrize("request_", READERS.values(), ids=READERS)
def test_a_reader_s_request_passes(request_: tuple[dict[str, str], bool]) -> None:
    assert made(*request_) is None


@pytest.mark.parametrize("request_", REMARKED.values(), ids=REMARKED)
def test_what_honest_requests_lack_now_and_then_is_only_remarked_on(
    request_: tuple[dict[str, str], bool],
) -> None:
    signal = made(*request_)
    assert signal is not None
    assert 0 < signal.score < MINDS
    found = dataclasses.replace(ORDINARY, manner=manner.of(request_[0], as_page=request_[1]))
    for text in HONEST.values():
        verdict = screen(text, found)
        assert (verdict.state, verdict.signals) == (State.APPROVED, (signal,))


@pytest.mark.parametrize(("headers", "score"), PROGRAMS.values(), ids=PROGRAMS)
def test_a_program_that_passes_for_a_browser_is_minded(
    headers: dict[str, str], score: float
) -> None:
    signal = made(headers, True)
    assert signal is not None
    assert signal.score == score >= MINDS


@pytest.mark.parametrize(
    ("found", "language", "expected"),
    [
        (
            Manner(no_language=True, program="curl"),
            "fr",
            (
                "La requête ne ressemble pas à celle d’un navigateur\u00a0: "
                "sans langue (Accept-Language), envoyée par curl."
            ),
        ),
        (
            Manner(no_agent=True, no_navigation=True),
            "en",
            (
                "The request does not look like a browser’s: "
                "no name (User-Agent), not from a page (Sec-Fetch)."
            ),
        ),
        (
            Manner(as_page=False, no_language=True, no_agent=True),
            "en",
            "The request does not look like a browser’s: no language (Accept-Language).",
        ),
    ],
)
def test_a_moderator_reads_what_was_found(found: Manner, language: str, expected: str) -> None:
    signal = bot(sent("Merci."), dataclasses.replace(ORDINARY, manner=found))
    assert signal is not None
    assert sentence(signal, language) == expected


@pytest.mark.parametrize("agent", ["curl/8.16.0", "python-requests/2.32.5 <script>", "Java/21.0.9"])
def test_of_a_header_only_a_known_name_is_told(agent: str) -> None:
    found = manner.of({"user-agent": agent}, as_page=True)
    assert found.program in ("curl", "python-requests", "Java")


@pytest.mark.parametrize("name", ["user-agent", "accept-language", "sec-fetch-mode"])
def test_no_header_is_too_long_to_be_looked_at(name: str) -> None:
    assert manner.of({name: "Java" * 100_000}, as_page=True).program == ""
