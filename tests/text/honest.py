"""A thousand honest readers of two articles on one subject, in each other's words. Deterministic.

Who writes under one article names the same places and quotes the same lines; what makes them
strangers is all that each says besides. Their comments are composed so that two of them share one
sentence in four at the very most, which is more than people do.
"""

from __future__ import annotations

_OPENINGS_FR = """
J’habite rue des Lilas depuis quinze ans et je n’avais jamais vu autant de vélos.
Merci pour cette enquête, enfin quelqu’un qui regarde les chiffres de près.
Je prends le train de 7 h 12 tous les matins avec mes deux enfants.
Votre article oublie complètement les habitants du plateau.
Conducteur retraité, j’ai roulé sur cette ligne pendant trente ans.
Première fois que je commente ici, mais là c’est trop.
Commerçante place de la Gare, je vois passer tout le monde.
Bonjour à tous, juste une précision sur le calendrier.
On nous avait promis la même chose en 2008, déjà.
Je suis tombé sur cet article en cherchant les horaires d’hiver.
Ma mère est en fauteuil, personne ne parle de l’accès aux quais.
Élu d’opposition à l’époque, je me souviens très bien du vote.
Étudiante à Rennes, je rentre seulement le week-end.
Excellent papier, la carte interactive est très claire.
Désolée, mais je ne partage pas l’enthousiasme général.
Je travaille à l’hôpital de nuit, donc sans voiture c’est impossible.
Historien amateur, je signale une petite erreur de date.
Nous étions quarante à la réunion publique de mardi soir.
Cycliste convaincu, je reste pourtant sceptique.
Habitant de Saint-Aubin, je découvre le projet dans votre journal.
Quelle belle photo de l’ancienne halle en ouverture !
Ingénieure dans les transports, je voudrais nuancer un point.
Mon grand-père posait des rails ici avant la guerre.
"""

_CLAIMS_FR = """
La gare rouvrira peut-être, mais le guichet, lui, ne reviendra pas.
Le budget annoncé ne comprend ni le parking ni la passerelle.
Quarante minutes pour douze kilomètres, voilà la réalité aujourd’hui.
Les cars de remplacement partent pleins dès le deuxième arrêt.
Personne n’a demandé leur avis aux lycéens du canton.
Un passage à niveau fermé, et tout le quartier fait un détour.
Le bruit du fret la nuit sera le vrai sujet dans deux ans.
Sans correspondance à Laval, cette réouverture ne sert presque à rien.
L’étude de fréquentation date d’avant le télétravail.
La mairie a vendu les terrains qu’il faudrait maintenant racheter.
Deux allers-retours par jour, ce n’est pas un service public.
Le tunnel a été inspecté en mars et il est en parfait état.
Les tarifs ont doublé pendant que la qualité s’effondrait.
Une voie verte existe déjà sur l’ancien tracé et elle est adorée.
Le conseil régional a tranché sans attendre l’enquête publique.
Les agriculteurs perdent trois hectares de bonnes terres.
Rien n’est prévu pour garer les poussettes ni les vélos cargos.
La pente vers le viaduc reste le point faible du dossier.
Cette ligne désengorgerait enfin le boulevard aux heures de pointe.
Le matériel roulant viendra d’occasion, de la région voisine.
Les riverains ont reçu une lettre de quatre pages, illisible.
Trois suppressions rien que cette semaine, sans aucune annonce.
Le dernier comptage donnait moins de cent voyageurs quotidiens.
"""

_REASONS_FR = """
Dans ma rue, chacun a fini par acheter une deuxième auto.
J’ai fait le calcul avec mon voisin, on économiserait cent euros par mois.
Il suffit de regarder ce que les Allemands ont réussi près de Fribourg.
Les archives départementales conservent tous les plans, allez les consulter.
Mes élèves arrivent en retard un jour sur trois depuis la rentrée.
Quand la neige tombe, plus rien ne monte jusqu’au bourg.
La chambre de commerce avait chiffré le contraire l’an dernier.
Faites le trajet une seule fois debout et nous en reparlerons.
Le bus s’arrête devant le cimetière, ce qui n’aide personne.
Autrefois le facteur lui-même voyageait avec le courrier.
Une navette électrique coûterait dix fois moins cher.
Mon médecin a déménagé justement à cause de cela.
Les touristes remplissent les rames en juillet, puis le désert.
À la boulangerie, on ne parle plus que de ça.
Le collectif a déposé un recours devant le tribunal administratif.
Je garde tous mes billets compostés dans une boîte à chaussures.
Aucun candidat n’osera le dire avant les élections.
Les pompiers, eux, s’inquiètent surtout des barrières.
Cela ferait vivre deux cafés et une librairie.
Regardez l’état des toilettes et vous aurez compris.
Mon patron refuse de décaler les horaires d’équipe.
Le soir, l’éclairage s’éteint avant l’arrivée du dernier convoi.
L’architecte voulait garder la marquise, c’est raté.
"""

