"""The conversation that `palabre demo` plays on the demonstration's articles.

It is content, French whatever language the service speaks, not messages of the service. The text
of the first article is in `rendering/templates/demo/article.html`; the comments speak of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from palabre.demonstration import ADDRESS, TITLE
from palabre.model import State

DESK = "Claire, du Carnet des Tanneurs"
"""The name that the moderator's replies are shown under."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A moderator's decision. `after`: minutes since the comment was written, as below."""

    after: int
    becomes: State
    reason: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Corrected:
    """A moderator's edit: the whole text as it reads afterwards."""

    after: int
    text: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The author deletes the comment by its receipt."""

    after: int


Step = Decided | Corrected | Withdrawn


def approved(after: int = 25) -> tuple[Step, ...]:
    """What becomes of most comments."""
    return (Decided(after, State.APPROVED),)


def refused(reason: str, note: str, *, after: int = 40) -> tuple[Step, ...]:
    """What becomes of a comment against the rules of the house."""
    return (Decided(after, State.REJECTED, reason, note),)


@dataclass(frozen=True, slots=True)
class Said:
    """A comment. `ago`: minutes between its writing and now.

    `steps`: what happened to it, in order; none while it stays in its first state. `replies` are
    younger than what approved it. `by_moderator`: a moderator's reply, public at once. `lured`:
    written by a program, which filled in the field that people don't see.
    """

    name: str
    ago: int
    text: str
    steps: tuple[Step, ...] = ()
    website: str | None = None
    replies: tuple[Said, ...] = ()
    by_moderator: bool = False
    lured: bool = False

    @property
    def email(self) -> str:
        """An address of the domain that is kept for examples (RFC 2606), the same for a name."""
        plain = unicodedata.normalize("NFKD", self.name).encode("ascii", "ignore").decode()
        return ".".join(re.findall("[a-z0-9]+", plain.lower())) + "@example.com"


@dataclass(frozen=True, slots=True)
class Story:
    """An article of the demonstration with its comments. `closed`: takes no more of them."""

    address: str
    title: str
    comments: Sequence[Said]
    closed: bool = False


_DAY = 24 * 60

_LIBRARY = Story(
    ADDRESS,
    TITLE,
    (
        Said(
            "Mireille Gautier",
            3 * _DAY + 310,
            "Infirmière de nuit à l’hôpital Saint-Roch, je n’avais pas mis les pieds dans une "
            "bibliothèque depuis dix ans : elle fermait toujours quand je me levais. J’y suis "
            "allée mardi à 5 heures du matin, en sortant du service. Nous étions quatre. "
            "**Merci** à celles et ceux qui ont porté cette idée.",
            approved(35),
            replies=(
                Said(
                    "Thomas B.",
                    3 * _DAY + 180,
                    "Même chose ici : boulanger, je commence à 3 heures. Je passe rendre mes "
                    "livres avant d’allumer le four, et la borne dit bonjour mieux que moi à "
                    "cette heure-là.",
                    approved(),
                    replies=(
                        Said(
                            "Mireille Gautier",
                            2 * _DAY + 1290,
                            "Alors c’est vous, l’odeur de levain près des périodiques ! À un de "
                            "ces matins.",
                            approved(15),
                        ),
                    ),
                ),
                Said(
                    DESK,
                    3 * _DAY + 120,
                    "Merci pour ce récit. Nous préparons un portrait des lecteurs de la nuit : "
                    "si l’une ou l’un de vous accepte d’y figurer, la rédaction est ouverte le "
                    "jeudi, de 14 h à 17 h.",
                    by_moderator=True,
                ),
            ),
        ),
        Said(
            "Jean-Paul Delmas",
            3 * _DAY + 95,
            "J’habite quai des Tanneurs, troisième étage, face à la verrière. Personne n’est "
            "contre les livres. Mais une salle éclairée comme un stade jusqu’au matin, on la voit "
            "derrière des volets fermés. La mairie parle de « gêne ressentie ». Qu’elle vienne "
            "la ressentir chez moi.",
            approved(),
            replies=(
                Said(
                    "Soraya Haddad",
                    2 * _DAY + 1350,
                    "À la réunion de chantier, on nous avait promis des stores côté canal et un "
                    "éclairage baissé de moitié après 23 h. Les stores sont posés, je les ai "
                    "vus ; il reste à trouver qui les descend le soir, puisque l’équipe part à "
                    "19 h.",
                    approved(),
                    replies=(
                        Said(
                            "Jean-Paul Delmas",
                            2 * _DAY + 1200,
                            "Une minuterie à trente euros, peut-être ? Je veux bien l’offrir.",
                            approved(60),
                            replies=(
                                Said(
                                    "Soraya Haddad",
                                    2 * _DAY + 1020,
                                    "Portez-la mardi à la réunion publique, je vous garde une "
                                    "chaise.",
                                    approved(),
                                ),
                            ),
                        ),
                    ),
                ),
            ),
        ),
        Said(
            "Camille R.",
            2 * _DAY + 1100,
            "Petite correction : le dernier tram part à 0 h 12 de l’arrêt Abattoirs, donc « jour "
            "et nuit » vaut surtout pour qui habite à côté.",
            (Decided(20, State.APPROVED), Withdrawn(1200)),
            replies=(
                Said(
                    "Hugo Lemaire",
                    2 * _DAY + 960,
                    "Il y a aussi la navette N4, toutes les heures jusqu’à 5 h. Elle est absente "
                    "du plan affiché à l’arrêt, mais bien dans l’application.",
                    approved(),
                ),
            ),
        ),
        Said(
            "Un bibliothécaire",
            2 * _DAY + 700,
            "Je suis l’un des neuf. Trois choses que le reportage ne dit pas :\n\n"
            "- la nuit, la borne prête surtout des bandes dessinées et des codes de la route ;\n"
            "- le numéro affiché près de l’escalier sonne chez une société à 80 km ;\n"
            "- le matin, nous rangeons ce que la nuit a déplacé, et cela n’est compté nulle part."
            "\n\nL’ouverture, oui. À condition de l’écrire noir sur blanc : aucun poste en moins.",
            approved(90),
            replies=(
                Said(
                    "Nadège Perrin",
                    2 * _DAY + 300,
                    "> cela n’est compté nulle part\n\n"
                    "C’est le fond du sujet. J’ai tenu une médiathèque municipale pendant "
                    "vingt-deux ans : tout ce que l’on ne compte pas finit par être supprimé.",
                    approved(),
                ),
                Said(
                    "Luc Morvan",
                    2 * _DAY + 150,
                    "Avec le respect que je vous dois, des fonctionnaires qui se plaignent de "
                    "ranger des livres, bande de [censuré par moi-même], ça ne m’émeut plus.",
                    refused("abuse", "Deuxième rappel à la charte pour ce lecteur.", after=55),
                ),
            ),
        ),
        Said(
            "Inès, 17 ans",
            1 * _DAY + 1380,
            "Chez moi on est cinq dans un T3. Ici j’ai une table, une prise et du silence "
            "jusqu’à l’heure que je veux. Pour le bac ça change *tout*. La seule chose qui "
            "manque, c’est une machine à café qui rend la monnaie ☕",
            approved(),
            replies=(
                Said(
                    "Mme Okafor",
                    1 * _DAY + 1210,
                    "Bon courage pour les révisions. Et rentrez accompagnée le soir, s’il vous "
                    "plaît : le quai est mal éclairé après le pont.",
                    approved(),
                ),
            ),
        ),
        Said(
            "Patrick Vasseur",
            1 * _DAY + 1000,
            "J’ai retrouvé le parapluie de l’article : c’est le mien. Manche en bois, une baleine "
            "tordue. Si la personne de l’accueil lit ceci, elle peut m’appeler au 01 99 00 12 34.",
            (
                Corrected(
                    30,
                    "J’ai retrouvé le parapluie de l’article : c’est le mien. Manche en bois, une "
                    "baleine tordue. Je passerai à l’accueil.",
                ),
                Decided(
                    31, State.APPROVED, note="Numéro de téléphone retiré, l’auteur est prévenu."
                ),
            ),
        ),
        Said(
            "Rosa Almeida",
            1 * _DAY + 640,
            "Quelqu’un sait s’il reste des places pour la visite de trente minutes ? Le site de "
            "la ville affiche complet pour les trois semaines à venir.",
            approved(),
            replies=(
                Said(
                    "Hugo Lemaire",
                    1 * _DAY + 560,
                    "Il y en a une sans inscription le samedi à 10 h, dans la limite de douze "
                    "personnes. Venez un quart d’heure avant.",
                    approved(12),
                ),
            ),
        ),
        Said(
            "Bernard Q.",
            1 * _DAY + 420,
            "Et le stationnement devant l’école, on en parle quand ? Trois amendes en un mois.",
            refused("off_topic", "À renvoyer vers l’article sur la place du Marché."),
        ),
        Said(
            "Finances Sereines",
            1 * _DAY + 205,
            "Rachat de crédits en 24 h, réponse immédiate et sans justificatif ! Visitez "
            "https://credit.example/offre et https://credit.example/simulateur ainsi que "
            "https://pret.example puis https://pret.example/contact",
            website="https://credit.example",
            lured=True,
        ),
        Said(
            "Voyance-Amour.com",
            1 * _DAY + 60,
            "Superbe article, très instructif ! Grand médium sérieux, retour de l’être aimé en "
            "trois jours, travaille aussi la nuit comme votre bibliothèque.",
            (Decided(75, State.SPAM, "advertising"),),
        ),
        Said(
            "Élodie Chassagne",
            1180,
            "On pourrait prêter les clés à l’heure du conte aussi ? Le mercredi à 16 h, la "
            "moitié des parents travaillent. Une séance à 19 h 30 en pyjama, mes jumeaux signent "
            "tout de suite.",
            approved(),
            replies=(
                Said(
                    DESK,
                    1050,
                    "Nous avons posé la question à Nadia Ferrand : une soirée d’essai est prévue "
                    "le mois prochain, doudous admis.",
                    by_moderator=True,
                ),
            ),
        ),
        Said(
            "Yann Le Goff",
            830,
            "Article bien équilibré. Une source pour les vingt ans d’expérience du Nord : les "
            "premières bibliothèques « ouvertes » danoises datent de 2004.",
            approved(),
            website="https://yann.example/carnet",
        ),
        Said(
            "Georges Pinel",
            410,
            "JE PAIE MES IMPÔTS DANS CE QUARTIER DEPUIS QUARANTE ANS ET PERSONNE NE M’A DEMANDÉ "
            "MON AVIS SUR CETTE LUMIÈRE QUI RESTE ALLUMÉE TOUTE LA NUIT.",
        ),
        Said(
            "Aïssatou Diop",
            260,
            "Pour qui veut comparer avec d’autres villes, trois lectures utiles : "
            "https://villes.example/horaires-2025, https://villes.example/enquete-nuit et le "
            "rapport de l’inspection, https://inspection.example/bibliotheques.pdf",
        ),
        Said(
            "Victor Nadal",
            95,
            "La salle du rez-de-chaussée est-elle accessible en fauteuil après 19 h ? La rampe "
            "côté canal est fermée par une chaîne quand je passe le soir.",
        ),
    ),
)

_BRIDGE = Story(
    "/demo/passerelle-du-canal",
    "La passerelle du canal rouvrira au printemps",
    (
        Said(
            "Maud Leroux",
            2 * _DAY + 820,
            "Au printemps de quelle année ? C’était déjà la réponse en 2024.",
            approved(),
            replies=(
                Said(
                    "Fabien Roche",
                    2 * _DAY + 640,
                    "Cette fois les garde-corps sont livrés, on les voit bâchés sur la berge.",
                    approved(),
                ),
            ),
        ),
        Said(
            "Odile Tessier",
            1 * _DAY + 890,
            "Pensez aux poussettes : la pente provisoire du côté de l’écluse est impraticable dès "
            "qu’il gèle, et le détour fait presque un kilomètre.",
            approved(),
        ),
        Said(
            "Le Coin des Lecteurs",
            700,
            "Très bon article, merci à toute l’équipe ; je le partage sur ma page.",
            approved(),
        ),
    ),
)

_CANTEEN = Story(
    "/demo/cantine-bio",
    "À la cantine, le bio local fait débat",
    (
        Said(
            "Sandrine Paillet",
            2 * _DAY + 440,
            "Mon fils mange enfin des lentilles. Le chef explique d’où elles viennent, et ça "
            "change tout à table.",
            approved(),
        ),
        Said(
            "Karim Benali",
            1 * _DAY + 770,
            "Vingt-huit centimes de plus par repas, c’est peu pour une commune et beaucoup pour "
            "une famille de quatre enfants. Le quotient familial a-t-il été revu ?",
            approved(),
        ),
        Said(
            "Le Coin des Lectrices",
            540,
            "Très bon article, merci à toute l’équipe ; je le partage sur ma page.",
        ),
    ),
)

_MARKET = Story(
    "/demo/place-du-marche",
    "Place du Marché : ce que change le sens unique",
    (
        Said(
            "Denis Faure",
            3 * _DAY + 700,
            "Primeur sur la place : les livraisons se font mieux, les clients se garent moins. Je "
            "ferai les comptes à la fin de l’année.",
            approved(),
        ),
        Said(
            "Colette Brun",
            3 * _DAY + 520,
            "À vélo, on respire. Il manque seulement un panneau « sauf cycles » rue Haute.",
            approved(),
        ),
    ),
    closed=True,
)

STORIES = (_LIBRARY, _BRIDGE, _CANTEEN, _MARKET)
"""The articles; only the first is a page that the service shows."""
