"""Personal data in a text: what is found, what honest readers write, and what it may cost."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from palabre.text.personal import KINDS, MOST, Span, counted, find, masked

FOUND: dict[str, dict[str, int]] = {
    # Social security numbers.
    "2 69 05 49 588 157 80": {"nir": 1},
    "Mon numéro de sécu : 269054958815780.": {"nir": 1},
    "2.69.05.49.588.157.80": {"nir": 1},
    "2 69 05 49 588 157 / 80": {"nir": 1},
    "2\u202f69\u202f05\u202f49\u202f588\u202f157\u202f80": {"nir": 1},
    "né en Corse : 1 85 05 2A 006 084 35": {"nir": 1},
    "1 85 05 2b 006 084 62": {"nir": 1},
    "2 69 25 49 588 157 12": {"nir": 1},
    "2 69 62 49 588 157 22": {"nir": 1},
    "12 2 69 05 49 588 157 80": {"nir": 1},
    # Bank accounts.
    "FR76 3000 6000 0112 3456 7890 189": {"iban": 1},
    "FR7630006000011234567890189": {"iban": 1},
    "IBAN:fr76 3000 6000 0112 3456 7890 189, merci": {"iban": 1},
    "FR 76 3000 6000 0112 3456 7890 189": {"iban": 1},
    "FR14 2004 1010 0505 0001 3M02 606": {"iban": 1},
    "FR76-3000-6000-0112-3456-7890-189": {"iban": 1},
    "DE89 3704 0044 0532 0130 00": {"iban": 1},
    "BE68 5390 0754 7034": {"iban": 1},
    "GB29 NWBK 6016 1331 9268 19": {"iban": 1},
    "CH93 0076 2011 6238 5295 7": {"iban": 1},
    "NO93 8601 1117 947": {"iban": 1},
    "MT84 MALT 0110 0001 2345 MTLC AST0 01S": {"iban": 1},
    # Bank cards.
    "4111 1111 1111 1111": {"card": 1},
    "4111111111111111": {"card": 1},
    "5555-5555-5555-4444": {"card": 1},
    "3782 822463 10005": {"card": 1},
    "2223 0031 2200 3222": {"card": 1},
    # Telephones.
    "06 12 34 56 78": {"phone": 1},
    "06.12.34.56.78": {"phone": 1},
    "06-12-34-56-78": {"phone": 1},
    "06/12/34/56/78": {"phone": 1},
    "0612345678": {"phone": 1},
    "tél.0612345678": {"phone": 1},
    "0612 345 678": {"phone": 1},
    "0 6 1 2 3 4 5 6 7 8": {"phone": 1},
    "06 . 12 . 34 . 56 . 78": {"phone": 1},
    "06\u202f12\u202f34\u202f56\u202f78": {"phone": 1},
    "au 01 42 68 53 00, de 9 h à 17 h": {"phone": 1},
    "09 72 12 34 56": {"phone": 1},
    "+33 6 12 34 56 78": {"phone": 1},
    "+33 (0)6 12 34 56 78": {"phone": 1},
    "+33612345678": {"phone": 1},
    "0033 6 12 34 56 78": {"phone": 1},
    "(+33) 6 12 34 56 78": {"phone": 1},
    "appelez le 06 12 34 56 78 2 fois": {"phone": 1},
    "appelez le +33 6 12 34 56 78 2 fois": {"phone": 1},
    "06 12 34 56 78 / 07 61 22 33 44": {"phone": 2},
    "06 12 34 56 78 07 61 22 33 44": {"phone": 2},
    "+41 79 123 45 67": {"phone": 1},
    "079 123 45 67": {"phone": 1},
    "0470/12.34.56": {"phone": 1},
    "+32 2 555 12 12": {"phone": 1},
    "020 7946 0958": {"phone": 1},
    "07911 123456": {"phone": 1},
    "+44 7911 123456": {"phone": 1},
    "+1 212-555-2368": {"phone": 1},
    "(212) 555-2368": {"phone": 1},
    "212.555.2368": {"phone": 1},
    # E-mail addresses.
    "zoe@free.fr": {"email": 1},
    "Zoé.Martin+blog@orange.fr !": {"email": 1},
    "<zoe@free.fr>": {"email": 1},
    "mailto:zoe@free.fr": {"email": 1},
    "mairie@ville.fr": {"email": 1},
    "à zoe@free.fr ou luc@free.fr.": {"email": 2},
    "o’connor@example.org": {"email": 1},
    "zoé@café.example": {"email": 1},
    "zoe (at) free.fr": {"email": 1},
    "zoe(at)free(dot)fr": {"email": 1},
    "zoe [at] free [dot] fr": {"email": 1},
    "zoe [arobase] free [point] fr": {"email": 1},
    "zoe arobase free point fr": {"email": 1},
    "zoe AROBASE free.fr": {"email": 1},
    "zoe at free dot fr": {"email": 1},
    "zoe(@)free.fr": {"email": 1},
    # Postal addresses.
    "12 rue des Lilas, 35000 Rennes": {"address": 1},
    "12 bis rue des Lilas 35000 Rennes": {"address": 1},
    "12, rue des Lilas\n35000 Rennes": {"address": 1},
    "3B avenue de la République, Bât. C, 75011 Paris": {"address": 1},
    "8 bd Voltaire, 75 011 Paris": {"address": 1},
    "14 impasse du Puits – F-29200 Brest": {"address": 1},
    "2 place du 8 mai 1945, 69003 Lyon": {"address": 1},
    "1 chemin des Dames, 97400 Saint-Denis de La Réunion": {"address": 1},
    "6 rue X, 20000 ajaccio": {"address": 1},
    "12 High Street, London SW1A 1AA": {"address": 1},
    "221b Baker Street, London NW1 6XE": {"address": 1},
    "742 Evergreen Terrace, Springfield, OR 97477": {"address": 1},
    "12 rue des Lilas, tél. 06 12 34 56 78, 35000 Rennes": {"address": 1},
    # Several.
    "zoe@free.fr, 06 12 34 56 78, 12 rue des Lilas, 35000 Rennes": {
        "phone": 1,
        "email": 1,
        "address": 1,
    },
    "[mon numéro](https://a.example/) : 06 12 34 56 78": {"phone": 1},
    "https://a.example/ 06 12 34 56 78": {"phone": 1},
}

HONEST = (
    "en 1789",
    "loi n° 78-17 du 6 janvier 1978",
    "article L. 121-4 du code 2016-1321",
    "3,14159265358979",
    "0,0612345678",
    "0.123456789",
    "06 juin 1944",
    "le 06/06/1944",
    "01/02/2020 06:30",
    "01.02.2020 12 13",
    "01-02-2020 03",
    "de 07 2024 à 08 2025",
    "2018 2019 2020 2021",
    "1914-1918, 1939-1945",
    "ISBN 978-2-07-036822-8",
    "ISBN 9782070368228",
    "ISBN 2-07-036822-X",
    "ISSN 0395-2037",
    "score : 3-0, 6-4 7-5 6-3",
    "12 345 678 habitants",
    "67 000 000 de Français",
    "1 000 000 000 000 €",
    "1 250,50 € puis 35000 euros",
    "+12 500 000 en dix ans",
    "+49 300 000 habitants",
    "2 à 3 °C de plus, +1,5",
    "appelez le 15, le 17, le 18 ou le 112",
    "le 3919, le 39 19, le 3646, le 115",
    "0800 202 223",
    "08 92 70 12 34",
    "0 805 123 456",
    "0810 123 456",
    "00 00 00 00 00",
    "0123456789",
    "1234567890",
    "les chiffres 1 2 3 4 5 6 7 8 9 10",
    "SIRET 732 829 320 00074",
    "SIREN 732 829 320",
    "4111 1111 1111 1112",
    "1234 5678 9012 3456",
    "RFC 2822, ISO 8601-1:2019",
    "192.168.10.254 et 2001:db8::1",
    "version 3.11.7, puis 10.0.26100.1",
    "commit 0612345678abcdef",
    "réf. A0612345678",
    "@zoe et @luc_martin",
    "@zoe@mastodon.example",
    "5 pommes @ 3.20 €",
    "git@forge.example:zoe/blog.git",
    "paquet@1.2.3 et @portee/paquet@2.0.0",
    "zoe@serveur",
    "zoe @ free",
    "look at example.org, it is there",
    "dot, point, arobase : quel clavier !",
    "l’arobase et le point",
    "voir (à Paris) et (at) voilà",
    "https://a.example/0612345678?de=zoe@free.fr",
    "http://zoe@a.example/06/12/34/56/78",
    "www.a.example/FR7630006000011234567890189",
    "FR76 3000 6000 0112 3456 7890 188",
    "FR77 3000 6000 0112 3456 7890 189",
    "XX76 3000 6000 0112 3456 7890 189",
    "de 12 personnes sont venues ici hier",
    "2 69 05 49 588 157 81",
    "2 69 15 49 588 157 46",
    "5 69 05 49 588 157 80",
    "au 12 rue des Lilas",
    "12 rue des Lilas, à Rennes",
    "la place du 11 Novembre 1918",
    "8 avenue Foch a coûté 45000 euros",
    "le 8 place Bellecour, 15000 personnes y étaient",
    "la rue compte 35000 voitures",
    "3 cours de français, 2 routes, 1 passage",
    "10 Downing Street",
    "1 King and 2 Queens at Hyde Park in SW1A",
    "35000 Rennes, 75011 Paris",
    "CP 35000, code 35238",
    "le 49-3, le RN 12, l’A 84",
    "10 h 30, 06 h 45, 18:00",
    "1.000.000,00 ; 12'500",
    "½ + ¼ = 0,75",
    "٠٦١٢٣٤٥٦٧٨",
    "aucun chiffre, rien du tout",
    "",
)


@pytest.mark.parametrize(("text", "counts"), FOUND.items(), ids=FOUND)
def test_personal_data_is_found(text: str, counts: dict[str, int]) -> None:
    assert counted(text) == counts
    assert counted(f"Bonjour ! {text}\nMerci.") == counts


@pytest.mark.parametrize("text", HONEST)
def test_what_honest_people_write_is_none(text: str) -> None:
    assert counted(text) == {}
    assert counted(f"Bonjour ! {text}\nMerci.") == {}


def test_a_span_is_what_was_typed_and_nothing_around_it() -> None:
    text = "Ici (06 12 34 56 78), zoe@free.fr. Ou là : FR76 3000 6000 0112 3456 7890 189 !"
    assert [(span.kind, text[span.start : span.end]) for span in find(text)] == [
        ("phone", "06 12 34 56 78"),
        ("email", "zoe@free.fr"),
        ("iban", "FR76 3000 6000 0112 3456 7890 189"),
    ]


def test_every_span_gives_way_to_its_marker() -> None:
    text = "Zoé, 06 12 34 56 78, zoe@free.fr. Fin."
    assert masked(text, lambda kind: f"<{kind}>") == (
        "Zoé, <phone>, <email>. Fin.",
        {"phone": 1, "email": 1},
    )


def test_a_text_without_any_is_the_same_masked() -> None:
    assert masked("En 1789.", lambda kind: "<>") == ("En 1789.", {})


GAPS = st.sampled_from(["", " ", ".", "-", "\xa0", "\u202f", "  ", " / "])


@st.composite
def nirs(draw: st.DrawFn) -> str:
    """The thirteen digits of a number of the register, and its key."""
    sex = draw(st.sampled_from("12378"))
    month = draw(st.sampled_from([*range(1, 13), *range(20, 43), *range(50, 100)]))
    department = draw(st.sampled_from([*(f"{n:02d}" for n in range(1, 100)), "2A", "2B"]))
    body = f"{sex}{draw(st.integers(0, 99)):02d}{month:02d}{department}"
    body += f"{draw(st.integers(0, 999)):03d}{draw(st.integers(1, 999)):03d}"
    number = int(body.replace("2A", "19").replace("2B", "18"))
    return f"{body}{97 - number % 97:02d}"


@st.composite
def ibans(draw: st.DrawFn) -> str:
    country, length = draw(
        st.sampled_from([("FR", 23), ("DE", 18), ("BE", 12), ("ES", 20), ("IT", 23), ("NO", 11)])
    )
    rest = draw(st.text("0123456789", min_size=length, max_size=length))
    number = int("".join(str(int(one, 36)) for one in f"{rest}{country}00"))
    return f"{country}{98 - number % 97:02d}{rest}"


def spaced(data: st.DataObject, number: str, gaps: st.SearchStrategy[str]) -> str:
    return "".join(one + data.draw(gaps) for one in number[:-1]) + number[-1]


@settings(max_examples=300, deadline=None)
@given(st.data(), nirs())
def test_a_valid_social_security_number_is_found_in_any_spacing(
    data: st.DataObject, number: str
) -> None:
    text = spaced(data, number, GAPS)
    assert Span("nir", 5, 5 + len(text)) in find(f"NIR: {text}, merci")


@settings(max_examples=300, deadline=None)
@given(st.data(), nirs())
def test_a_social_security_number_with_one_digit_changed_is_none(
    data: st.DataObject, number: str
) -> None:
    at = data.draw(st.sampled_from([n for n, one in enumerate(number) if one.isdecimal()]))
    other = data.draw(st.sampled_from([one for one in "0123456789" if one != number[at]]))
    assert "nir" not in counted(number[:at] + other + number[at + 1 :])


@settings(max_examples=300, deadline=None)
@given(st.data(), ibans())
def test_a_valid_bank_account_is_found_in_any_spacing(data: st.DataObject, number: str) -> None:
    gaps = st.sampled_from(["", " ", ".", "-", "\xa0", "\u202f", "  "])
    text = number[:4] + data.draw(gaps) + spaced(data, number[4:], gaps)
    assert Span("iban", 6, 6 + len(text)) in find(f"IBAN: {text}, merci")


@settings(max_examples=300, deadline=None)
@given(st.data(), ibans())
def test_a_bank_account_with_one_digit_changed_is_none(data: st.DataObject, number: str) -> None:
    at = data.draw(st.integers(2, len(number) - 1))
    other = data.draw(st.sampled_from([one for one in "0123456789" if one != number[at]]))
    assert "iban" not in counted(number[:at] + other + number[at + 1 :])


PIECES = st.sampled_from(
    [
        *(
            "06 12 34 56 78",
            "+33 6 12",
            "0",
            "1 ",
            "269054958815780",
            "FR76",
            " 3000",
            "@",
            "a@b.fr",
        ),
        *(" at ", "(at)", " dot ", "arobase", "12 rue", " des Lilas, ", "35000 ", "Rennes", "\n"),
        *("https://a.fr/", "www.", "4111 1111", "é", ".", "-", "(", "Street", "SW1A 1AA", "["),
    ]
)


@settings(max_examples=500, deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join))
@example("a@b.fr" * 3)
@example("06 12 34 56 78" * 3)
def test_spans_are_in_order_and_what_is_masked_holds_none_of_them(text: str) -> None:
    spans = find(text)
    assert all(span.kind in KINDS and span.start < span.end for span in spans)
    assert all(one.end <= other.start for one, other in pairwise(spans))
    plain, counts = masked(text, lambda kind: "\x01")
    assert sum(counts.values()) == len(spans) == plain.count("\x01")
    kept = "".join(
        text[before.end : after.start]
        for before, after in zip(
            [Span("", 0, 0), *spans], [*spans, Span("", len(text), 0)], strict=True
        )
    )
    assert plain.replace("\x01 ", "").replace("\x01", "").replace(" ", "") == kept.replace(" ", "")


def test_no_more_telephones_are_looked_up_than_asked_for() -> None:
    text = "06 12 34 56 78, " * 100
    assert counted(text, most=40) == {"phone": 40}
    assert counted(text) == {"phone": 100}
    assert MOST > 100


HOSTILE = (
    *("06 12 34 56 7 ", "0 ", "1 ", "a@", "a@a.", "1 rue ", "12 rue aaaaaaaaaa ", "FR76 ", "1"),
    *("FR76 3000 6000 0112 3456 7890 188 ", "+3 ", "+33 6 ", "(at) ", "a(at)b ", "1 A Street "),
    *("1 Aa A A A ", "4111 ", "9 rue a, 35000 ", "00 1 ", "é@é.é ", "\n1 rue", "x at a dot "),
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_no_more_is_looked_into_in_a_long_hostile_text(piece: str) -> None:
    """Twenty thousand characters are read to their end, and hold at most what was asked for."""
    found = counted((piece * 20_000)[:20_000], most=40)
    assert sum(found.values()) <= 40 * len(KINDS)
