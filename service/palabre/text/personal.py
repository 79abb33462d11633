"""Personal data in a text: where numbers and addresses stand that point at a person. Pure.

Numbers count only if their check digits are right or the numbering plan knows them, so that
dates, prices and references are none. What stands in a web address is part of that address.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from palabre.text import email

KINDS = ("iban", "nir", "card", "phone", "email", "address")
"""What is looked for: bank accounts, French social security numbers, bank cards, telephones, e-mail
and postal addresses. Of two that overlap, the first counts; of one within another, the other."""

_Spans = Iterator[tuple[int, int]]

MOST = 1000
"""Of a kind; in 20,000 characters more are only written to be in the way."""

_GAP = r"[ \t\xa0\u2009\u202f.\-/]"
"""What people write between the digits of a number."""

_DIGIT = re.compile("[0-9]")
_LINK = re.compile(
    r"""\b(?:https?://|(?<![\w.@/-])www\.)[^\s<>"()\[\]«»]++""",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Span:
    """Personal data of a kind, from *start* to *end* of the text, which is not included."""

    kind: str
    start: int
    end: int


def find(text: str, *, most: int = MOST) -> list[Span]:
    """All personal data of a text, in its order; no two overlap.

    *most*: what may be one, of each kind, is looked into as often, and the rest is passed over: a
    telephone number takes 80 µs. All else is linear in the text, and next to nothing for one
    without a digit or an @.
    """
    searches = _searches(text, most)
    if not searches:
        return []
    taken = bytearray(len(text))
    for link in _LINK.finditer(text) if "://" in text or "www." in text else ():
        taken[link.start() : link.end()] = b"\1" * len(link[0])
    found: list[Span] = []
    for kind, spans in searches:
        for start, end in spans:
            if any(taken[start:end]):
                within = [one for one in found if start <= one.start and one.end <= end]
                if sum(taken[start:end]) > sum(one.end - one.start for one in within):
                    continue
                # Whatever stands between a street and its town is part of that address.
                found = [one for one in found if one not in within]
            taken[start:end] = b"\1" * (end - start)
            found.append(Span(kind, start, end))
    return sorted(found, key=lambda span: span.start)


def counted(text: str, *, most: int = MOST) -> dict[str, int]:
    """How many there are of each kind, in the order of KINDS; those without any are left out."""
    return ordered(Counter(span.kind for span in find(text, most=most)))


def masked(text: str, marker: Callable[[str], str]) -> tuple[str, dict[str, int]]:
    """The text with a marker in each place, and how many there were. *marker*: of a kind."""
    spans = find(text)
    parts, end = [], 0
    for span in spans:
        parts += [text[end : span.start], marker(span.kind)]
        end = span.end
        if text[end : end + 1] in _MAKES_LINK:
            parts.append(" ")
    return "".join([*parts, text[end:]]), ordered(Counter(span.kind for span in spans))


_MAKES_LINK = ("(", "[", ":")
"""What behind a marker in brackets would be Markdown of nobody's."""


def ordered(counts: Counter[str]) -> dict[str, int]:
    """Counts of kinds in the order of KINDS."""
    return {kind: counts[kind] for kind in KINDS if counts[kind]}


def _searches(text: str, most: int) -> list[tuple[str, _Spans]]:
    """What is worth looking for, by what little a text must have for it."""
    searches: list[tuple[str, _Spans]] = []
    digits = sum(map(text.count, "0123456789")) if _DIGIT.search(text) else 0
    if digits >= 10:
        searches.append(("iban", _ibans(text, most)))
    if digits >= 14:
        searches += [("nir", _nirs(text, most)), ("card", _cards(text, most))]
    if digits >= 9:
        searches.append(("phone", _phones(text, most)))
    if "@" in text:
        searches.append(("email", _emails(text, most)))
    if any(map(text.lower().__contains__, _SPELT)):
        searches.append(("email", _spelt_emails(text, most)))
    if digits >= 4:
        searches.append(("address", _addresses(text, most)))
    return searches


# --- Numbers with check digits

_MONTH = "|".join((f"0{_GAP}*[1-9]", f"1{_GAP}*[0-2]", f"[235-9]{_GAP}*[0-9]", f"4{_GAP}*[0-2]"))
_NIR = re.compile(
    r"[1-478](?<![0-9A-Za-z].)(?=("
    rf"(?:G[0-9]){{2}}G(?:{_MONTH.replace('*', '{0,3}')})G(?:[0-9]G[0-9]|2G[ABab])"
    r"(?:G[0-9]){8})(?![0-9A-Za-z]))".replace("G", f"{_GAP}{{0,3}}")
)
"""Sex, year, month (20 to 42 and from 50 where it is not known), department, commune, order, key.
In a lookahead, since a number may begin within what merely looks like one. A search goes by the
first character: what precedes it is looked back for."""


def _nirs(text: str, most: int) -> _Spans:
    """Numbers of the French register of persons with their key.

    INSEE, décret n° 82-103: the key is 97 less the rest of the thirteen digits by 97; 2A counts as
    19 and 2B as 18.
    """
    for found in islice(_NIR.finditer(text), most):
        plain = (
            re.sub(_GAP, "", found[0] + found[1]).upper().replace("2A", "19").replace("2B", "18")
        )
        if 97 - int(plain[:13]) % 97 == int(plain[13:]):
            yield found.start(), found.end(1)


_IBAN_LENGTHS = {
    country: int(length)
    for length, countries in (
        ("15", "NO"),
        ("16", "BE"),
        ("18", "DK FI FK FO GL NL SD"),
        ("19", "MK SI"),
        ("20", "AT BA EE KZ LT LU MN XK"),
        ("21", "CH HR LI LV"),
        ("22", "BG BH CR DE GB GE IE ME RS VA"),
        ("23", "AE GI IL IQ OM SO TL"),
        ("24", "AD CZ ES MD PK RO SA SE SK TN VG"),
        ("25", "LY PT ST"),
        ("26", "IS TR"),
        ("27", "BI DJ FR GR IT MC MR SM"),
        ("28", "AL AZ BY CY DO GT HN HU LB NI PL SV"),
        ("29", "BR EG PS QA UA"),
        ("30", "JO KW MU YE"),
        ("31", "MT SC"),
        ("32", "LC"),
        ("33", "RU"),
    )
    for country in countries.split()
}
"""Characters of an account number, by country: SWIFT's IBAN registry (ISO 13616)."""

_IBAN_DIGITS = 8
"""After the country and its check digits: fewer are words, as in "de 12 personnes"."""

_IBAN_START = re.compile(
    r"[0-9](?:(?<=[A-Za-z]{2}.)(?<![0-9A-Za-z].{3})"
    r"|(?<=[A-Za-z]{2}[ \xa0\u202f].)(?<![0-9A-Za-z].{4}))[0-9]"
)


@functools.cache
def _iban_rest(characters: int) -> re.Pattern[str]:
    return re.compile(rf"(?:{_GAP}{{0,2}}[0-9A-Za-z]){{{characters}}}(?![0-9A-Za-z])")


def _ibans(text: str, most: int) -> _Spans:
    """Bank accounts of the length that their country gives them (ISO 13616).

    Check digits after ISO 7064, MOD 97-10: with the first four characters at the end, and letters
    from A as 10, the number leaves 1 when divided by 97.
    """
    for check in islice(_IBAN_START.finditer(text), most):
        start = check.start() - 2
        if text[start + 1].isspace():
            start -= 1
        length = _IBAN_LENGTHS.get(text[start : start + 2].upper())
        rest = None if length is None else _iban_rest(length - 4).match(text, check.end())
        if rest is None:
            continue
        plain = re.sub(_GAP, "", text[start : rest.end()])
        number = "".join(str(int(one, 36)) for one in plain[4:] + plain[:4])
        if sum(map(plain[4:].count, "0123456789")) >= _IBAN_DIGITS and int(number) % 97 == 1:
            yield start, rest.end()


_CARD = re.compile(
    r"[2-6](?<![0-9A-Za-z].)(?:(?:(?<=4)[0-9]{3}|(?<=5)[1-5][0-9]{2}|(?<=2)[2-7][0-9]{2}"
    r"|(?<=3)5[2-8][0-9]|(?<=6)(?:011|5[0-9]{2}))(?:G[0-9]{4}){3}"
    r"|(?<=3)[47][0-9]{2}G[0-9]{6}G[0-9]{5})(?![0-9A-Za-z])".replace("G", f"{_GAP}?")
)
"""Sixteen digits of the usual issuers, in fours or all together, and the fifteen of one other."""


def _cards(text: str, most: int) -> _Spans:
    """Bank cards by their issuers' first digits and the check digit of ISO/IEC 7812-1 (Luhn)."""
    for found in islice(_CARD.finditer(text), most):
        digits = [int(one) for one in reversed(found[0]) if one.isdecimal()]
        doubled = [sum(divmod(2 * one, 10)) for one in digits[1::2]]
        if (sum(digits[::2]) + sum(doubled)) % 10 == 0:
            yield found.span()


# --- Telephones

_ABROAD = re.compile(
    rf"[+0](?<![\w+].)(?:(?<=\+)|0) ?[1-9](?:{_GAP}{{0,2}}\(?[0-9]\)?){{7,14}}(?![0-9])"
)
_AT_HOME = re.compile(rf"0(?<![\w+].)(?:{_GAP}{{0,3}}[0-9]){{8,10}}(?![0-9])")
_AMERICAN = re.compile(
    r"[(2-9](?<![\w+].)(?:(?<=\()[2-9][0-9]{2}\) ?|[0-9]{2}[-.])[2-9][0-9]{2}[-.][0-9]{4}(?![0-9])"
)
_GROUP = re.compile("[0-9]+")
_YEAR = re.compile("(?:19|20)[0-9]{2}")
_REGIONS = {10: "FR", 11: "GB", 9: "BE"}
"""Whose number begins with a 0 and has so many digits; a Swiss one looks like a French one."""

_NOT_ABROAD = 9
"""Digits below which "+49 300 000" is a difference."""


def _phones(text: str, most: int) -> _Spans:
    """Telephone numbers that the numbering plans know, unless they are a service's: 0800, 08 92."""
    plan = _Plan(most)
    for found in islice(_ABROAD.finditer(text), most):
        end = _end_abroad(found, plan)
        if end:
            yield found.start(), end
    end = 0
    for found in islice(_AT_HOME.finditer(text), most):
        # "2-07-036822-8" is a number of another kind, but a telephone may follow a telephone.
        if end != found.start() and _goes_on(text, found.start(), end):
            continue
        here = _end_at_home(found, plan)
        if here:
            end = here
            yield found.start(), end
    for found in islice(_AMERICAN.finditer(text), most):
        if plan.knows(found[0], "US"):
            yield found.span()


def _goes_on(text: str, start: int, end: int) -> bool:
    """Whether digits stand right before; *end*: of the telephone that was found last."""
    before = text[max(end, start - 2) : start]
    return len(before) == 2 and before[0].isdecimal() and before[1] not in "\n;"


def _end_abroad(found: re.Match[str], plan: _Plan) -> int:
    """Where a number with a country's code ends; 0 if it is none.

    What is counted beside it may follow: "+33 6 12 34 56 78 2 fois".
    """
    groups = list(_GROUP.finditer(found[0]))
    while groups and sum(len(group[0]) for group in groups) >= _NOT_ABROAD:
        if plan.knows(found[0][: groups[-1].end()], "FR"):
            return found.start() + groups[-1].end()
        groups.pop()
    return 0


def _end_at_home(found: re.Match[str], plan: _Plan) -> int:
    """Where a number of one of our regions ends; 0 if it is none."""
    groups = list(_GROUP.finditer(found[0]))
    if len(groups) == 1 and found.string[found.end() : found.end() + 1].isalnum():
        return 0
    is_spelt = all(len(group[0]) == 1 for group in groups)
    if len(groups[0][0]) == 1 and not is_spelt:
        return 0
    if any(_YEAR.fullmatch(group[0]) for group in groups[1:]):
        return 0
    ends, digits = {}, ""
    for group in groups:
        digits += group[0]
        ends[len(digits)] = group.end()
    for length, region in _REGIONS.items():
        number = digits[:length]
        if length in ends and number != "0123456789" and plan.knows(number, region):
            return found.start() + ends[length]
    return 0


class _Plan:
    """The world's numbering plans, asked at most so many times."""

    def __init__(self, most: int) -> None:
        self.left = most

    def knows(self, number: str, region: str) -> bool:
        """Whether this is a number that a person can have."""
        if self.left < 1:
            return False
        self.left -= 1
        return _is_persons(number, region)


def _is_persons(number: str, region: str) -> bool:
    # 30 ms and 3 MB, once: only for a text that may hold a number.
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return False
    if not phonenumbers.is_valid_number(parsed):
        return False
    return phonenumbers.number_type(parsed) not in (
        phonenumbers.PhoneNumberType.TOLL_FREE,
        phonenumbers.PhoneNumberType.PREMIUM_RATE,
        phonenumbers.PhoneNumberType.SHARED_COST,
        phonenumbers.PhoneNumberType.UAN,
        phonenumbers.PhoneNumberType.VOICEMAIL,
    )


# --- E-mail addresses

_LOCAL_MOST = 64
"""Octets of what stands before the @ (RFC 5321, 4.5.3.1.1)."""

_TYPOGRAPHIC, _PLAIN = "’", "'"
_LOCAL = frozenset("._%+-'’~&")
_DOMAIN = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_END = re.compile(r"xn--[\w-]+|[^\W\d_]{2,63}")
_DOT = r"(?: ?[(\[{] ?(?:dot|point|\.) ?[)\]}] ?| (?:dot|point) )"
_SPELT_AT = re.compile(
    r" ?[(\[{] ?(?:at|arobase?|chez|à|@) ?[)\]}] ?(?=[\w-])| arobase? (?=[\w-])"
    rf"| at (?=[\w-]{{1,63}}{_DOT}[a-z])",
    re.IGNORECASE,
)
_SPELT = ("arob", " at ", "(at", "[at", "{at", "( at", "[ at", "(@", "[@", "(chez", "[chez", "(à")
"""What all of them have one of, in small letters."""

_SPELT_DOMAIN = re.compile(rf"[\w-]{{1,63}}(?:(?:{_DOT}|\.)[\w-]{{1,63}}){{1,4}}", re.IGNORECASE)


def _emails(text: str, most: int) -> _Spans:
    """E-mail addresses, but not what names a person elsewhere, as @zoe@mastodon.example."""
    for match in islice(re.finditer("@", text), most):
        at = match.start()
        domain = _DOMAIN.match(text, at + 1)
        start = _local_start(text, at)
        if domain and start < at and _is_email(text[start:at], domain[0]):
            # git@forge.example:zoe/blog is where a program is kept.
            is_place = text[domain.end() : domain.end() + 1] == ":" and (
                text[domain.end() + 1 : domain.end() + 2].strip() != ""
            )
            if not is_place and text[start - 1 : start] != "@":
                yield start, domain.end()


def _spelt_emails(text: str, most: int) -> _Spans:
    """E-mail addresses that are spelt for no machine to read: "zoe (at) example (dot) org"."""
    for at in islice(_SPELT_AT.finditer(text), most):
        domain = _SPELT_DOMAIN.match(text, at.end())
        start = _local_start(text, at.start())
        if domain and start < at.start():
            plain = re.sub(_DOT, ".", domain[0], flags=re.IGNORECASE)
            if _is_email(text[start : at.start()], plain):
                yield start, domain.end()


def _local_start(text: str, at: int) -> int:
    """Where what stands before the @ begins."""
    start = at
    while start > max(0, at - _LOCAL_MOST) and (
        text[start - 1].isalnum() or text[start - 1] in _LOCAL
    ):
        start -= 1
    while start < at and text[start] in ".'’-&":
        start += 1
    return start


def _is_email(local: str, domain: str) -> bool:
    if _END.fullmatch(domain.rpartition(".")[2]) is None:
        return False
    try:
        email.identity(f"{local.replace(_TYPOGRAPHIC, _PLAIN)}@{domain}")
    except email.EmailError:
        return False
    return True


# --- Postal addresses

_STREETS = (
    "rue|r\\.|avenue|av\\.?|boulevard|boul\\.|bld|bd\\.?|place|pl\\.|chemin|ch\\.|impasse|imp\\.|"
    "allées?|all\\.|quai|cours|route|rte|square|passage|sentier|ruelle|faubourg|résidence|"
    "lotissement|hameau|lieu-dit|esplanade|promenade|mail|cité|villa|montée|venelle|rond-point"
)
_NO_TOWN = (
    r"(?!(?:euros?|francs?|habitants?|personnes?|logements?|voitures?|véhicules?|lecteurs?|"
    r"signatures?|visiteurs?|m|km|kilomètres?|mètres?|ans|fois|voix|emplois|élèves)\b)"
)
_WITHIN = r"(?:[^\n;!?]|\n(?!\n))"
_FRENCH = re.compile(
    r"[0-9](?<![\w,.].)[0-9]{0,3}(?: ?(?i:bis|ter|quater|[a-d])\b)?,? +"
    rf"(?i:{_STREETS})(?![\w-])"
)
_FRENCH_REST = re.compile(
    rf"{_WITHIN}{{2,80}}?"
    rf"(?<![\w.,])(?:F-?)?(?:0[1-9]|[1-8][0-9]|9[0-8]) ?[0-9]{{3}}(?![0-9]) +{_NO_TOWN}"
    r"(?:(?<=[,\n–-].{6})|(?<=[,\n–-].{7})|(?<=[,\n–-].{8})|(?=[A-ZÀ-ÖØ-Þ]))"
    r"[^\W\d_][\w’'-]*(?:[ -][A-ZÀ-ÖØ-Þ][\w’'-]*){0,3}"
)
"""Number, street, code and town. Without a comma before its code a town has a capital, or else
"8 avenue Foch a coûté 45000 euros" would be one."""

_ENGLISH = re.compile(r"[0-9](?<![\w,.].)[0-9]{0,3}[a-z]?,? +(?=[A-Z])")
_ENGLISH_REST = re.compile(
    r"(?:[A-Z][\w’'.-]{0,30} ){1,4}"
    r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Close|Court|Ct|Way|Place|Square|Terrace|"
    rf"Gardens|Crescent|Grove|Hill|Park|Row|Mews|Boulevard|Blvd)\b{_WITHIN}{{1,60}}?"
    r"(?<![\w])(?:[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Z]{2}|[A-Z]{2} [0-9]{5}(?:-[0-9]{4})?)(?!\w)"
)
"""Number, street, and a British postcode, or a state and its code."""


def _addresses(text: str, most: int) -> _Spans:
    """Postal addresses with a house number and the town's code."""
    for beginning, rest in ((_FRENCH, _FRENCH_REST), (_ENGLISH, _ENGLISH_REST)):
        for start in islice(beginning.finditer(text), most):
            end = rest.match(text, start.end())
            if end:
                yield start.start(), end.end()
