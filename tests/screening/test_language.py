"""The rule about a script or a language that is not the site's."""

from __future__ import annotations

import dataclasses

import pytest

from palabre.model import Facts, Policy, Signal, Submission
from palabre.screening import sentence
from palabre.screening.language import language
from screening.readers import HONEST, ORDINARY, sent

FRENCH = dataclasses.replace(ORDINARY, locale="fr")

TEXTS = {
    "English": "I really enjoyed reading this post, and I will tell all of my friends about it, "
    "because it was the best that I have read in a long time.",
    "Deutsch": "Ich finde, dass der Artikel sehr gut ist, aber die Zahlen sind nicht von heute, "
    "und das sollte man auch sagen, wenn man so etwas schreibt.",
    "español": "Me parece que el artículo es muy bueno, pero los datos que da no son los de este "
    "año, y eso se debe decir cuando uno escribe sobre el tema.",
    "italiano": "Mi sembra che l’articolo sia molto bello, ma i dati non sono quelli di quest’anno "
    "e questo si deve dire quando si scrive di una cosa come questa.",
    "português": "Eu acho que o artigo é muito bom, mas os dados não são os deste ano, e isso tem "
    "de ser dito quando se escreve sobre um tema como este para todos.",
    "Nederlands": "Ik vind dat het artikel heel goed is, maar de cijfers zijn niet van dit jaar, "
    "en dat moet je ook zeggen als je over zo een onderwerp schrijft.",
    "français": "Je trouve que l’article est très bien, mais les chiffres ne sont pas ceux de "
    "cette année, et il faut le dire quand on écrit sur un sujet comme celui-là.",
}
RUSSIAN = "Очень интересная статья, спасибо автору!"


@pytest.mark.parametrize(
    "submission", [one for key, one in HONEST.items() if key != "another alphabet"]
)
def test_honest_readers_pass(submission: Submission) -> None:
    assert language(submission, FRENCH) is None
    assert language(submission, Facts(policy=Policy(languages=("fr",)))) is None


@pytest.mark.parametrize(
    "text",
    [
        "Thank you! Great job.",
        "شكرا",
        "Merci à محمد عبد الله pour cette belle photo de la médina de تونس العتيقة.",
        (
            "> The liberty of the press is essential to the nature of a free "
            "state, and it is in this "
            "that all of us have to believe.\n\nBelle citation !"
        ),
        (
            "```\nif this is not in the list of all that we have then do it and "
            "return the value of it"
            "\n```\nVoilà qui suffit."
        ),
        (
            "Comme disait Churchill, “never let a good crisis go to waste”, et je "
            "crois que le maire "
            "l’a bien compris : tout est bon pour faire passer ses projets sans en "
            "parler au conseil."
        ),
        "👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍 !!!",
        "E = mc², α + β = γ, Δx → 0",
        # Breton, Occitan, Catalan, Basque, Corsican; Latin.
        (
            "Plijet-bras on bet gant ho pennad-skrid, met n’on ket a-du gant pezh "
            "a lavarit diwar-benn "
            "ar yezh hag ar skolioù e Breizh, peogwir eo kalz gwelloc’h an traoù bremañ."
        ),
        (
            "M’a plan agradat vòstre article, mas soi pas d’acòrdi amb çò que "
            "disètz sus la lenga e "
            "las escòlas, perque las causas van plan melhor uèi que i a vint ans."
        ),
        (
            "M’ha agradat molt el vostre article, però no estic d’acord amb el que dieu sobre la "
            "llengua i les escoles, perquè ara les coses van molt millor que fa vint anys."
        ),
        (
            "Asko gustatu zait zuen artikulua, baina ez nago ados hizkuntzari eta eskolei buruz "
            "diozuenarekin."
        ),
        (
            "Quousque tandem abutere, Catilina, patientia nostra? Quam diu etiam furor "
            "iste tuus nos eludet?"
        ),
    ],
)
def test_quotes_code_names_and_other_languages_of_the_country_pass(text: str) -> None:
    assert language(sent(text), FRENCH) is None
    assert language(sent(text), Facts(policy=Policy(languages=("fr",)))) is None


@pytest.mark.parametrize("name", TEXTS)
def test_a_clear_text_in_another_language_is_remarked_on_or_minded(name: str) -> None:
    remark = Signal("language", 0.3, "language_out_of_place", {"language": name})
    known = "en" if name == "français" else "fr"
    assert language(sent(TEXTS[name]), dataclasses.replace(ORDINARY, locale=known)) == remark
    said = Facts(policy=Policy(languages=(known, "ru")), locale="fr")
    assert language(sent(TEXTS[name]), said) == dataclasses.replace(remark, score=0.6)


@pytest.mark.parametrize(
    ("name", "in_french", "in_english"),
    [
        ("English", "anglais", "English"),
        ("français", "français", "French"),
        ("Deutsch", "allemand", "German"),
        ("Nederlands", "néerlandais", "Dutch"),
    ],
)
def test_the_language_is_named_in_the_moderators_own(
    name: str, in_french: str, in_english: str
) -> None:
    signal = Signal("language", 0.3, "language_out_of_place", {"language": name})
    assert sentence(signal, "fr").endswith(f"celles du site\u00a0: {in_french}.")
    assert sentence(signal, "en").endswith(f"this site’s: {in_english}.")


def test_a_text_in_one_of_the_sites_languages_passes() -> None:
    for tag, name in {"fr": "français", "en": "English", "de": "Deutsch", "es": "español"}.items():
        assert language(sent(TEXTS[name]), Facts(policy=Policy(languages=(tag, "br")))) is None
        assert language(sent(TEXTS[name]), Facts(policy=Policy(languages=(tag,)))) is None


def test_beside_a_language_that_cannot_be_told_none_is() -> None:
    for tag in ("gl", "da", "vi"):
        facts = Facts(policy=Policy(languages=("fr", tag)))
        assert language(sent(TEXTS["English"]), facts) is None


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        (RUSSIAN, "ru"),
        ("شكرا جزيلا على هذا المقال الرائع والمفيد جدا", "ar"),
        ("תודה רבה על הכתבה המעניינת הזאת", "he"),
        ("Πολύ ενδιαφέρον άρθρο, ευχαριστώ", "el"),
        ("这篇文章写得非常好,谢谢作者的分享", "zh"),
        ("とても面白い記事でした、ありがとうございます", "ja"),
        ("정말 흥미로운 기사입니다 감사합니다", "ko"),
        ("बहुत अच्छा लेख है, धन्यवाद आपका", "hi"),
        ("บทความนี้น่าสนใจมากขอบคุณครับ", "th"),
    ],
)
def test_another_script_is_remarked_on_or_minded_unless_it_is_the_sites(
    text: str, tag: str
) -> None:
    remark = Signal("language", 0.4, "script_out_of_place")
    assert language(sent(text), FRENCH) == remark
    said = Facts(policy=Policy(languages=("fr",)), locale="fr")
    assert language(sent(text), said) == dataclasses.replace(remark, score=0.6)
    assert language(sent(text), Facts(policy=Policy(languages=("fr", tag)), locale="fr")) is None
    there = Facts(policy=Policy(languages=(tag,)), locale="fr")
    assert language(sent(TEXTS["français"]), there) == dataclasses.replace(remark, score=0.6)


def test_a_site_of_which_nothing_is_known_minds_no_language() -> None:
    assert language(sent(RUSSIAN), ORDINARY) is None
