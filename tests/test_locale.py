"""The catalogues: complete, used, well set; and how a language is chosen and written."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from hypothesis import given, settings
from hypothesis import strategies as st

import palabre
from palabre import demonstration, locale, screening
from palabre.actions import quarantine
from palabre.actions.bans import DOMAINS
from palabre.errors import FIELD_CODES, PROBLEMS
from palabre.model import (
    ACTIONS,
    REASONS,
    REPORT_REASONS,
    TREATMENTS,
    BanKind,
    Outcome,
    Proof,
    Scope,
    State,
)
from palabre.rendering.desk import MENU
from palabre.rendering.desk_places import ADDRESSES, CHOICES, FLAGS, LIMITS, NUMBERS
from palabre.screening import banned
from palabre.text import features, mail_link, personal
from palabre.text.policy import WORDS
from palabre.text.presets import PRESETS

SOURCE = Path(palabre.__file__).parent
TEMPLATES = SOURCE / "rendering" / "templates"
SCRIPTS = [SOURCE / "web" / "static" / name for name in ("embed.js", "guard.js")]

KEYS = (
    *("next", "previous", "approve", "reject", "spam", "hold", "delete", "pick", "undo"),
    *("search", "help"),
)

KEPT = ("rejected", "spam", "pending")

FAMILIES = {
    *(f"state.{state}" for state in State),
    *(f"receipt.state.{state}" for state in State),
    *(f"receipt.means.{state}" for state in State),
    *(f"reason.{reason}" for reason in REASONS),
    *(f"report.reason.{reason}" for reason in REPORT_REASONS),
    *(f"report.outcome.{means}{outcome}" for outcome in Outcome for means in ("", "means.")),
    *(f"desk.reports.outcome.{outcome}" for outcome in Outcome),
    *(f"field.{code}" for code in FIELD_CODES),
    *(f"problem.{kind.code}.{part}" for kind in PROBLEMS for part in ("title", "detail", "about")),
    *(f"mail.standing.{state}" for state in State),
    *(
        f"mail.{words}.{action}"
        for words in ("ask", "means", "button")
        for action in mail_link.ACTIONS
    ),
    *(f"language.{language}" for language in locale.LANGUAGES),
    *(f"desk.done.{state}{one}" for state in State for one in ("", ".one")),
    *(f"desk.undone.{state}{one}" for state in State if state != "deleted" for one in ("", ".one")),
    *(f"desk.act.{verb}" for verb in ACTIONS if verb != "delete"),
    *(f"desk.queue.title.{state}" for state in (*State, "all") if state != "deleted"),
    *(f"desk.keys.{what}" for what in KEYS),
    *(f"rule.{name}" for name in ("policy", "retention", "flood", "reports")),
    *(f"desk.empty.{kind}" for kind in ("pending", "state", "filtered")),
    *(f"desk.state.{state}" for state in (*State, "all") if state != "deleted"),
    *(f"desk.menu.{name}" for name in MENU),
    *(f"policy.{rule}" for rule in (*ADDRESSES, *NUMBERS, *WORDS)),
    *(f"policy.{rule}.hint" for rule in WORDS),
    *(f"policy.{rule}" for rule in CHOICES),
    *(f"policy.{rule}.{one}" for rule, some in CHOICES.items() for one in (*some, "hint")),
    *(f"policy.{rule}" for rule in LIMITS),
    *(f"policy.{rule}.hint" for rule in LIMITS),
    *(f"quarantine.done.{action}" for action in quarantine.ACTIONS),
    *(f"policy.{rule}" for rule in FLAGS),
    *(f"policy.{rule}.{one}" for rule in FLAGS for one in ("on", "off", "hint")),
    *(f"ban.of.{kind}" for kind in BanKind),
    *(f"ban.named.{kind}" for kind in DOMAINS),
    *(f"desk.bans.kind.{kind}" for kind in DOMAINS),
    *(f"signal.{why}_because" for why in banned.WHY.values()),
    *(f"policy.{default}" for default in ("default", "as_site")),
    *(f"desk.moderators.{standing}.since" for standing in ("works", "expired", "revoked")),
    *(f"scope.{scope}" for scope in Scope),
    *(f"rule.{rule.look.__name__}" for rule in screening.RULES),
    "rule.trust",
    *(f"signal.proof_{proof}" for proof in Proof if proof is not Proof.GOOD),
    *(f"rules.{words}.{rule.name}" for rule in screening.RULES for words in ("name", "about")),
    *(f"rules.treatment.{one}" for one in (*TREATMENTS[1:], "refuse")),
    *(f"policy.treatment.{one}" for one in (*TREATMENTS, "refuse")),
    *(f"policy.preset.{name}" for name in PRESETS),
    *(f"rules.first_state.{state}" for state in ("pending", "approved")),
    *(f"rules.learned.{state}" for state in ("hold", "spam")),
    *(f"rules.retention.{state}{off}" for state in KEPT for off in ("", ".off")),
    *(f"desk.rules.from.{whose}" for whose in ("preset", "own")),
    *(f"signal.bot.{mark}" for mark in ("no_language", "no_agent", "program", "no_navigation")),
    *(f"{words}.{kind}" for words in ("personal", "mask") for kind in personal.KINDS),
    *(f"learned.{shape}" for shape in features.SHAPES),
    *(f"demo.{words}.{way}" for words in ("way", "about") for way in demonstration.VARIANTS),
}
"""Messages whose codes are put together from a list in the source."""

NAMERS = {
    # Who names a message: what its code begins with, where the caller puts it, and, for errors
    # without a hint, where the field code stands that is the message then.
    "FieldError": ("field.", "hint", 2, 1),
    "Refused": ("field.", "hint", 1, 0),
    "EmailError": ("field.", "hint", 1, None),
    "wrong": ("field.", "hint", None, 1),
    "_line": ("field.", "hint", None, None),
    "Signal": ("signal.", "why", 2, None),
}


@cache
def messages(language: str) -> dict[str, Message]:
    with (SOURCE / "locale" / language / "palabre.po").open("rb") as file:
        catalogue = read_po(file, locale=language, abort_invalid=True)
    assert not catalogue.obsolete
    return {
        message.id if isinstance(message.id, str) else message.id[0]: message
        for message in catalogue
        if message.id
    }


def forms(message: Message) -> tuple[str, ...]:
    if isinstance(message.string, str):
        return (message.string,)
    return tuple(message.string or ())


def every_form(language: str) -> list[tuple[str, str]]:
    return [(code, form) for code, found in messages(language).items() for form in forms(found)]


def places(form: str) -> set[str]:
    found = set()
    for _, name, spec, conversion in Formatter().parse(form):
        if name is not None:
            assert re.fullmatch("[a-z_]+", name)
            assert not spec
            assert conversion is None
            found.add(name)
    return found


@cache
def calls() -> list[ast.Call]:
    return [
        node
        for path in sorted(SOURCE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    ]


def name_of(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def said_in_python() -> Iterator[tuple[str, set[str] | None]]:
    """Each literal code given to `say`, and the values beside it (None: not to be told)."""
    for call in calls():
        if name_of(call) == "say":
            given = {keyword.arg for keyword in call.keywords}
            for argument in call.args[:2]:
                if isinstance(argument, ast.Constant) and "." in str(argument.value):
                    values = None if None in given else {name for name in given if name}
                    yield str(argument.value), values


def named_in_python() -> Iterator[tuple[str, set[str] | None]]:
    """Each message that an error or a signal names, and the values beside it."""
    for call in calls():
        if (caller := name_of(call)) not in NAMERS:
            continue
        prefix, keyword, place, otherwise = NAMERS[caller]
        named = [item.value for item in call.keywords if item.arg == keyword]
        if place is not None:
            named += call.args[place : place + 1]
        if otherwise is not None and not named:
            named = call.args[otherwise : otherwise + 1]
        for node in named:
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield prefix + node.value, values_of(call, caller)


def values_of(call: ast.Call, caller: str) -> set[str] | None:
    if caller in {"Refused", "wrong"}:
        return {item.arg for item in call.keywords if item.arg}
    if caller not in {"FieldError", "Signal"}:
        return None
    given = [item.value for item in call.keywords if item.arg == "values"] + call.args[3:4]
    if not given:
        return set()
    if not isinstance(given[0], ast.Dict):
        return None
    return {str(key.value) for key in given[0].keys if isinstance(key, ast.Constant)}


def said_in_templates() -> set[str]:
    texts = [
        path.read_text(encoding="utf-8") for path in (*sorted(TEMPLATES.rglob("*.*")), *SCRIPTS)
    ]
    said = r'\b(?:say\(|WORDS\[)"([^"]+)"(?! [~+])'
    return {code for text in texts for code in re.findall(said, text)}


def words_in_python() -> set[str]:
    """Every string in the source: a code may be said by way of a table or a variable."""
    return {
        node.value
        for path in sorted(SOURCE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


# --- the catalogues


def test_every_language_has_the_same_messages() -> None:
    codes = {language: set(messages(language)) for language in locale.LANGUAGES}
    assert codes["fr"] == codes["en"]


def test_every_language_has_a_folder_and_every_folder_a_language() -> None:
    folders = {path.parent.name for path in (SOURCE / "locale").glob("*/palabre.po")}
    assert folders == set(locale.LANGUAGES)


@pytest.mark.parametrize("language", locale.LANGUAGES)
def test_no_message_is_empty_or_unsure(language: str) -> None:
    for code, message in messages(language).items():
        assert not message.fuzzy, code
        assert all(form.strip() == form and form for form in forms(message)), code
        assert len(forms(message)) == (2 if message.pluralizable else 1), code


def test_every_message_that_the_source_says_exists() -> None:
    said = {code for code, _ in (*said_in_python(), *named_in_python())}
    assert sorted((said | said_in_templates() | FAMILIES) - set(messages("fr"))) == []


def test_no_message_is_unused() -> None:
    words = words_in_python()
    named = {
        code
        for code in messages("fr")
        if code in words
        or (code.startswith(("field.", "signal.")) and code.partition(".")[2] in words)
    }
    assert sorted(set(messages("fr")) - named - said_in_templates() - FAMILIES) == []


def test_whoever_names_a_message_gives_the_values_that_stand_in_it() -> None:
    for code, values in (*said_in_python(), *named_in_python()):
        if values is not None and code in messages("fr"):
            wanted = set().union(*(places(form) for form in forms(messages("fr")[code])))
            assert wanted <= values, f"{code} wants {wanted - values}"


def test_the_places_in_a_sentence_are_the_same_in_every_language() -> None:
    for code in messages("fr"):
        french, english = (
            [places(form) for form in forms(messages(language)[code])]
            for language in locale.LANGUAGES
        )
        assert set().union(*french) == set().union(*english), code
        for form in (*french, *english):
            # "one field" needs no number; nothing else may be left out.
            assert set().union(*french) - form <= {"n"}, code


def test_french_sentences_are_set_as_french() -> None:
    for code, form in every_form("fr"):
        if not code.endswith(".pattern"):
            assert_french(form)


def test_the_demonstration_article_is_set_as_french() -> None:
    story = (TEMPLATES / "demo" / "story.html").read_text(encoding="utf-8")
    text = re.sub(r"<[^>]+>", "", story)
    assert len(text) > 1_000
    assert_french(text)


def assert_french(text: str) -> None:
    assert not re.search(r"""['"`]|\.\.\.""", text), text
    assert not re.search(r"(?<!\u202f)[;!?]", text), text
    assert not re.search(r"(?<!\u00a0):(?!//)", text), text
    assert not re.search(r"«(?!\u00a0)|(?<!\u00a0)»", text), text
    assert not re.search(r"[0-9][ ][%0-9]|[ ]%", text), text


def test_english_sentences_are_set_as_english() -> None:
    for code, form in every_form("en"):
        assert not re.search(r"""['"`«»]|\.\.\.|[ \u00a0\u202f][;:!?]""", form), code


def test_nobody_is_called_tu() -> None:
    familiar = re.compile(r"\b(?:tu|te|toi|ton|ta|tes|t’\w+)\b", re.IGNORECASE)
    assert [code for code, form in every_form("fr") if familiar.search(form)] == []


# --- say


def test_a_sentence_takes_its_values() -> None:
    assert locale.say("fr", "listing.reply_to", name="Zoé") == "Répondre à Zoé"
    assert locale.say("en", "listing.reply_to", name="Zoé") == "Reply to Zoé"


@pytest.mark.parametrize(
    ("language", "n", "sentence"),
    [
        ("fr", 0, "0 commentaire"),
        ("fr", 1, "1 commentaire"),
        ("fr", 2, "2 commentaires"),
        ("fr", 1204, "1\u202f204 commentaires"),
        ("en", 0, "0 comments"),
        ("en", 1, "1 comment"),
        ("en", 2, "2 comments"),
        ("en", 1204, "1,204 comments"),
    ],
)
def test_the_number_chooses_the_plural(language: str, n: int, sentence: str) -> None:
    assert locale.say(language, "listing.count", n=n) == sentence


def test_the_only_number_chooses_the_plural_where_there_is_no_n() -> None:
    assert locale.say("en", "field.too_long", limit=1).endswith("1 character.")
    assert locale.say("en", "field.too_long", limit=80).endswith("80 characters.")


def test_n_chooses_the_plural_among_several_numbers() -> None:
    assert locale.say("fr", "signal.links_over", n=4, limit=1) == "4 liens, limite 1."
    assert locale.say("fr", "signal.links_over", n=1, limit=0) == "1 lien, limite 0."


def test_braces_in_a_value_are_only_braces() -> None:
    hostile = "{name} {0.__class__} {{"
    assert locale.say("en", "listing.reply_to", name=hostile) == f"Reply to {hostile}"


def test_a_value_that_nobody_asked_for_is_ignored() -> None:
    assert locale.say("en", "state.spam", n=3, limit=4) == "spam"


@pytest.mark.parametrize(
    ("language", "message"),
    [("fr", "no.such.message"), ("fr", ""), ("de", "state.spam"), ("../fr", "state.spam")],
)
def test_what_is_not_in_the_catalogues_is_a_key_error(language: str, message: str) -> None:
    with pytest.raises(KeyError):
        locale.say(language, message)


def test_a_missing_value_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        locale.say("fr", "listing.reply_to")
    with pytest.raises(KeyError):
        locale.say("fr", "listing.count")


# --- choose


@pytest.mark.parametrize(
    ("lang", "site_locale", "accept_language", "chosen"),
    [
        (None, None, None, "fr"),
        ("en", "fr", "fr", "en"),
        ("EN-us", "fr", None, "en"),
        ("en-Latn-GB-x-private", None, None, "en"),
        ("de", "en", "fr", "en"),
        ("", "en", "fr", "en"),
        ("en_GB", "fr", None, "fr"),
        ("en-", "fr", None, "fr"),
        ("en\n", "fr", None, "fr"),
        ("en-" + "x" * 8 + "-x" * 20, "fr", None, "fr"),
        ("../en", None, None, "fr"),
        (None, "de", "en", "en"),
        (None, None, "en", "en"),
        (None, None, "de, en;q=0.5", "en"),
        (None, None, "fr;q=0.3, en;q=0.7", "en"),
        (None, None, "fr-CH, fr;q=0.9, en;q=0.8, *;q=0.5", "fr"),
        (None, None, "en-GB,en;q=0.9", "en"),
        (None, None, "en, fr", "en"),
        (None, None, "fr;q=0, *", "en"),
        (None, None, "fr;q=0, en;q=0", "fr"),
        (None, None, "*", "fr"),
        (None, None, "*;q=0.1, en;q=0.9", "en"),
        (None, None, "en;q=2, fr;q=0.1", "fr"),
        (None, None, "en;q=high, ;;, =, en-GB ; Q=0.1", "en"),
        (None, None, "en" + ", de" * 500, "fr"),
    ],
)
def test_the_language_is_chosen_in_the_contract_s_order(
    lang: str | None, site_locale: str | None, accept_language: str | None, chosen: str
) -> None:
    found = locale.choose(lang=lang, site_locale=site_locale, accept_language=accept_language)
    assert found == chosen


def test_the_default_is_the_operator_s() -> None:
    found = locale.choose(lang=None, site_locale=None, accept_language="*", default="en")
    assert found == "en"


@settings(max_examples=200, deadline=None)
@given(st.text(), st.text(), st.text("fren*-;,=q.0189 \t", max_size=60))
def test_any_header_gets_a_shipped_language(lang: str, site: str, header: str) -> None:
    found = locale.choose(lang=lang, site_locale=site, accept_language=header)
    assert found in locale.LANGUAGES


# --- numbers and dates

AT = datetime(2026, 11, 22, 18, 4, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes", "french", "english"),
    [
        (0, "0\u00a0min", "0 mins"),
        (59, "59\u00a0min", "59 mins"),
        (60, "1\u202fh", "1 hr"),
        (75, "1\u202fh 15\u00a0min", "1 hr 15 mins"),
        (24 * 60 + 59, "1\u202fj", "1 day"),
        (51 * 60, "2\u202fj 3\u202fh", "2 days 3 hrs"),
    ],
)
def test_a_time_that_passed_is_told_in_two_units(minutes: int, french: str, english: str) -> None:
    assert [locale.format_span(one, minutes) for one in ("fr", "en")] == [french, english]


def test_numbers_are_grouped_as_the_language_does() -> None:
    assert locale.format_number("fr", 10_000) == "10\u202f000"
    assert locale.format_number("en", 10_000) == "10,000"
    assert locale.format_number("fr", 999) == "999"


@pytest.mark.parametrize(
    ("moment", "french", "english"),
    [
        (AT, "22 novembre 2026 à 18\u00a0h\u00a004\u00a0UTC", "22 November 2026 at 18:04\u00a0UTC"),
        (
            AT.replace(day=1),
            "1er novembre 2026 à 18\u00a0h\u00a004\u00a0UTC",
            "1 November 2026 at 18:04\u00a0UTC",
        ),
        (
            AT.replace(hour=9),
            "22 novembre 2026 à 9\u00a0h\u00a004\u00a0UTC",
            "22 November 2026 at 09:04\u00a0UTC",
        ),
        (
            AT.astimezone(timezone(timedelta(hours=9))),
            "22 novembre 2026 à 18\u00a0h\u00a004\u00a0UTC",
            "22 November 2026 at 18:04\u00a0UTC",
        ),
    ],
)
def test_a_moment_is_written_in_utc(moment: datetime, french: str, english: str) -> None:
    assert locale.format_when("fr", moment) == french
    assert locale.format_when("en", moment) == english


def test_a_moment_is_written_in_the_zone_that_is_asked_for() -> None:
    zone = timezone(timedelta(hours=9))
    assert locale.format_when("en", AT, zone=zone) == "23 November 2026 at 03:04"


@pytest.mark.parametrize(
    ("now", "french", "english"),
    [
        (AT, "aujourd’hui à 18\u00a0h\u00a004\u00a0UTC", "today at 18:04\u00a0UTC"),
        (
            AT + timedelta(hours=6),
            "hier à 18\u00a0h\u00a004\u00a0UTC",
            "yesterday at 18:04\u00a0UTC",
        ),
        (
            AT + timedelta(days=2),
            "22 novembre 2026 à 18\u00a0h\u00a004\u00a0UTC",
            "22 November 2026 at 18:04\u00a0UTC",
        ),
        (
            AT - timedelta(days=1),
            "22 novembre 2026 à 18\u00a0h\u00a004\u00a0UTC",
            "22 November 2026 at 18:04\u00a0UTC",
        ),
    ],
)
def test_a_moment_close_to_now_is_named_by_its_day(
    now: datetime, french: str, english: str
) -> None:
    assert locale.format_when("fr", AT, now) == french
    assert locale.format_when("en", AT, now) == english
