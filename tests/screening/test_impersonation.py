"""The rule about names that are somebody else's."""

from __future__ import annotations

import dataclasses

import pytest

from palabre.model import Signal, Submission
from palabre.screening.impersonation import OF_READER, SCORE, impersonation
from screening.readers import HONEST, ORDINARY, sent

SITE = dataclasses.replace(
    ORDINARY,
    moderators=("Martin Durand", "Élise", "中村"),
    site_name="la-gazette",
    hosts=("blog.example", "gazette.example"),
)


OFFICES = (
    "L'équipe", "Support", "Rédactrice", "Éditeur", "Éditrice", "Officiel", "Blog officiel",
    "Site officiel", "Le blog", "Team blog", "Staff du site", "Directeur de publication",
    "Directrice de publication", "Official", "Support team", "0fficiel", "LA RÉDACTRICE",
)  # fmt: skip


@pytest.mark.parametrize("submission", HONEST.values(), ids=HONEST)
def test_honest_readers_pass(submission: Submission) -> None:
    assert impersonation(submission, SITE) is None


@pytest.mark.parametrize(
    "name",
    [
        "Martin", "Durand", "M. Durand", "Martin Durant", "Martine Durand", "Elisa", "Lise",
        "Élise B.", "Adama", "Amine", "Admira", "Édith Heure", "Rédha", "Modou", "Modeste",
        "Paul, modérateur de forums", "Stafford", "Gazette", "Un lecteur de la Gazette",
        "中田", "…", "1", "Léa (Lyon)",
        "Editha", "Le Modéré", "Support Alain", "Alain du support", "Officielle", "Blog de Léa",
        "Claire, éditrice", "Paul (éditeur)", "Léa, rédactrice", "L'Équipe de foot", "Mon blog",
        "lea.blog.example", "Example", "Directeur de recherche", "Une éditrice", "Blogueur",
    ],
)  # fmt: skip
def test_a_name_like_another_passes(name: str) -> None:
    assert impersonation(sent("Merci !", name=name), SITE) is None


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Martin Durand", "name_of_moderator"),
        ("MARTIN  DURAND", "name_of_moderator"),
        ("Mаrtin Durаnd", "name_of_moderator"),
        ("Mart1n Dur@nd", "name_of_moderator"),
        ("martin.durand", "name_of_moderator"),
        ("Admin", "name_of_office"),
        ("АDМІN", "name_of_office"),
        ("@dmin", "name_of_office"),
        ("La rédaction", "name_of_office"),
        ("L'équipe de modération", "name_of_office"),
        ("The Moderators", "name_of_office"),
        ("Léa (modération)", "name_of_office"),
        ("Léa - Admin", "name_of_office"),
        ("Modérateur : Paul", "name_of_office"),
        ("La Gazette", "name_of_site"),
        ("lа gazette", "name_of_site"),
        *((name, "name_of_office") for name in OFFICES),
        ("Léa (support)", "name_of_office"),
        ("Léa, directrice de publication", "name_of_office"),
        ("blog.example", "name_of_site"),
        ("Blog.Exаmple", "name_of_site"),
        ("gazette.example", "name_of_site"),
    ],
)
def test_a_borrowed_name_is_minded(name: str, why: str) -> None:
    assert impersonation(sent("Merci !", name=name), SITE) == Signal("impersonation", SCORE, why)


@pytest.mark.parametrize("name", ["Elise", "EIise", "É\u200blise", "中村"])
def test_a_moderator_s_name_of_one_word_says_less(name: str) -> None:
    found = impersonation(sent("Merci !", name=name), SITE)
    assert found == Signal("impersonation", OF_READER, "name_of_moderator")


@pytest.mark.parametrize("name", ["Élise", "中村", "Martin Durand"])
def test_a_known_reader_may_be_called_as_a_moderator_is(name: str) -> None:
    facts = dataclasses.replace(SITE, name_is_own=True)
    assert impersonation(sent("Merci !", name=name), facts) is None


def test_a_name_of_one_word_waits_until_a_moderator_has_let_it_through() -> None:
    facts = dataclasses.replace(SITE, name_is_approved=True)
    assert impersonation(sent("Merci !", name="Élise"), facts) is None
    assert impersonation(sent("Merci !", name="Martin Durand"), facts) is not None


@pytest.mark.parametrize("name", ["Admin", "La Gazette", "blog.example"])
def test_no_reader_owns_what_is_the_site_s(name: str) -> None:
    facts = dataclasses.replace(SITE, name_is_own=True, name_is_approved=True)
    assert impersonation(sent("Merci !", name=name), facts) is not None


def test_where_nobody_moderates_only_offices_are_borrowed() -> None:
    assert impersonation(sent("Merci !", name="Martin Durand"), ORDINARY) is None
    assert impersonation(sent("Merci !", name="admin"), ORDINARY) is not None


@pytest.mark.parametrize("submission", HONEST.values(), ids=HONEST)
def test_a_known_reader_s_name_from_elsewhere_waits_whoever_writes(submission: Submission) -> None:
    facts = dataclasses.replace(SITE, borrowed=True)
    assert impersonation(submission, facts) == Signal("impersonation", 0.55, "name_of_reader")


def test_a_moderator_s_name_is_first_of_all_a_moderator_s() -> None:
    facts = dataclasses.replace(SITE, borrowed=True)
    found = impersonation(sent("Merci !", name="Martin Durand"), facts)
    assert found == Signal("impersonation", SCORE, "name_of_moderator")