_ENDINGS_FR = """
Qui paiera l’entretien ensuite ?
Je signerai la pétition sans hésiter.
On verra bien au printemps prochain.
Vivement une suite à ce reportage.
Pourriez-vous publier le rapport complet ?
Bon courage aux équipes sur le terrain.
À force de reculer, on finira par renoncer.
Voilà, c’était mon humble témoignage.
J’espère me tromper lourdement.
Que dit la préfète de tout cela ?
Il faudra bien trancher un jour.
Ne lâchons rien, mes amis.
Quelqu’un connaît la date exacte du chantier ?
Tout le reste relève de la communication.
Pour une fois, applaudissons.
Réveillez-vous avant qu’il soit trop tard.
Mes impôts méritent mieux.
En attendant, je marche.
Le débat mérite mieux que des slogans.
Cordialement, une abonnée fidèle.
Rendez-vous samedi devant la fontaine.
Franchement, quelle tristesse.
Allez, un peu d’optimisme !
"""

_OPENINGS_EN = """
I have lived two doors from the old station since 1994.
Thank you for finally printing the actual figures.
As a signalman on that branch I can confirm most of this.
My daughter cycles past the site every morning on her way to college.
Lovely piece, although the map is upside down on my phone.
I was at the council meeting and it went rather differently.
Speaking as someone who runs a café opposite the platform.
Sorry to be the grumpy one here.
We moved to the valley precisely because a train was promised.
Your reporter should have talked to the night-shift nurses.
Long-time reader, first comment.
I drove the replacement coach for six winters.
My late husband painted the footbridge, twice.
Having read the consultant’s appendix over the weekend, one remark.
Nobody under thirty was quoted anywhere in this story.
I teach geography at the comprehensive down the road.
What a treat to see the turntable photographed again.
From my kitchen window I can count every freight wagon.
Full disclosure, I voted against the scheme last year.
Wheelchair user here, so forgive me for repeating myself.
We visited from Bristol last August and missed the last connection.
I farm the two fields beside the embankment.
Born in the crossing keeper’s cottage, so I am biased.
"""

_CLAIMS_EN = """
The ticket office will never come back, whatever the brochure says.
Forty minutes for eight miles is simply not competitive.
Nobody costed the car park or the lift.
The tunnel lining was inspected in spring and passed.
Half the passenger forecast rests on a survey from before the pandemic.
That viaduct needs repointing long before any timetable.
Two return journeys a day hardly amount to a service.
The greenway on the old trackbed is already loved by thousands.
Freight after midnight is what will really divide the village.
Fares doubled while the carriages got older.
They sold the goods yard for flats and now want it back.
The level crossing queue reaches the chemist at half past eight.
Without a decent interchange at the junction it achieves nothing.
Ministers announced exactly the same money three times.
Our bus was cancelled eleven times in November alone.
Diesel units from the nineties are not a green revolution.
The gradient past the quarry defeats anything lighter than a bogie coach.
Young people leave because they cannot reach an apprenticeship.
Every house within a mile gained ten percent on the rumour.
The consultation closed on Christmas Eve, conveniently.
An hourly shuttle would serve the hospital far better.
Badgers have been living in the cutting for decades.
The bridge height rules out electrification altogether.
"""

_REASONS_EN = """
Ask any parent juggling two school runs.
The Swiss manage this with half our population density.
I still keep the 1962 working timetable in a drawer.
My boss counts the minutes, the operator clearly does not.
When it snows the hill road shuts by teatime.
One look at the toilets tells you how much they care.
Our petition gathered nine hundred signatures in a fortnight.
The engineers I drink with laugh at that estimate.
Somebody has to pay for drainage, and it will be us.
Tourists fill the seats in July and vanish by September.
Even the vicar wrote to the regulator.
You cannot push a double buggy up those steps.
Three neighbours bought second cars out of despair.
There used to be a bookshop and a tea room because of it.
The fire brigade worries about the barriers far more.
Compare what Northumberland did with a smaller pot.
An apprentice on minimum wage spends a fifth of it on taxis.
No politician dares to mention maintenance before May.
My allotment floods whenever the culvert blocks.
It took a freedom of information request to learn that.
Batteries may change the sums in ten years.
Lighting goes off before the final arrival, absurdly.
The stone came from our own hillside, after all.
"""

