"""Domains: those of links and addresses, what they are part of, and how moderators type them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from palabre.text.domains import DOMAINS_MOST, NAMED_MOST, lineage, linked, named, of_mail, typed
from palabre.text.rules import Refused


@pytest.mark.parametrize(
    ("domain", "found"),
    [
        ("example.com", ("example.com",)),
        ("a.example.com", ("a.example.com", "example.com")),
        ("a.b.example.co.uk", ("a.b.example.co.uk", "b.example.co.uk", "example.co.uk", "co.uk")),
        (
            "1.2.3.4.5.6.example.com",
            (
                "1.2.3.4.5.6.example.com",
                "4.5.6.example.com",
                "5.6.example.com",
                "6.example.com",
                "example.com",
            ),
        ),
        ("192.0.2.1", ("192.0.2.1",)),
        ("[2001:db8::1]", ("[2001:db8::1]",)),
        ("localhost", ("localhost",)),
    ],
)
def test_a_domain_is_part_of_those_with_a_dot(domain: str, found: tuple[str, ...]) -> None:
    assert lineage(domain) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Merci pour cet article.", ()),
        ("Voir https://Example.com/a?b=c et http://example.com:8080/.", ("example.com",)),
        ("[ici](https://a.example) ou (http://b.example)", ("a.example", "b.example")),
        ("<https://a.example/x> et https://é.example.", ("a.example", "xn--9ca.example")),
        # However the page's own marks let an address be written.
        ("[ici](https&colon;//a.example)", ("a.example",)),
        (r"[ici](https:/\/a\.example)", ("a.example",)),
        ("[ici](<&#104;ttps://a.example>)", ("a.example",)),
        ("https://user@evil.example/ https://[::1", ("evil.example",)),
        (
            "http://good.example@evil.example:80/ http://a:b@c.example",
            ("evil.example", "c.example"),
        ),
        ("mairie.example.fr, contact@mairie.example.fr", ()),
        ("http://a.example./", ("a.example",)),
    ],
)
def test_a_texts_links_lead_to_domains(text: str, found: tuple[str, ...]) -> None:
    assert linked(text, None) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Merci pour cet article. Et aussi...", ()),
        ("Allez sur casino-x.com, vite", ("casino-x.com",)),
        ("Allez sur Casino-X.com.", ("casino-x.com",)),
        ("www.casino-x.com/x?y=1", ("www.casino-x.com",)),
        ("(casino-x.com) **casino-x.com** _casino-x.com_ casino-x.com:80", ("casino-x.com",)),
        ("Voir...casino-x.com… //casino-x.com/ [ici](casino-x.com)", ("casino-x.com",)),
        (r"casino-x\.com casino-y&#46;com", ("casino-x.com", "casino-y.com")),
        ("casino\u200b-x.com, casino-y。com", ("casino-x.com", "casino-y.com")),
        ("élan.example xn--lan-9la.xn--p1ai", ("xn--lan-9la.example", "xn--lan-9la.xn--p1ai")),
        # A link is one already, whatever stands in it.
        ("https://a.example/b.example?c.example", ()),
        ("[b.example](https://a.example/c.html)", ("b.example",)),
        ("jean.dupont@mairie.example, jean@mairie.example.fr", ()),
        ("3.14 1.2.3.4 version 2.0.1 a.b 12.5kg etc...", ()),
        ("casino-x.com2 casino-x.c casino-x. com casino-x", ()),
        ("_casino-x.com_", ("casino-x.com",)),
        ("x" * 250 + ".com", ()),
    ],
)
def test_a_domain_may_stand_in_a_text_without_a_link(text: str, found: tuple[str, ...]) -> None:
    assert named(text) == found


def test_no_more_names_than_one_would_list_are_looked_at() -> None:
    assert len(named(" ".join(f"{n}.example" for n in range(500)))) == NAMED_MOST


@pytest.mark.parametrize("piece", ["a.", "a-", "a.b.", "a@", ".", "-", "a.bc-", "&#46;", "\\."])
def test_looking_for_names_takes_linear_time(piece: str) -> None:
    started = time.process_time()
    named(piece * (20_000 // len(piece)))
    assert time.process_time() - started < 1


def test_the_website_is_a_link_as_well() -> None:
    assert linked("https://b.example", "https://a.example/moi") == ("a.example", "b.example")


def test_no_more_domains_than_one_would_name_are_looked_at() -> None:
    text = " ".join(f"https://{n}.example" for n in range(500))
    assert len(linked(text, None)) == DOMAINS_MOST
    again = " ".join(f"https://a.example?{n}" for n in range(150)) + " https://b.example"
    assert linked(again, None) == ("a.example", "b.example")


@settings(max_examples=200, deadline=None)
@given(st.text("](<>htps:/\\&;#.aé \n", max_size=200))
def test_whatever_is_typed_has_domains_without_a_port(text: str) -> None:
    for domain in (*linked(text, None), *named(text)):
        assert "/" not in domain
        assert not domain.endswith(".")


@pytest.mark.parametrize(
    ("raw", "domain"),
    [
        ("example.com", "example.com"),
        ("Example.COM.", "example.com"),
        ("https://a.example.com/page", "a.example.com"),
        ("élan.example", "xn--lan-9la.example"),
    ],
)
def test_a_domain_is_typed_as_it_is_or_within_a_url(raw: str, domain: str) -> None:
    assert typed(raw) == domain


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("zoe@example.com", "not_allowed"),
        ("@example.com", "not_allowed"),
        ("com", "invalid"),
        ("*.example.com", "invalid"),
        ("exa mple.com", "invalid"),
        ("ftp://example.com", "invalid"),
        ("", "invalid"),
        ("a" * 64 + ".example", "invalid"),
    ],
)
def test_what_is_no_domain_is_refused(raw: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        typed(raw)
    assert refused.value.code == code


def test_an_addresses_domain_is_what_follows_the_last_at_sign() -> None:
    assert of_mail('"a@b"@example.com') == "example.com"
