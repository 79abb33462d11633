"""Canonical addresses, origins and links: what is one, what is the same, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from naughty import NAUGHTY
from palabre.text.address import (
    ADDRESS_LIMIT,
    AddressError,
    canonical,
    link,
    origin,
    origin_of,
)

TRACKING = (
    *("utm_source", "UTM_Medium", "utm_", "utm%5Fid", "%75tm_x", "fbclid", "gclid", "dclid"),
    *("gbraid", "wbraid", "msclkid", "yclid", "mc_cid", "mc_eid", "igshid", "IGSHID", "replytocom"),
)
ORIGINS = (
    "https://blog.example",
    "http://localhost:8000",
    "https://xn--bcher-kva.example",
    "http://[2001:db8::1]:8080",
)


@pytest.mark.parametrize(
    ("raw", "address"),
    [
        # The contract's own example.
        ("https://blog.example/a/?utm_source=x#c", "/a"),
        ("/a", "/a"),
        # The origin.
        ("HTTPS://Blog.EXAMPLE:443/a", "/a"),
        ("https://blog.example:/a", "/a"),
        ("https://blog.example", "/"),
        ("https://blog.example?page=2", "/?page=2"),
        ("https://blog.example#top", "/"),
        ("http://localhost:8000/a", "/a"),
        ("http://localhost:08000/a", "/a"),
        ("https://bücher.example/a", "/a"),
        ("https://BÜCHER.example/a", "/a"),
        ("https://bu\u0308cher.example/a", "/a"),
        ("https://XN--BCHER-kva.example:443/a", "/a"),
        ("http://[2001:DB8:0:0::1]:8080/a", "/a"),
        # Percent-encoding (RFC 3986 6.2.2) and NFC.
        ("/%7euser/%41%2d%2E%5f", "/~user/A-._"),
        ("/a%2fb%3f%23", "/a%2Fb%3F%23"),
        ("/a%3ab:@!$&'()*+,;=", "/a%3Ab:@!$&'()*+,;="),
        ("/%27", "/%27"),
        ("/l'été", "/l'%C3%A9t%C3%A9"),
        ("/l'e\u0301te%cc%81", "/l'%C3%A9t%C3%A9"),
        ("/%e3%81%8b%E3%82%99", "/%E3%81%8C"),
        ("/été %22<>^`{|}[]", "/%C3%A9t%C3%A9%20%22%3C%3E%5E%60%7B%7C%7D%5B%5D"),
        ("/😀", "/%F0%9F%98%80"),
        # Octets that are no UTF-8 stay; their neighbours are not mixed up with them.
        ("/caf%e9", "/caf%E9"),
        ("/caf%e9%cc%81", "/caf%E9%CC%81"),
        ("/%c0%ae%C0%AE/a", "/%C0%AE%C0%AE/a"),
        ("/%ed%a0%80", "/%ED%A0%80"),
        # A mark after an escaped octet does not join its last digit (F with a dot is U+1E1E).
        ("/%2F%CC%87", "/%2F%CC%87"),
        ("/F%CC%87", "/%E1%B8%9E"),
        ("/<\u0338", "/%3C%CC%B8"),
        ("/%3C\u0338", "/%3C%CC%B8"),
        # NFC turns some characters into ASCII.
        ("/\u212a\u1fef", "/K%60"),
        # Controls that are escaped stay so, and are harmless.
        ("/a%00%0d%0A%5c", "/a%00%0D%0A%5C"),
        # Dot segments and slashes.
        ("/", "/"),
        ("/a/", "/a"),
        ("/a//", "/a"),
        ("/a//b", "/a//b"),
        ("/a/./b/../c", "/a/c"),
        ("/a/%2e%2E/b", "/b"),
        ("/a/..", "/"),
        ("/../../a", "/a"),
        ("/a/.../b", "/a/.../b"),
        ("/..//evil.example", "/evil.example"),
        ("/.//evil.example", "/evil.example"),
        ("/%2e//evil.example", "/evil.example"),
        ("/a/..//evil.example", "/evil.example"),
        ("https://blog.example//evil.example", "/evil.example"),
        # The query.
        ("/a?", "/a"),
        ("/a?&&", "/a"),
        ("/a?b=2&a=1&b=1", "/a?b=2&a=1&b=1"),
        ("/a/?b", "/a?b"),
        ("/a?b=", "/a?b="),
        ("/a?b?c/d", "/a?b?c/d"),
        ("/a?q=1+2%2b3%20%7e", "/a?q=1+2%2B3%20~"),
        ("/a?x[]=é|\\", "/a?x%5B%5D=%C3%A9%7C%5C"),
        ("/a?q=e%cc%81", "/a?q=e%CC%81"),
        ("/a?b=1#?c=2", "/a?b=1"),
    ],
)
def test_an_article_has_one_canonical_address(raw: str, address: str) -> None:
    assert canonical(raw, ORIGINS) == address


@pytest.mark.parametrize("name", TRACKING)
def test_tracking_parameters_are_dropped_and_their_neighbours_kept(name: str) -> None:
    assert canonical(f"/a?b=1&{name}=2&c=3&{name}", ORIGINS) == "/a?b=1&c=3"
    assert canonical(f"/a?{name}", ORIGINS) == "/a"
    assert canonical(f"/a?b={name}&x{name}=1", ORIGINS).count("&") == 1


@pytest.mark.parametrize("name", ["utm", "fbclids", "amp_utm_source", "ref", "p", "utm-x", "é"])
def test_other_parameters_are_not_taken_for_tracking(name: str) -> None:
    assert canonical(f"/a?{name}=1", ORIGINS) != "/a"


@pytest.mark.parametrize(
    "raw",
    [
        "//evil.example",
        "//blog.example/a",
        "///a",
        "/\\evil.example",
        "\\\\evil.example",
        "\\/evil.example",
        "/a\\b",
        "https://blog.example\\@evil.example/",
        "https://blog.example\\.evil.example/",
        "https:evil.example",
        "https:/blog.example/a",
        "https:///a",
        "https://",
        "https://evil.example/https://blog.example/",
        "https://evil.example/a",
        "https://blog.example.evil.example/",
        "https://evil.example#https://blog.example/",
        "https://blog.example@evil.example/",
        "https://jean@blog.example/",
        "https://jean:secret@blog.example/a",
        "https://@blog.example/a",
        "http://blog.example/a",
        "https://blog.example:444/a",
        "https://blog.example:0443000/a",
        "https://blog.example:+443/a",
        "https://blog.example./a",
        "https://blog.example%2eevil/a",
        "https://blog%2eexample/a",
        "https://blog.example /a",
        "http://[2001:db8::1%25eth0]:8080/a",
        "http://[2001:db8::1/a",
        "http://2001:db8::1:8080/a",
        "http://localhost:99999/",
        "https://" + "é" * 300 + ".example/",
        "https://blog.example" + "\u00ad" * 300 + "evil.example/a",
        "ftp://blog.example/a",
        "javascript:alert(1)",
        "data:text/html,a",
        "a/b",
        "?a=1",
        "#a",
        " /a",
        "",
    ],
)
def test_what_leads_elsewhere_is_not_allowed(raw: str) -> None:
    with pytest.raises(AddressError) as caught:
        canonical(raw, ORIGINS)
    assert caught.value.code == "not_allowed"


@pytest.mark.parametrize(
    "raw",
    [
        "/%",
        "/%4",
        "/%zz",
        "/a%2",
        "/%%41",
        "/%u0041",
        "/\uff05\uff14\uff11%",
        "/a?q=100%",
        "/a?%g1",
        "/a\x00",
        "/a\r\nLocation: /b",
        "/a\tb",
        "/\x7f",
        "/\x85",
        "/\ud800",
        "https://blog.example\n/a",
        "\x01https://blog.example/a",
        "/a#\x00",
    ],
)
def test_what_is_broken_is_invalid(raw: str) -> None:
    with pytest.raises(AddressError) as caught:
        canonical(raw, ORIGINS)
    assert caught.value.code == "invalid"


def test_an_address_may_have_two_thousand_characters_and_no_more() -> None:
    whole = "/" + "a" * (ADDRESS_LIMIT - 1)
    assert canonical(whole[:-1], ORIGINS) == whole[:-1]
    assert canonical(whole, ORIGINS) == whole
    for raw in (whole + "a", "/" + "%41" * 700, "https://blog.example" + whole):
        with pytest.raises(AddressError) as caught:
            canonical(raw, ORIGINS)
        assert caught.value.code == "too_long"


def test_a_canonical_address_is_within_the_limit_as_well() -> None:
    fitting = "/" + "😀" * 166
    assert len(canonical(fitting, ORIGINS)) == 1 + 166 * 12
    with pytest.raises(AddressError) as caught:
        canonical(fitting + "😀", ORIGINS)
    assert caught.value.code == "too_long"


def test_without_origins_only_paths_are_addresses() -> None:
    assert canonical("/a", ()) == "/a"
    with pytest.raises(AddressError):
        canonical("https://blog.example/a", ())
    with pytest.raises(AddressError):
        canonical("https:///a", ())


def _accepted(function: Callable[..., str], *arguments: object) -> str | None:
    with suppress(AddressError):
        return function(*arguments)
    return None


PIECES = st.sampled_from(
    [
        *"/./..//?&=#%aF\\",
        *("%2e", "%2F", "%41", "%C3%A9", "%c3", "%a9", "%CC%81", "%CC%87", "%7E", "%00", "%ED%A0"),
        *("é", "e\u0301", "\u0338", "<", "\u212a", "\u1fef", "\u0344", "か\u3099", "\u0f77", "😀"),
        *("utm_a=1", "fbclid", "https://blog.example", "HTTP://LocalHost:8000", "//", "evil.fr"),
    ]
)
RAW = (
    st.lists(PIECES, max_size=14).map(lambda pieces: "/" + "".join(pieces))
    | st.lists(PIECES, max_size=14).map("".join)
    | st.text(max_size=40).map(lambda text: "/" + text)
    | st.sampled_from(NAUGHTY).map(lambda text: "/" + text)
)


@given(RAW)
@example("/.//" + "/" * 9)
@example("/%2F%CC%87/%3C%CC%B8")
@settings(max_examples=400, deadline=None)
def test_a_canonical_address_is_its_own_and_safe_to_follow(raw: str) -> None:
    address = _accepted(canonical, raw, ORIGINS)
    assume(address is not None)
    assert address
    assert canonical(address, ORIGINS) == address
    assert canonical("https://blog.example" + address, ORIGINS) == address
    assert canonical(address + "#c", ()) == address
    assert address.startswith("/")
    assert not address.startswith("//")
    assert address.isascii()
    assert address.isprintable()
    assert not set(' "<>\\^`{|}[]#') & set(address)
    assert origin_of("https://blog.example" + address) == "https://blog.example"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://Blog.Example/", "https://blog.example"),
        ("https://blog.example", "https://blog.example"),
        ("HTTP://blog.example:80", "http://blog.example"),
        ("https://blog.example:80", "https://blog.example:80"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("https://my_blog.example", "https://my_blog.example"),
        ("https://école.example/", "https://xn--cole-9oa.example"),
        ("https://straße.example", "https://xn--strae-oqa.example"),
        ("https://ｂｌｏｇ。example", "https://blog.example"),
        ("http://192.0.2.7:8080", "http://192.0.2.7:8080"),
        ("http://[::1]", "http://[::1]"),
        ("http://[2001:DB8:0:0::1]:80/", "http://[2001:db8::1]"),
        ("http://[::ffff:127.0.0.1]:81", "http://[::ffff:7f00:1]:81"),
    ],
)
def test_an_origin_has_one_form(url: str, expected: str) -> None:
    assert origin(url) == expected
    assert origin(f"  {url}\n") == expected
    assert origin(expected) == expected
    assert origin_of(url) == expected
    assert origin_of(expected + "/a?b#c@d") == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "null",
        "blog.example",
        "//blog.example",
        "/a",
        "https:",
        "https://",
        "https:///a",
        "https://:80",
        "https://?a",
        "https:blog.example",
        "ftp://blog.example",
        "file:///etc/passwd",
        "https://jean@blog.example",
        "https://jean:secret@blog.example",
        "https://blog.example:0",
        "https://blog.example:65536",
        "https://blog.example:-1",
        "https://blog.example:٨٠",
        "https://blog..example",
        "https://.example",
        "https://blog.example,evil.example",
        "https://*.example",
        "https://blog%2eexample",
        "https://a b.example",
        "https://a\u200db.example",
        "https://xn--é.example",
        "https://\ud800.example",
        "https://blog.example\\",
        "https://" + "a" * 64 + ".example",
        "https://" + "a." * 130 + "example",
        "http://[::1",
        "http://::1",
        "http://[::1]x",
        "http://[1.2.3.4]",
        "http://[::1%25eth0]",
        "http://[v1.a]",
        "https://blog.example/\r\nX: y",
    ],
)
def test_what_has_no_origin_is_refused(url: str) -> None:
    assert origin_of(url) is None
    for refused in (origin, link):
        with pytest.raises(AddressError) as caught:
            refused(url)
        assert caught.value.code == "invalid"


@pytest.mark.parametrize("rest", ["/a", "//", "/?", "?", "?a", "#", "/#a", "/ "])
def test_a_site_is_a_whole_origin_and_no_more(rest: str) -> None:
    assert origin_of("https://blog.example" + rest) == "https://blog.example"
    with pytest.raises(AddressError):
        origin("https://blog.example" + rest + "a")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("HTTPS://Exemple.FR:443", "https://exemple.fr"),
        ("http://exemple.fr/", "http://exemple.fr/"),
        ("http://école.fr/Été?q=100%#Bas", "http://xn--cole-9oa.fr/Été?q=100%#Bas"),
        ("https://exemple.fr:8443/a'b(c)", "https://exemple.fr:8443/a'b(c)"),
        ("https://exemple.fr/日本\u200f", "https://exemple.fr/日本\u200f"),
    ],
)
def test_a_link_keeps_what_follows_its_origin(typed: str, shown: str) -> None:
    assert link(typed) == shown
    assert link(shown) == shown


@pytest.mark.parametrize(
    "mark", [*' "<>\\\t\n\x00\x7f\x9f', "\u00a0", "\u2028", "\u202e", "\u2066"]
)
def test_a_link_holds_nothing_that_hides_where_it_leads(mark: str) -> None:
    for url in (
        f"https://exemple.fr/a{mark}b",
        f"https://exemple.fr?{mark}",
        f"{mark}https://a.fr",
    ):
        with pytest.raises(AddressError):
            link(url)


@given(st.sampled_from(NAUGHTY) | st.text(max_size=30))
@settings(max_examples=200, deadline=None)
def test_no_text_makes_an_address_fail_otherwise(text: str) -> None:
    for raw in (text, "https://" + text, "https://blog.example" + text, "http://[" + text + "]/"):
        assert origin_of(raw) is None or origin(origin_of(raw) or "") == origin_of(raw)
        shown = _accepted(link, raw)
        assert shown is None or link(shown) == shown


def test_a_scheme_that_only_folds_to_https_is_none_of_ours() -> None:
    assert origin_of("http\u017f://blog.example/") is None
    with pytest.raises(AddressError):
        link("http\u017f://blog.example/")
