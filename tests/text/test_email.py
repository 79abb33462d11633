"""E-mail identities: which addresses are one person's, which are none, and what is said of those.

The table of refusals follows the kinds of case that email-validator and pyIsEmail test.
"""

from __future__ import annotations

import subprocess
import sys
import traceback
import unicodedata
from contextlib import suppress

import pytest
from email_validator import SPECIAL_USE_DOMAIN_NAMES
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from naughty import NAUGHTY
from palabre.text.email import EMAIL_LIMIT, EmailError, _ordinary, _validated, identity

LABEL = "a" * 63


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("jean@example.com", "jean@example.com"),
        ("Jean.Dupont@Example.COM", "jean.dupont@example.com"),
        (" \t\r\njean@example.com\u00a0\u2003\n", "jean@example.com"),
        ("Info@example.com", "info@example.com"),
        ("j+palabre@example.com", "j+palabre@example.com"),
        ("j.e.a.n@gmail.com", "j.e.a.n@gmail.com"),
        ("!#$%&'*+-/=?^_`.{|}~@example.com", "!#$%&'*+-/=?^_`.{|}~@example.com"),
        ("client/service=vente@example.com", "client/service=vente@example.com"),
        ("1@1a.example.com", "1@1a.example.com"),
        ("_@example.museum", "_@example.museum"),
        ("xn--test@example.com", "xn--test@example.com"),
        ("a@b.c.d.e.f.example", "a@b.c.d.e.f.example"),
        # A local part over 64 characters is in use, whatever RFC 5321 says.
        ("x" * 80 + "@example.com", "x" * 80 + "@example.com"),
        # The domain's forms.
        ("jean@école.fr", "jean@xn--cole-9oa.fr"),
        ("jean@ÉCOLE.FR", "jean@xn--cole-9oa.fr"),
        ("jean@e\u0301cole.fr", "jean@xn--cole-9oa.fr"),
        ("jean@XN--cole-9OA.fr", "jean@xn--cole-9oa.fr"),
        ("jean@faß.de", "jean@xn--fa-hia.de"),
        ("jeff@臺網中心。tw", "jeff@xn--fiqq24b10vi0d.tw"),
        ("jean@ｅｘａｍｐｌｅ．com", "jean@example.com"),
        ("राम@मोहन.ईन्फो", "राम@xn--l2bl7a9d.xn--o1b8dj2ki"),
        ("юзер@екзампл.ком", "юзер@xn--80ajglhfv.xn--j1aef"),
        # The local part: composed, and only ASCII goes to lower case.
        ("É.Lise@example.com", "É.lise@example.com"),
        ("e\u0301.LISE@example.com", "é.lise@example.com"),
        ("ÜNÏ@example.com", "ÜnÏ@example.com"),
        ("ΙΩΆΝΝΗΣ@example.com", "ΙΩΆΝΝΗΣ@example.com"),
        ("İ@example.com", "İ@example.com"),
        # There is a small composed form, but no capital one.
        ("H\u0331@example.com", "\u1e96@example.com"),
        ("h\u0331@example.com", "\u1e96@example.com"),
        # The Kelvin sign is a K, and so a k.
        ("\u212a@example.com", "k@example.com"),
    ],
)
def test_an_address_has_one_identity(raw: str, expected: str) -> None:
    assert identity(raw) == expected
    assert identity(expected) == expected


