"""The comments that every service under measure gets: the same texts, names and threads.

The words are drawn at random from few enough to compress as prose does, about three to one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from random import Random

from bench.answer import JSON, post

_WORDS = """
le la les un une des ce cette ces mon notre leur son et ou mais donc car ni que qui dont où si
comme quand parce afin sans avec pour par dans sur sous entre vers chez depuis pendant avant après
article auteur étude chiffres semaine année matin soir ville quartier rue mairie région école
lecteur journal presse débat question réponse exemple méthode résultat marché prix travail emploi
service bureau collègue patron réunion direction hôpital patient médecin élève professeur parent
enfant voisin train gare métro vélo voiture route loi projet budget impôt argent banque maison
jardin forêt rivière montagne climat énergie réseau machine outil logiciel écran téléphone
simple difficile utile étonnant courtois précis honnête ancien nouveau petit grand premier dernier
public privé seul même autre certain vrai faux long court cher rapide lent juste clair possible
est sont était avons avez ont fait font dit voit sait croit pense trouve cherche demande répond
utilise propose montre explique change reste devient commence finit gagne perd paie attend oublie
très plus moins bien mal mieux jamais toujours souvent parfois ici ailleurs aujourd’hui demain
pourtant cependant d’abord ensuite enfin surtout presque vraiment seulement ensemble déjà encore
"""
WORDS = _WORDS.split()

LENGTH = 290
"""Characters of a comment, before what makes it another one."""

PAGE = 50
"""Comments of a first page."""

BUSY = 50
"""Articles that submissions go to."""

_numbers = count(1_000_000)


@dataclass(frozen=True, slots=True)
class Said:
    """A comment to be, its writer's address included.

    `parent`: the place in the thread of the one it answers.
    """

    name: str
    email: str
    text: str
    address: str
    parent: int | None = None


def text(random: Random) -> str:
    """A comment with some markup: one word is strong, one place is linked to."""
    words: list[str] = []
    while sum(map(len, words)) + len(words) < LENGTH - 30:
        sentence = random.choices(WORDS, k=random.randint(6, 14))
        words += [sentence[0].capitalize(), *sentence[1:-1], f"{sentence[-1]}."]
    at = random.randrange(1, len(words) - 1)
    words[at] = f"**{words[at]}**"
    return f"{' '.join(words)[: LENGTH - 30]}, voir https://exemple.fr/{random.choice(WORDS[40:])}"


def thread(length: int = PAGE, *, first: int = 0) -> list[Said]:
    """A thread: every third comment is answered by the two behind it. *first*: its number."""
    return [
        _said(first + place, parent=place - place % 3 if place % 3 else None)
        for place in range(length)
    ]


def another() -> Said:
    """A comment that nobody has sent before, by somebody who has sent none."""
    return _said(next(_numbers))


def _said(number: int, *, parent: int | None = None) -> Said:
    return Said(
        name=f"Hélène {number}",
        email=f"helene{number}@example.com",
        # Of its own: screening knows again what differs from another by a number.
        text=text(Random(number)),
        address=f"198.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
        parent=parent,
    )


def article(number: int) -> str:
    """The article that the n-th submission goes to."""
    return f"/b/{number % BUSY}"


def sent(path: str, said: Said, fields: Mapping[str, object]) -> bytes:
    """The request that a proxy passes on when *said* is sent to *path* as *fields* in JSON.

    Without its `X-Forwarded-For` all would be one visitor's, and no service takes thousands a
    second from one.
    """
    return post(path, json.dumps(fields).encode(), JSON | {"X-Forwarded-For": said.address})