_ENDINGS_EN = """
Who maintains it afterwards?
Count me in for Saturday’s walk.
Time will tell, I suppose.
More reporting like this, please.
Could you upload the whole document?
Good luck to everybody involved.
I would love to be proved wrong.
That is all from me.
Wake up before it is too late.
Hardly rocket science.
Let us celebrate for once.
Meanwhile I shall walk.
Does anyone know when digging starts?
The rest is public relations.
Perhaps the bishop could bless it.
Shame on the lot of them.
Keep the pressure on, folks.
My taxes deserve better.
Slogans will not lay sleepers.
Cheers from a soggy valley.
See you at the fountain.
Honestly, what a pity.
Chin up, everyone!
"""

_LINE_FR = "La gare sera rouverte au plus tard en septembre 2027, sous réserve de l’avis du préfet"
_LINE_EN = "The station will reopen by September 2027 at the latest, subject to approval"
"""What one of the articles says, and many quote."""

WHOLE = [
    "Bravo !",
    "Merci pour cet article !",
    "Merci beaucoup pour cet article très complet.",
    "Merci pour ce très bon article, complet et clair.",
    "Je suis d’accord avec vous.",
    "Je suis entièrement d’accord avec vous, merci pour cet article.",
    "Tout à fait d’accord avec le commentaire précédent.",
    "+1",
    "Great article, thank you!",
    "Great article, thank you very much for sharing this.",
    "Thanks for sharing, very interesting read.",
    "I completely agree with you, great article.",
    f"> {_LINE_FR}.\n\nSous réserve, justement : le préfet a déjà dit non deux fois.",
    f"> {_LINE_FR}.\n\nJe parie un café que personne ne montera dans un train ici avant 2030.",
    f"> {_LINE_FR}.\n\nEnfin une bonne nouvelle pour ma fille qui étudie à Laval !",
    f"« {_LINE_FR} » : on dirait mot pour mot le communiqué de 2008, retrouvé chez mon oncle.",
    f"Vous écrivez : « {_LINE_FR} ». D’après la délibération du conseil, c’est décembre.",
    (
        f"“{_LINE_EN}” is what the "
        "minister said last time, word for word, and my knees were younger then."
    ),
    f"“{_LINE_EN}”: subject to money would be closer to the truth, as the leaked memo showed.",
    f'"{_LINE_EN}" - has anybody told the contractor, who is still tendering for ballast?',
    "Voir https://fr.wikipedia.org/wiki/Gare",
    "Voir aussi : https://fr.wikipedia.org/wiki/Viaduc",
    "Le rapport est ici : https://www.ccomptes.fr/fr/publications/rail",
    "J’avais lu autre chose : https://www.ccomptes.fr/fr/publications/ter",
    "Source: https://en.wikipedia.org/wiki/Branch_line",
    "C’est pas faux.",
    "Personne pour parler du prix du billet ?",
    "Et le prix du billet, on en parle ?",
    "Ça marche chez moi avec `systemctl restart palabre`, merci !",
    "Ça ne marche pas chez moi avec `systemctl restart palabre`, une idée ?",
]
"""Courtesies, quotes of one sentence with words of one's own, a source and little else."""


def _composed(*pools: str) -> list[str]:
    """One sentence of each pool; of any two comments at most one is the same."""
    first, second, third, fourth = (pool.strip().split("\n") for pool in pools)
    prime = len(first)
    assert {len(second), len(third), len(fourth)} == {prime}
    return [
        " ".join((first[x], second[y], third[(x + y) % prime], fourth[(x + 2 * y) % prime]))
        for x in range(prime)
        for y in range(prime)
    ]


COMMENTS = [
    *WHOLE,
    *_composed(_OPENINGS_FR, _CLAIMS_FR, _REASONS_FR, _ENDINGS_FR),
    *_composed(_OPENINGS_EN, _CLAIMS_EN, _REASONS_EN, _ENDINGS_EN),
]