@pytest.mark.parametrize(
    ("raw", "hint"),
    [
        # No at-sign, or one that only looks like it.
        ("jean", "email_missing_at"),
        ("jean.example.com", "email_missing_at"),
        ("jean..example.com", "email_missing_at"),
        ("jean＠example.com", "email_missing_at"),
        ("jean﹫example.com", "email_missing_at"),
        # Nothing on one of its sides.
        ("@", "email_missing_domain_end"),
        ("jean@", "email_missing_domain_end"),
        ("@example.com", None),
        # A domain without its end.
        ("jean@localhost", "email_missing_domain_end"),
        ("jean@orange", "email_missing_domain_end"),
        ("jean@io", "email_missing_domain_end"),
        ("jean@-io", "email_missing_domain_end"),
        ("jean@io-", "email_missing_domain_end"),
        ("jean@test", "email_missing_domain_end"),
        ("jean@bad-end-1", "email_missing_domain_end"),
        # Reserved names.
        ("jean@example.test", "email_reserved_domain"),
        ("jean@a.b.TEST", "email_reserved_domain"),
        ("jean@example.invalid", "email_reserved_domain"),
        ("jean@my.localhost", "email_reserved_domain"),
        ("jean@imprimante.local", "email_reserved_domain"),
        ("jean@abcdef.onion", "email_reserved_domain"),
        ("jean@1.0.0.127.in-addr.arpa", "email_reserved_domain"),
        # Dots and dashes.
        (".jean@example.com", None),
        ("jean.@example.com", None),
        ("jean..luc@example.com", None),
        (".@example.com", None),
        ("jean@.example.com", None),
        ("jean@．example.com", None),
        ("jean@example..com", None),
        ("jean@example．．com", None),
        ("jean@example.com.", None),
        ("jean@example.com。", None),
        ("jean@-example.com", None),
        ("jean@－example.com", None),
        ("jean@example-.com", None),
        ("jean@example.-.com", None),
        ("jean@example.com-", None),
        ("jean@example.b－.com", None),
        # Names that no domain has.
        ("jean@example.com2", None),
        ("jean@example.1", None),
        ("jean@127.0.0.1", None),
        ("jean@xn--0.com", None),
        ("jean@xn--a\u00e9.com", None),
        ("jean@yy--a.com", None),
        ("jean@yy－－a.com", None),
        (f"jean@{LABEL}a.com", None),
        ("jean@" + "é" * 62 + ".com", None),
        ("jean@⒈example.com", None),
        ("jean@1.\u05d0\u05d1.com", None),
        # White space and line breaks that do not surround the address.
        ("jean dupont@example.com", "email_bad_character"),
        ("jean @example.com", "email_bad_character"),
        ("jean@ example.com", "email_bad_character"),
        ("jean@exa mple.com", "email_bad_character"),
        ("jean@example .com", "email_bad_character"),
        ("jean\n@example.com", "email_bad_character"),
        ("je\nan@example.com", "email_bad_character"),
        ("jean@example\n.com", "email_bad_character"),
        ("jean@exam\r\n ple.com", "email_bad_character"),
        ("jean@exam\u00a0ple.com", "email_bad_character"),
        ("jean\u3000@example.com", "email_bad_character"),
        ("jean@example.com\r\nBcc: luc@example.com", "email_several_ats"),
        # Other characters.
        ("jean,luc@example.com", "email_bad_character"),
        ("jean@example,com", "email_bad_character"),
        ("jean@example.com,luc@example.com", "email_several_ats"),
        ("jean@example.com;", "email_bad_character"),
        ("jean:luc@example.com", "email_bad_character"),
        ("jean\\@luc@example.com", "email_several_ats"),
        ("jean@luc@example.com", "email_several_ats"),
        ("jean@@example.com", "email_several_ats"),
        ("jean@exam_ple.com", "email_bad_character"),
        ("jean@example!.com", "email_bad_character"),
        ("jean@example/org.com", "email_bad_character"),
        ("jean@example.com:25", "email_bad_character"),
        ("jean@user:x@example.com", "email_several_ats"),
        ("mailto:jean@example.com", "email_bad_character"),
        ("\x00jean@example.com", "email_bad_character"),
        ("jean@exam\x07ple.com", "email_bad_character"),
        ("\x7f@example.com", "email_bad_character"),
        # Quotes, comments, display names, address literals.
        ('"jean"@example.com', "email_bad_character"),
        ('"jean luc"@example.com', "email_bad_character"),
        ('"jean@luc"@example.com', "email_several_ats"),
        ('"jean..luc"@example.com', "email_bad_character"),
        ('"jean\\"luc"@example.com', "email_bad_character"),
        ('""@example.com', "email_bad_character"),
        ('"""@example.com', "email_bad_character"),
        ('"jean@example.com', "email_bad_character"),
        ('jean"@example.com', "email_bad_character"),
        ('jean"luc"@example.com', "email_bad_character"),
        ('"jean"."luc"@example.com', "email_bad_character"),
        ('"jean"luc@example.com', "email_bad_character"),
        ('"\n"@example.com', "email_bad_character"),
        ("(Jean)jean@example.com", "email_bad_character"),
        ("jean(Luc)@example.com", "email_bad_character"),
        ("jean@(Luc)example.com", "email_bad_character"),
        ("jean@example.com(Luc)", "email_bad_character"),
        ("jean@example.com (Luc", "email_bad_character"),
        ("Jean <jean@example.com>", "email_bad_character"),
        ("<jean@example.com>", "email_bad_character"),
        ("jean@example.com>", "email_bad_character"),
        ("jean@[127.0.0.1]", "email_bad_character"),
        ("jean@[127.0.0.999]", "email_bad_character"),
        ("jean@[IPv6:::1]", "email_bad_character"),
        ("jean@[IPv6:1::2:]", "email_bad_character"),
        ("jean@[tag:text]", "email_bad_character"),
        ("jean@[text", "email_bad_character"),
        ("jean@a[127.0.0.1]", "email_bad_character"),
        # Unicode that is unsafe on either side.
        ("jean\u2005luc@example.com", "email_bad_character"),
        ("jean@\u2028example.com", "email_bad_character"),
        ("je\u2029an@example.com", "email_bad_character"),
        ("\u0300jean@example.com", "email_bad_character"),
        ("jean@\u0300example.com", "email_bad_character"),
        ("jean\x9c@example.com", "email_bad_character"),
        ("\u200bjean@example.com", "email_bad_character"),
        ("jean@example.com\u200b", "email_bad_character"),
        ("jean@exam\u00adple.com", "email_bad_character"),
        ("\u202djean-\u202enael@example.com", "email_bad_character"),
        ("\ufeffjean@example.com", "email_bad_character"),
        ("\ud800@example.com", "email_bad_character"),
        ("jean@\udfff.com", "email_bad_character"),
        ("\ue000@example.com", "email_bad_character"),
        ("jean\U0010fdef@example.com", "email_bad_character"),
        ("jean@\ufdef.com", "email_bad_character"),
    ],
)
def test_what_is_no_address_is_refused_with_a_hint(raw: str, hint: str | None) -> None:
    with pytest.raises(EmailError) as caught:
        identity(raw)
    assert (caught.value.code, caught.value.hint) == ("invalid", hint)


