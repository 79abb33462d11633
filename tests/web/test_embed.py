"""`/embed.js` as it is served: its weight, its headers, its sentences."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import brotli
import httpx2
import pytest

from conftest import PUBLIC_URL
from palabre import locale
from palabre.web import embed

MOST = 6 * 1024
"""Bytes that a reader may have to fetch, style and every language included."""


async def body_of(client: httpx2.AsyncClient, coding: str) -> bytes:
    """The bytes on the wire."""
    async with client.stream("GET", "/embed.js", headers={"Accept-Encoding": coding}) as answer:
        assert answer.status_code == 200
        assert answer.headers.get("content-encoding", "identity") == coding
        return b"".join([part async for part in answer.aiter_raw()])


async def source(client: httpx2.AsyncClient) -> str:
    return (await body_of(client, "identity")).decode()


SAID = re.compile(r'WORDS\["([a-z_.]+)"\]')
"""Where the source says a sentence, by its code."""


def said() -> dict[str, list[str | list[str]]]:
    """Every code that the source says, with its forms in every language."""
    return {
        code: [locale.sentence(language, code) for language in locale.LANGUAGES]
        for code in SAID.findall(embed.SOURCE.read_text("utf-8"))
    }


def compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


async def test_it_weighs_six_kilobytes_at_most(client: httpx2.AsyncClient) -> None:
    script = await body_of(client, "identity")
    assert len(gzip.compress(script, 9, mtime=0)) <= MOST
    zipped = await body_of(client, "gzip")
    assert len(zipped) <= MOST
    assert gzip.decompress(zipped) == script
    smaller = await body_of(client, "br")
    assert len(smaller) < len(zipped)
    assert brotli.decompress(smaller) == script


async def test_any_page_may_use_it_and_keep_it_for_an_hour(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/embed.js", headers={"Origin": "https://elsewhere.example"})
    headers = {
        "content-type": "text/javascript; charset=utf-8",
        "cache-control": "public, max-age=3600",
        "x-content-type-options": "nosniff",
        "access-control-allow-origin": "*",
        "vary": "Accept-Encoding",
    }
    assert {name: answer.headers[name] for name in headers} == headers
    assert "set-cookie" not in answer.headers
    head = await client.head("/embed.js")
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize("coding", ["identity", "gzip", "br"])
async def test_whoever_has_it_is_not_sent_it_again(client: httpx2.AsyncClient, coding: str) -> None:
    asks = {"Accept-Encoding": coding}
    etag = (await client.get("/embed.js", headers=asks)).headers["etag"]
    assert etag.startswith('"')
    again = await client.get("/embed.js", headers={**asks, "If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == etag


async def test_it_has_the_sentences_it_says_in_every_language(client: httpx2.AsyncClient) -> None:
    script = await source(client)
    assert len(said()) > 20
    for code, forms in said().items():
        assert compact(forms) in script, code
    assert "WORDS" not in script
    assert locale.say("fr", "form.required_note") in script
    assert locale.say("en", "receipt.state.rejected") in script
    assert 'let TAGS=["fr","en-GB"];' in script


async def test_every_place_in_its_sentences_is_one_it_fills_in() -> None:
    places = {
        place
        for forms in said().values()
        for form in forms
        for text in ([form] if isinstance(form, str) else form)
        for place in re.findall(r"{(\w+)}", text)
    }
    assert places == {"n", "name", "names"}


async def test_it_asks_nobody_else_and_keeps_to_a_strict_policy(
    client: httpx2.AsyncClient,
) -> None:
    script = await source(client)
    assert not re.search(r"https?://\w|url\(|@import", script)
    assert not re.search(r"\beval\b|new Function|document\.cookie|setAttribute\(\"style", script)
    assert script.count("innerHTML") == 1
    assert "outerHTML" not in script
    assert "insertAdjacentHTML" not in script


async def test_the_source_is_what_is_served_but_for_comments_spaces_and_what_ends_nothing(
    client: httpx2.AsyncClient,
) -> None:
    written = embed.SOURCE.read_text("utf-8").splitlines()
    code = [line for line in written if not line.strip().startswith("//")]
    kept = "".join(line.partition(" // ")[0] for line in code)
    served = await source(client)
    for sentences in (compact(forms) for forms in said().values()):
        served = served.replace(sentences, "S")
    expected = SAID.sub("S", kept).replace("TAGS = []", 'TAGS = ["fr","en-GB"]')
    ends_nothing = r"\s|[,;](?=\s*[)\]}])"
    expected = re.sub(r"\bconst\b", "let", expected)
    assert re.sub(ends_nothing, "", served) == re.sub(ends_nothing, "", expected)


def test_no_space_that_means_something_is_lost() -> None:
    """What is in quotes is kept; in a pattern or a template, none may stand beside punctuation."""
    code = re.sub(r'"[^"\n]*"|^\s*//.*', "", embed.SOURCE.read_text("utf-8"), flags=re.MULTILINE)
    patterns = re.findall(r"(?<=[(= ])/(?![/ ])(?:\\.|[^/\n])+/", code)
    templates = [one for one in re.findall(r"`[^`]*`", code) if "\n" not in one]
    assert len(patterns) > 5
    assert len(templates) > 1
    for one in patterns + [re.sub(r"\$\{.*?\}", "}", template) for template in templates]:
        assert not re.search(r"[,;:{(=?&|+<>] | [({}=?&|+<>!:]|[)}] [a-z]|,\s*[)}]", one), one


def test_no_line_end_that_means_something_is_lost() -> None:
    """Behind a bracket, where the next line could go on with the expression that it closes."""
    code = re.sub(r"^\s*//.*\n| // .*$", "", embed.SOURCE.read_text("utf-8"), flags=re.MULTILINE)
    script = re.sub(r"`[^`]*`", "``", code)
    assert re.findall(r"[)\]`]\n *[\w\"]", script) == []
    # A brace that ends an expression has its semicolon; only those of blocks have none.
    begins = re.compile(r"^( *)(?:const|let|return) .*\{\n(?:\1 .*\n|\n)*\1(\}.*)$", re.M)
    ends = [found[2] for at in range(len(script)) if (found := begins.match(script, at))]
    assert len(ends) > 20
    assert [end for end in ends if not end.endswith(";")] == []
    # An empty part of a loop's head would lose its semicolon.
    assert re.findall(r"\bfor \([^)]*;", script) == []


@pytest.mark.parametrize(
    "means", [r"'", r"\\\"", r"\b(?:and|or|not) \(", r"\bcalc\(", r"[-+] [-+]", r"`[^`\n]* // "]
)
def test_nothing_is_written_of_which_leaving_out_spaces_would_make_something_else(
    means: str,
) -> None:
    """What neither the ways of leaving out nor the tests of them were made for."""
    code = re.sub(r"^\s*//.*", "", embed.SOURCE.read_text("utf-8"), flags=re.MULTILINE)
    assert re.findall(means, code) == []


async def test_the_readme_names_every_part_and_property_that_a_page_may_style() -> None:
    written = embed.SOURCE.read_text("utf-8")
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    (told,) = re.findall(r"^- \*\*Colours\*\*.*?(?=^$)", readme, re.DOTALL | re.MULTILINE)
    parts = set(re.findall(r'\bpart: "(\w+)"', written)) - {"away"}
    assert len(parts) > 20
    assert {part for part in parts if not re.search(rf"`(?:::part\()?{part}\)?`", told)} == set()
    properties = set(re.findall(r"var\(--palabre(-[a-z-]+)", written))
    assert {name for name in properties if f"{name}`" not in told} == set()
    assert set(re.findall(r"\[part=(\w+)\]", written)) <= parts | {"away"}


async def test_a_script_of_any_page_may_read_a_receipt_as_json(
    client: httpx2.AsyncClient,
) -> None:
    for token in ("unknown", "x" * 43):
        answer = await client.get(
            f"{PUBLIC_URL}/v1/receipts/{token}", headers={"Origin": "https://blog.example"}
        )
        assert answer.status_code == 404
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
