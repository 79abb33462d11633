"""What sends the same advertisement a hundred times, no two of them equal. Deterministic."""

from __future__ import annotations

import random
import re

_CHOICE = re.compile(r"\{([^{}]*)\}")

TEMPLATES = {
    "light": (
        "Great {post|article}! I {really|truly} enjoyed reading it and I will share it with my "
        "friends. If you are looking for cheap {insurance|loans}, visit {my|our} {site|page} for a "
        "free quote: http://cheap-quotes.example/{a|b|c|d|e}{1|2|3|4|5|6|7|8|9}{0|1|2|3|4}"
    ),
    "medium": (
        "{Great|Nice|Awesome|Superb} {post|article|write-up}, I {really|truly|definitely} "
        "{enjoyed|liked|loved} {reading|following} your {ideas|thoughts}. {Keep up the good work|"
        "Please keep writing}! {Feel free to|You can also} {visit|check out|browse} {my|our} "
        "{site|page|blog} about {losing weight|dieting} {without effort|the easy way}: "
        "http://slim-fast.example/"
    ),
    "heavy": (
        "{Hi|Hello|Hey} {there|friend|everyone}, {great|nice|awesome} {post|article|piece}! "
        "I {really|truly|sincerely} {enjoyed|liked|loved} {reading|browsing|following} "
        "{this|it|everything} and {bookmarked|saved|shared} {your|the} {site|blog|page}. "
        "{Anyone|People|Everybody} who {needs|wants|seeks} {cash|money|funds} "
        "{quickly|fast|today} should {visit|see|try} {my|our|this} {portal|website|agency}, "
        "{approval|acceptance|agreement} is {guaranteed|certain|assured}: "
        "http://{quick|easy|fast}-{cash|loan|money}.example/"
    ),
    "light, French": (
        "Bonjour, {très bon|excellent} article, je le {partage|recommande} à tous mes contacts. "
        "Si vous cherchez un prêt entre particuliers {rapide|sérieux} et sans frais, écrivez-moi "
        "{vite|aujourd’hui} par ici : http://pret-facile.example/{a|b|c|d|e|f}{1|2|3|4|5|6|7}{0|1|2}"
    ),
    "medium, French": (
        "{Bonjour|Salut|Bonsoir} à {tous|toutes et tous}, {superbe|excellent|très bon} "
        "{article|billet}, {merci|bravo} pour le {partage|travail}. J’ai {retrouvé|récupéré} mon "
        "{mari|compagnon|homme} en {trois|sept|dix} jours grâce au {marabout|voyant|médium} "
        "{sérieux|honnête|puissant} que {je vous recommande|je conseille à chacun}, "
        "{contactez-le|écrivez-lui} {vite|sans attendre} : http://maitre-voyant.example/"
    ),
    "heavy, French": (
        "{Bonjour|Bonsoir|Salut}, {superbe|excellent|joli} {article|billet|texte}, "
        "{j’ai adoré|j’aime beaucoup|je trouve passionnant} ce {blog|site|journal}. "
        "{Besoin|Envie|Désir} de {gagner|toucher|obtenir} {de l’argent|des revenus|du cash} "
        "{rapidement|facilement|sans effort} depuis {la maison|chez vous|votre canapé} ? "
        "{Ma|Notre|Cette} {méthode|formation|technique} {secrète|unique|garantie} a "
        "{changé|transformé|bouleversé} {ma vie|mon quotidien|mes finances}, "
        "{cliquez|venez voir|inscrivez-vous} {ici|vite|maintenant} : "
        "http://{argent|revenu|gain}-{facile|rapide|net}.example/"
    ),
    "without a link": (
        "{Investing|Trading} in crypto {changed|transformed} my {life|situation}: I "
        "{started|began} with two hundred dollars and {earned|made} {nine|twelve|fifteen} "
        "thousand within a {month|few weeks} thanks to Mrs Patricia {Walker|Wilson}, a "
        "{certified|licensed} broker. "
        "{Write to her|Contact her} on WhatsApp at +1 555 01{1|2|3|4|5|6|7}{0|1|2|3|4|5|6|7|8|9} "
        "and {thank me later|you will not regret it}."
    ),
}