@pytest.mark.parametrize("raw", ["", " ", "\u200b", "@@", "\n@\n", "a@b@c@d"])
def test_hardly_anything_is_refused_too(raw: str) -> None:
    with pytest.raises(EmailError):
        identity(raw)


def test_an_address_may_have_254_characters_and_no_more() -> None:
    domain = f"@{LABEL}.{LABEL}.example.com"
    whole = "x" * (EMAIL_LIMIT - len(domain)) + domain
    assert identity(whole[1:]) == whole[1:]
    assert identity(whole) == whole
    assert identity(f" {whole}\n") == whole
    for raw in ("x" + whole, "x" * 100_000 + domain, "@" * 255, "\n" + "é" * 255):
        with pytest.raises(EmailError) as caught:
            identity(raw)
        assert (caught.value.code, caught.value.hint) == ("too_long", None)


def test_the_limit_counts_octets_as_mail_servers_do() -> None:
    domain = "@example.com"
    fitting = "é" * ((EMAIL_LIMIT - len(domain)) // 2) + domain
    assert identity(fitting) == fitting
    with pytest.raises(EmailError) as caught:
        identity("é" + fitting)
    assert caught.value.code == "too_long"


@pytest.mark.parametrize("domain", [f"{LABEL}.{LABEL}.{LABEL}.{LABEL}.com", "é." * 60 + "com"])
def test_a_domain_that_is_too_long_for_the_name_system_is_refused(domain: str) -> None:
    with pytest.raises(EmailError):
        identity(f"jean@{domain}")


def test_a_refusal_holds_nothing_of_the_address() -> None:
    with pytest.raises(EmailError) as caught:
        identity("secret-person\u2603\u0007@example.com")
    shown = "".join(traceback.format_exception_only(caught.value)) + repr(caught.value.args)
    assert "secret" not in shown
    assert "\u2603" not in shown
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_no_name_is_looked_up_and_dns_is_not_even_imported() -> None:
    script = (
        "import sys; from palabre.text.email import identity; identity('j@no-such-name.example');"
        " sys.exit(any(name.split('.')[0] == 'dns' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_an_ordinary_address_needs_no_library() -> None:
    script = (
        "import sys; from palabre.text.email import identity; identity('Jean.Dupont+x@free.fr');"
        " sys.exit('email_validator' in sys.modules or 'idna' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.mark.parametrize(
    "raw",
    [
        *("x" * 65 + "@example.com", "j.@a.fr", ".j@a.fr", "j..l@a.fr", "@a.fr", "jean@a.fr."),
        *("jean@localhost", "jean@example.c", "jean@example.c0m", "jean@1.2.3.4", "jean@a..fr"),
        *("jean@-a.fr", "jean@a-.fr", f"jean@{LABEL}a.fr", "jean@xn--cole-9oa.fr"),
        *("jean@yy--a.com", "jean@a_b.fr", "jean@a.fr\n", "j n@a.fr", "j@l@a.fr", "\u212a@a.fr"),
        *("jean@\u212a.fr", "jéan@a.fr", "jean@é.fr", '"j"@a.fr', "jean@[127.0.0.1]", "jean", ""),
    ],
)
def test_any_other_address_is_the_librarys_to_judge(raw: str) -> None:
    assert _ordinary(raw) is None


@pytest.mark.parametrize("reserved", SPECIAL_USE_DOMAIN_NAMES)
def test_so_is_every_domain_that_the_library_knows_as_reserved(reserved: str) -> None:
    assert _ordinary(f"jean@example.{reserved.upper()}") is None
    assert _ordinary(f"jean@a.b.{reserved}") is None
    assert _ordinary(f"jean@{reserved}") is None


ATOMS = st.text(st.sampled_from("abzABZ019!#$%&'*+/=?^_`{|}~-"), min_size=1, max_size=8)
ODD_ATOMS = st.text(st.characters(max_codepoint=0x17F), max_size=3)
LABELS = st.text(st.sampled_from("abzAZ019-"), min_size=1, max_size=8)
ODD_LABELS = st.text(st.sampled_from("ab--xn_é\u212a"), max_size=8)
NAMES = st.sampled_from(["com", "fr", "Test", "ARPA", "xn", LABEL, LABEL + "a", "info"])


@given(
    st.lists(ATOMS | ATOMS | ODD_ATOMS | st.just("x" * 60), min_size=1, max_size=3),
    st.lists(LABELS | ODD_LABELS | NAMES, max_size=3).flatmap(
        lambda labels: NAMES.map(lambda name: [*labels, name])
    ),
)
@example(["a"], [LABEL, LABEL, LABEL, "a" * 49, "com"])
@example(["x" * 64], ["com", "fr"])
@settings(max_examples=1000, deadline=None)
def test_what_is_ordinary_is_so_to_the_library(atoms: list[str], labels: list[str]) -> None:
    typed = f"{'.'.join(atoms)}@{'.'.join(labels)}"
    assume(typed == typed.strip() and len(typed) <= EMAIL_LIMIT)
    quick = _ordinary(typed)
    assert quick is None or quick == _validated(typed)


LOCAL = st.text(
    st.sampled_from("abzABZ019.+-_'éÉe\u0301ßκλяЖ日本\u0331Hh"), min_size=1, max_size=12
)
DOMAIN = st.sampled_from(
    ["example.com", "école.fr", "xn--cole-9oa.fr", "Bücher.Example", "日本.jp"]
)


def _identity_or_none(raw: str) -> str | None:
    with suppress(EmailError):
        return identity(raw)
    return None


@given(LOCAL, DOMAIN)
@settings(max_examples=200, deadline=None)
def test_spelling_makes_no_difference(local: str, domain: str) -> None:
    known = _identity_or_none(f"{local}@{domain}")
    assume(known)
    composed = unicodedata.normalize("NFC", local)
    capitals = "".join(c.upper() if c.isascii() else c for c in composed)
    for spelling in (
        f"\u2003{local}@{domain}\r\n",
        f"{local}@{domain.upper()}",
        f"{composed}@{domain}",
        f"{unicodedata.normalize('NFD', local)}@{unicodedata.normalize('NFD', domain)}",
        f"{capitals}@{domain}",
        known,
    ):
        assert _identity_or_none(str(spelling)) == known


@given(LOCAL, LOCAL)
@settings(max_examples=100, deadline=None)
def test_people_who_differ_by_more_than_spelling_stay_apart(one: str, other: str) -> None:
    first, second = (
        _identity_or_none(f"{one}@example.com"),
        _identity_or_none(f"{other}@example.com"),
    )
    assume(first and second)
    same = unicodedata.normalize("NFC", one).lower() == unicodedata.normalize("NFC", other).lower()
    assert same or first != second


@given(st.text(max_size=40) | st.sampled_from(NAUGHTY))
@settings(max_examples=300, deadline=None)
def test_no_text_makes_an_address_fail_otherwise(text: str) -> None:
    for raw in (
        text,
        f"{text}@example.com",
        f"jean@{text}",
        f"jean@{text}.com",
        f"{text}@{text}.fr",
    ):
        known = _identity_or_none(raw)
        assert known is None or identity(known) == known