_SHORT = """
Merci beaucoup pour cet article très intéressant et bien documenté.
Merci pour cet article vraiment très intéressant, bravo à toute l’équipe.
Un grand merci pour cet excellent article, clair et très complet.
Merci pour cet article très intéressant.
Je suis d’accord avec le commentaire 3.
Je suis tout à fait d’accord avec le commentaire 12.
Entièrement d’accord avec le commentaire précédent, rien à ajouter.
Tout est dit dans cet article, merci beaucoup à son auteur.
Quand est-ce que la gare va rouvrir, finalement ?
La gare rouvre quand, exactement ? L’article ne le dit pas.
Est-ce que quelqu’un sait si la gare aura des guichets ?
Est-ce que quelqu’un sait combien coûtera le billet pour Laval ?
Quelqu’un sait si les vélos seront acceptés dans le train ?
Et les vélos, on pourra les mettre dans le train ou pas ?
Combien de trains par jour sont prévus le week-end ?
Le train de 7 h 12 sera-t-il maintenu à la rentrée ?
Le train de 8 h 40 était encore supprimé ce matin.
Encore un train supprimé ce matin, comme tous les lundis.
Le préfet a déjà donné son avis, et il était défavorable.
Septembre 2027 ? Je n’y crois pas une seconde.
Je n’y crois pas, on nous promet cette ligne depuis vingt ans.
Vingt ans qu’on nous promet la réouverture de cette ligne.
Très bonne nouvelle pour tous les étudiants du canton !
Bonne nouvelle pour les commerçants de la place de la Gare.
Mauvaise nouvelle pour les riverains, qui vont supporter le fret.
Le parking est déjà plein, où vont se garer les voyageurs ?
Où vont se garer les voyageurs si le parking est vendu ?
Il manque un ascenseur, ma mère ne peut pas descendre au quai.
Sans ascenseur, les quais restent interdits aux fauteuils roulants.
Mon père a travaillé trente ans dans cette gare.
Mon grand-père a vendu des billets dans cette gare jusqu’en 1969.
La photo en haut de l’article date de quelle année ?
Superbe photo, on dirait la gare de mon enfance.
Il y a une faute dans le titre : « rouverte » prend un e.
Petite erreur dans le troisième paragraphe : la gare a fermé en 1971.
La carte ne s’affiche pas sur mon téléphone, est-ce normal ?
La carte s’affiche mal sur mon ordinateur, une idée ?
Qui va payer les travaux, la région ou la commune ?
La région paie les travaux, la commune paie le parking.
Encore un projet pour les urbains, et rien pour les villages.
Et pour les villages du plateau, toujours rien de prévu.
On devrait plutôt réparer les routes avant de parler de train.
Avant de parler de train, réparez donc les routes du plateau !
Prendre le car me coûte quarante minutes tous les jours.
Je prendrais le train tous les jours si les horaires convenaient.
Si les horaires ne changent pas, personne ne prendra ce train.
Les horaires ne correspondent pas à ceux du lycée.
Mes enfants pourraient enfin aller au lycée en train.
Le maire devrait répondre aux questions des habitants.
Monsieur le maire, répondez enfin aux questions des habitants du plateau !
Qu’en pense le maire de Saint-Aubin ?
J’étais à la réunion de mardi et personne n’a parlé du tunnel.
Quelqu’un était à la réunion publique de mardi soir ?
Thank you very much for this really interesting and helpful article.
Thanks for this great article, really helpful and very well written.
I completely agree with the comment above, thank you for saying it.
I agree with comment 4.
Does anybody know when the station will actually reopen?
When will the station reopen, and will it have a ticket office?
Will bikes be allowed on the train at rush hour?
Are bikes allowed on the trains at weekends as well?
How much will a return ticket to the junction cost?
A return ticket to the junction already costs eleven pounds.
The 7:12 train was cancelled again this morning.
My train was cancelled three times last week.
My father worked at this station until it closed in 1964.
My grandmother sold tickets at this station during the war.
What year was the picture at the top taken?
Lovely picture at the top, it reminds me of my childhood.
There is a typo in the second paragraph, just so you know.
Who is going to pay for the new bridge?
Nobody wants to pay for the bridge, that is the problem.
Fix the roads before you spend money on trains.
The roads need fixing first, then we can talk about trains.
I have been waiting for this line since I was a child.
We have been waiting for this line for twenty years.
The council should publish the report on its website.
Has the council published the consultant’s report anywhere?
No mention of wheelchair access at all, as usual.
Wheelchair access is mentioned nowhere, which is a shame.
Good luck getting a seat on that train in the morning.
The car park is full by eight already.
"""

SHORT = [
    *dict.fromkeys(
        line
        for pool in (
            _SHORT,
            *(_OPENINGS_FR, _CLAIMS_FR, _REASONS_FR, _ENDINGS_FR),
            *(_OPENINGS_EN, _CLAIMS_EN, _REASONS_EN, _ENDINGS_EN),
        )
        for line in pool.strip().split("\n")
    )
]
"""Comments of one short sentence under the same article, many of them on the same question."""
