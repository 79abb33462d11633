"""Submissions for the rules' tables: makers, and honest French readers whom no rule may harm."""

from __future__ import annotations

from palabre.model import Facts, Policy, State, Submission

OPEN = Policy(first_state=State.APPROVED)
"""A site that publishes what no rule minds: here a rule that harms the innocent shows."""


def sent(
    text: str,
    *,
    name: str = "Camille",
    website: str | None = None,
    lured: bool = False,
    throwaway: bool = False,
) -> Submission:
    """A submission with this text, the rest being of no interest."""
    return Submission(
        article="/2026/11/gare",
        name=name,
        email="camille@example.com",
        website=website,
        text=text,
        parent=None,
        title=None,
        idempotency_key=None,
        lured=lured,
        throwaway=throwaway,
    )


_LONG = (
    "J’ai lu votre enquête d’une traite. Trois remarques, si vous permettez : d’abord, la ligne "
    "n’a pas fermé en 1969 mais en 1971 ; ensuite, la « petite ceinture » a servi au fret jusqu’en "
    "1993 ; enfin, le rapport de la Cour des comptes (https://www.ccomptes.fr/fr/publications/"
    "le-transport-ferroviaire) dit exactement le contraire de ce que le maire avance. Pour le "
    "reste, merci : on lit trop rarement un travail aussi fouillé sur notre quartier !"
)

HONEST: dict[str, Submission] = {
    "one word": sent("Merci !"),
    "a long comment with one link": sent(_LONG, name="Anne-Laure Le Goff"),
    "two sources, one of them a Markdown link": sent(
        "Voir [l’étude de l’Insee](https://www.insee.fr/fr/statistiques/4277602?sommaire=4318291) "
        "et, pour le contexte, https://fr.wikipedia.org/wiki/Paris_(Texas)."
    ),
    "an archived page, an address within an address": sent(
        "La page a disparu, mais on la lit encore ici : "
        "https://web.archive.org/web/2019/http://www.rff.fr/gare?retour=http://www.sncf.com/"
    ),
    "acronyms": sent(
        "La SNCF, la RATP et la CGT n’avaient pas vu ça depuis le COVID. OK, et l’UE ?"
    ),
    "a name in capitals": sent("Tout à fait d’accord.", name="Jean-François DUPONT-MOREAU"),
    "a cheer": sent("BRAVO À TOUS !!!", name="MADO"),
    "a quoted headline in capitals": sent(
        "> ÉBOULEMENT GARE DU NORD, TOUS LES TRAINS SONT SUPPRIMÉS CE MATIN\n\nPersonne de blessé ?"
    ),
    "quotes and a list": sent(
        "> « La liberté de la presse ne s’use que quand on ne s’en sert pas »\n\n"
        "Oui, *mais* :\n\n- qui paie ?\n- qui lit ?\n- **qui répond ?**"
    ),
    "streets, towns and who to write to": sent(
        "Écrivez à la mairie, 12 bis rue des Lilas, ou passez au 8 place du 11 Novembre 1918 ; "
        "leur site (mairie.example.fr) ne répond pas, et @ville_de_rennes non plus."
    ),
    "numbers and dates": sent(
        "Loi n° 78-17 du 6 janvier 1978, article 29-1 ; ISBN 978-2-07-036822-8. Le 01/02/2020 à "
        "06:30, 35000 Rennais, 3,14159 €, et le 3919 ou le 0800 202 223 pour qui en a besoin."
    ),
    "a heart in the name": sent("Trop beau <3", name="Léa <3 (la vraie)"),
    "initials and a paper in the name": sent("Je confirme.", name="J.P.Martin, Rue89.fr"),
    "code with addresses in it": sent(
        "Chez moi ceci suffit :\n\n```sh\n"
        "curl -LO https://example.org/a.tar.gz\ncurl -LO https://example.org/b.tar.gz\n"
        "curl -LO https://example.org/c.tar.gz\n```\n\nMerci pour l’article !"
    ),
    "code in capitals": sent(
        "Attention à l’index :\n\n~~~\nSELECT TITRE, AUTEUR FROM ARTICLES WHERE ANNEE = MAX(ANNEE)"
        "\nORDER BY AUTEUR;\n~~~\n"
    ),
    "a question about tags": sent(
        'Pourquoi `<a href="…">` plutôt que <button> ? En BBCode on écrivait `[url=…]`, et [b] '
        "pour le gras."
    ),
    "a word about protocols": sent("Passez de http:// à https://, www. ou pas, qu’on en finisse."),
    "another alphabet": sent("شكرا جزيلا على هذا المقال الرائع والمفيد جدا", name="نادية"),
    "figures and emoji": sent("100 % 👍👍👍 2 + 2 = 5 ?!"),
}
"""What people write under French articles; each passes every rule without a signal."""

ORDINARY = Facts(policy=OPEN)
"""Nothing is known: a new text from a new visitor."""
