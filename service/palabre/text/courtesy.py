"""What everybody says: words by which no two texts are told to be by one hand. Pure.

Thanks, praise, agreement, greetings and the little words around them, in the languages that sites
here meet most. Strangers put whole comments together of nothing else, and advertisements begin with
them: they don't count where texts are compared, and a short text of them alone may come again.
"""

from __future__ import annotations

from palabre.text import words

WORDS_LEAST = 3
"""Words of courtesy that it must have at least."""

LENGTH_MOST = 60
"""Characters of a mere courtesy: nobody hits upon a longer one word for word."""

LONG = 4
"""Letters of a word that counts; shorter ones are in every text."""

_LISTED = {
    "fr": """
        merci mercis remercie remercier beaucoup infiniment bravo felicitations chapeau super
        superbe genial geniale excellent excellente excellents magnifique parfait parfaite
        passionnant passionnante interessant interessante interessants instructif instructive
        enrichissant utile utiles complet complete clair claire clairs pertinent pertinente bien
        bonne bonnes beau belle joli jolie formidable remarquable fantastique captivant tres
        vraiment tellement totalement entierement completement absolument parfaitement
        exactement tout toute tous toutes fait faits accord partage partager partagez lire
        lecture relire article articles billet texte sujet dossier reportage publication post
        page blog site commentaire commentaires precedent precedente propos avis point analyse
        travail qualite information informations info infos explication explications conseil
        conseils bonjour bonsoir salut cordialement bientot encore continuez continue suite
        equipe ainsi aussi alors apres avant avec avez avoir avons cela celle celui cette comme
        dans deja depuis donc dont elle elles enfin entre etait etes etre faire font grace hier
        jamais jour leur leurs lors mais meme memes moins mieux mien nous notre parce parfois
        pour pourquoi quand quel quelle quels quelque quelques rien sans sera sinon sont sous
        suis surtout tant toujours trop trouve trouver vers voici voila votre vous assez autre
        autres aime adore adorer apprecie dire dites ecrit
    """,
    "en": """
        thank thanks much very many really truly totally completely absolutely exactly great
        good nice awesome amazing wonderful fantastic brilliant lovely interesting helpful
        useful informative insightful beautiful superb posts piece read reading write writing
        writeup share shared sharing agree agreed enjoy enjoyed liked love loved like your yours
        this that these those they them their there here have been being will would could should
        must with without from into about what when where which while whom whose also just only
        more most some such than then even ever every were wasn well wrote said same still does
        doesn didn comment comments above hello dear everyone everybody
    """,
    "de es it pt nl": """
        danke vielen dank sehr artikel beitrag toller guter interessanter genau bitte ganz auch
        nicht dass diese dieser eine einen einer habe haben wird sind seite gracias muchas
        muchos articulo excelente interesante bueno buena este esta como para pero estoy acuerdo
        todo hola compartir usted grazie mille articolo bellissimo ottimo molto complimenti sono
        della questo questa anche perche come obrigado obrigada muito artigo otimo parabens voce
        isso bedankt heel mooi goed deze voor niet zijn
    """,
}

WORDS = frozenset(" ".join(_LISTED.values()).split())
"""Of `LONG` letters and more, folded as `palabre.text.words` does it."""


def is_mere(text: str) -> bool:
    """Whether a text says nothing but courtesies, in words that strangers share."""
    if len(text) > LENGTH_MOST:
        return False
    counting = {word for word in words.fold(text).split() if len(word) >= LONG}
    return len(counting) >= WORDS_LEAST and counting <= WORDS