SHORT_TEMPLATES = {
    "channel": (
        "{Hello|Hi|Hey|Bonjour}, {great|nice|lovely|superb} {post|article|piece}! Please "
        "{visit|see|join|try} my channel for free {bonus|coins|gifts} today"
    ),
    "one word at the end": (
        "Gagnez facilement votre argent avec notre méthode simple depuis votre "
        "{canapé|maison|salon|jardin|cuisine|bureau|terrasse|voiture}{|.|!| !|…}{| :)| ;)|)}"
    ),
    "luxury, French": (
        "Achetez vos {montres|sacs|lunettes|parfums|chaussures|bijoux|ceintures} de luxe moitié "
        "prix chez {Montreluxe|Luxemontre|Chicluxe|Luxechic|Prixluxe} livraison "
        "{rapide|offerte|express|gratuite}"
    ),
    "crypto": (
        "{My|Our} {uncle|cousin|friend|brother} doubled his bitcoin {savings|wallet|deposit|money} "
        "within days, message {Patricia|Jennifer|Margaret|Elizabeth} on telegram for "
        "{details|help|advice}"
    ),
    "sorcerer, French": (
        "{Grand|Puissant|Vrai} marabout {Kofi|Seydou|Amadou|Moussa|Ibrahim}, retour de l’être aimé "
        "sous {trois|sept|neuf|dix} jours, résultat {garanti|assuré|certain}, WhatsApp "
        "{0|1|2|3|4|5}{0|1|2|3|4|5}"
    ),
    "casino": (
        "{Win|Earn|Grab} real cash playing slots online at {luckyspin|spinlucky|goldspin|megaspin} "
        "casino, {bonus|voucher|jackpot} for new players {tonight|today|now}"
    ),
    "credit, French": (
        "Offre de prêt entre particuliers {sérieux|rapide|honnête|fiable}, contactez "
        "{Madame|Monsieur} {Dupont|Durand|Bernard|Moreau|Petit|Lambert} pour obtenir votre crédit "
        "sous {deux|trois|quatre} jours"
    ),
}
"""Of eight to fifteen words and without a link, one to three of those that count exchanged."""

LOOKALIKES = str.maketrans("aceiopxyABCEHKMOPTX", "асеіорхуАВСЕНКМОРТХ")


def spun(template: str, number: int) -> str:
    """A variant of a template: one of each choice, by the number."""
    rng = random.Random(f"{template} {number}")
    while _CHOICE.search(template):
        template = _CHOICE.sub(lambda match: rng.choice(match[1].split("|")), template)
    return template


def variants(template: str, n: int) -> list[str]:
    """So many variants of a template, no two of them the same."""
    found: dict[str, None] = {}
    number = 0
    while len(found) < n:
        found.setdefault(spun(template, number))
        number += 1
        assert number < 100 * n, "there are not so many"
    return list(found)


def shuffled(text: str, rng: random.Random) -> str:
    """The same sentences in another order."""
    sentences = re.split(r"(?<=[.!?])\s+", text)
    rng.shuffle(sentences)
    return " ".join(sentences)


def elsewhere(text: str, rng: random.Random) -> str:
    """The same with a link to another place each time."""
    place = f"http://{rng.randrange(36**5):x}.example/{rng.randrange(999)}"
    return re.sub(r"http://\S+", place, text)


def lookalike(text: str, rng: random.Random) -> str:
    """The same, many of its letters from another alphabet."""
    words, _, link = text.partition("http")
    return "".join(c.translate(LOOKALIKES) if rng.random() < 0.4 else c for c in words) + _ + link


def invisible(text: str, rng: random.Random) -> str:
    """The same with characters in it that nobody sees."""
    marks = "\u200b\u200c\u200d\u2060\u00ad\ufeff"
    words, _, link = text.partition("http")
    return "".join(c + rng.choice(marks) if rng.random() < 0.2 else c for c in words) + _ + link


def spaced(text: str, rng: random.Random) -> str:
    """The same with some of its words s p a c e d out, and others cut in two."""
    words = text.split(" ")
    for at, word in enumerate(words):
        chance = rng.random()
        if not word.isalpha() or chance > 0.25:
            continue
        cut = rng.randrange(1, len(word)) if len(word) > 1 else 1
        words[at] = " ".join(word) if chance < 0.15 else f"{word[:cut]} {word[cut:]}"
    return " ".join(words)


def numbered(text: str, rng: random.Random) -> str:
    """The same with another number at its end each time."""
    return f"{text} {rng.randrange(10**6)}"


def with_digits(text: str, rng: random.Random) -> str:
    """The same, many of its letters written as digits."""
    digits = dict(zip("aeiost", "431057", strict=True))
    return "".join(digits[c] if c in digits and rng.random() < 0.3 else c for c in text)


def with_a_word(text: str, rng: random.Random) -> str:
    """The same with another word at its end each time, which means nothing."""
    return f"{text} {''.join(rng.choices('abcdefghijk', k=7))}"


DISGUISES = {one.__name__: one for one in (shuffled, elsewhere, lookalike, invisible, spaced)}

SHORT_DISGUISES = {
    one.__name__: one
    for one in (shuffled, lookalike, invisible, spaced, numbered, with_digits, with_a_word)
}
