"""Texts alike are found by their sketches, and nobody honest is among them."""

from __future__ import annotations

import functools
import itertools
import random
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from palabre.text import sketch
from palabre.text.sketch import Sketch
from text import honest, spinner

FOUND_MOST = 8
"""How many of a band the store looks at."""


def plain(text: str, rng: random.Random) -> str:
    """The text as it is."""
    return text


HOW = {"plain": plain, **spinner.DISGUISES}
GROUPED = [(name, how) for name in spinner.TEMPLATES for how in HOW]
BROKEN = {("heavy", "spaced"), ("heavy, French", "spaced"), ("without a link", "spaced")}
"""Where every other word is exchanged and every fourth cut in two, some are missed."""

SHORT_HOW = {"plain": plain, **spinner.SHORT_DISGUISES}
SHORT_GROUPED = [
    (name, how)
    for name in spinner.SHORT_TEMPLATES
    for how in SHORT_HOW
    if how not in ("spaced", "with_a_word", "with_digits")
]

SPAM = (
    "Great article, I really enjoyed it. Visit my page about losing weight without effort: "
    "http://slim.example/a"
)
LONG = (
    "La gare a fermé en 1971, et non en 1969 ; ensuite le fret y passait encore, les archives "
    "départementales conservent les registres, chacun peut les consulter gratuitement."
)


class Board:
    """What the store does with sketches, in memory."""

    def __init__(self) -> None:
        self.groups: list[int | None] = []
        self._known: list[Sketch | None] = []
        self._by_band: dict[int, list[int]] = defaultdict(list)

    def add(self, one: Sketch | None) -> int:
        """Take a text in; its number."""
        number = len(self._known)
        self._known.append(one)
        self.groups.append(None)
        if one is None:
            return number
        bands = sketch.bands(one)
        found = sorted({other for band in bands for other in self._by_band[band][-FOUND_MOST:]})
        others = [
            (other, None if group is None else str(group))
            for other, group in ((self._known[at], self.groups[at]) for at in found)
            if other is not None
        ]
        near = [found[at] for at in sketch.alike(one, others)]
        for band in bands:
            self._by_band[band].append(number)
        if near:
            named = [self.groups[at] for at in near]
            self.groups[number] = name = min(
                at if group is None else group for at, group in zip(near, named, strict=True)
            )
            for at, group in enumerate(self.groups):
                if at in near or (group is not None and group in named):
                    self.groups[at] = name
        return number


@functools.cache
def strangers() -> list[Sketch | None]:
    """Sketches of a thousand honest comments, every fourth with a source."""
    order = list(honest.COMMENTS)
    random.Random(3).shuffle(order)
    hosts = ("fr.wikipedia.org/wiki", "www.insee.fr", "www.lemonde.fr")
    return [
        sketch.of(text if number % 4 else f"{text} Voir https://{hosts[number % 3]}/{number}")
        for number, text in enumerate(order)
    ]


@functools.cache
def short_ones() -> list[Sketch | None]:
    """Sketches of all these and of short honest comments, in no order."""
    found = [*strangers(), *map(sketch.of, honest.SHORT)]
    random.Random(9).shuffle(found)
    return found


def among_short_ones(name: str, how: str) -> tuple[Board, list[int]]:
    """What becomes of a hundred variants, each after ten honest comments, and their numbers."""
    board, rng = Board(), random.Random(1)
    others = iter(short_ones())
    spam = []
    for text in spinner.variants(spinner.SHORT_TEMPLATES[name], 100):
        for one in itertools.islice(others, 10):
            board.add(one)
        spam.append(board.add(sketch.of(SHORT_HOW[how](text, rng))))
    return board, spam


def test_of_a_thousand_honest_comments_no_two_are_alike() -> None:
    known = strangers()
    assert len(set(honest.COMMENTS)) > 1000
    assert sum(one is not None for one in known) > 1000
    assert sum(one is not None and one.linked for one in known) > 250
    board = Board()
    for one in known:
        board.add(one)
    assert {board.groups[at] for at in range(len(known))} == {None}


def test_nor_would_they_be_if_all_were_compared_to_all() -> None:
    # Within what an honest link makes of it: a linked one is only compared to linked ones.
    known = [one for one in strangers() if one is not None]
    for linked in (False, True):
        some = [one for one in known if one.linked is linked]
        for at, one in enumerate(some):
            found = sketch.alike(one, [(other, None) for other in some[:at]])
            assert found == [], at


@pytest.mark.parametrize(("name", "how"), [one for one in GROUPED if one not in BROKEN])
def test_a_hundred_spun_variants_among_honest_comments_are_one_group(name: str, how: str) -> None:
    board, rng = Board(), random.Random(1)
    disguise = HOW[how]
    others = iter(strangers())
    spam = set()
    for text in spinner.variants(spinner.TEMPLATES[name], 100):
        for _ in range(10):
            board.add(next(others))
        spam.add(board.add(sketch.of(disguise(text, rng))))
    assert len({board.groups[at] for at in spam}) == 1
    assert board.groups[min(spam)] == min(spam)
    assert {group for at, group in enumerate(board.groups) if at not in spam} == {None}


@pytest.mark.parametrize(("name", "how"), sorted(BROKEN))
def test_of_the_most_mangled_ones_no_honest_comment_becomes_part(name: str, how: str) -> None:
    board, rng = Board(), random.Random(1)
    for one in strangers():
        board.add(one)
    spam = {
        board.add(sketch.of(spinner.DISGUISES[how](text, rng)))
        for text in spinner.variants(spinner.TEMPLATES[name], 100)
    }
    assert sum(board.groups[at] is not None for at in spam) >= 50
    assert {group for at, group in enumerate(board.groups) if at not in spam} == {None}


def test_of_short_honest_comments_no_two_are_alike() -> None:
    assert len(honest.SHORT) > 250
    known = [one for one in map(sketch.of, honest.SHORT) if one is not None]
    assert len(known) > 100
    for at, one in enumerate(known):
        assert sketch.alike(one, [(other, None) for other in known[:at]]) == [], at
    board = Board()
    for stranger in short_ones():
        board.add(stranger)
    assert set(board.groups) == {None}


@pytest.mark.parametrize(("name", "how"), SHORT_GROUPED)
def test_a_hundred_short_spun_variants_among_honest_comments_are_one_group(
    name: str, how: str
) -> None:
    board, spam = among_short_ones(name, how)
    assert {board.groups[at] for at in spam} == {spam[0]}
    assert {group for at, group in enumerate(board.groups) if at not in spam} == {None}


@pytest.mark.parametrize("name", spinner.SHORT_TEMPLATES)
@pytest.mark.parametrize(
    ("how", "least"), [("with_digits", 98), ("with_a_word", 90), ("spaced", 65)]
)
def test_most_of_the_short_ones_that_are_mangled_are_found(name: str, how: str, least: int) -> None:
    board, spam = among_short_ones(name, how)
    assert sum(board.groups[at] is not None for at in spam) >= least
    assert {group for at, group in enumerate(board.groups) if at not in spam} == {None}


def test_texts_that_only_differ_by_a_number_are_the_same() -> None:
    said = "Gagnez de l'argent facilement avec le code {} dès ce soir chez nous"
    first, second = (sketch.of(said.format(n)) for n in (1, 42))
    assert first is not None
    assert first == second


def test_a_short_text_and_one_hardly_longer_are_found_by_each_other() -> None:
    said = ["".join(random.Random(n).choices("abcdefghij", k=8)) for n in range(12)]
    short, longer = sketch.of(" ".join(said[:11])), sketch.of(" ".join(said))
    assert short is not None
    assert longer is not None
    assert sketch.alike(longer, [(short, None)]) == [0]
    assert not set(sketch.bands(short)).isdisjoint(sketch.bands(longer))


def test_strangers_who_ask_the_same_in_five_words_are_not_alike() -> None:
    said = "Où vont se garer les voyageurs si le parking est vendu ?"
    same = "Le parking est déjà plein, où vont se garer les voyageurs ?"
    first, second = sketch.of(said), sketch.of(same)
    assert first is not None
    assert second is not None
    assert sketch.alike(second, [(first, None)]) == []
    assert sketch.alike(first, [(first, None)]) == [0]


@pytest.mark.parametrize(
    "text",
    [
        SPAM.upper(),
        SPAM.replace("slim.example/a", "WWW.slim.example:80/b?c=d#e"),
        SPAM.replace("effort", "e\u200bff\u00ador\u2060t"),
        SPAM.replace("article", "аrtiсlе"),
        SPAM.replace("weight", "w e i g h t"),
        SPAM.replace("really", "réàllÿ"),
        SPAM.replace("really", "re4lly").replace("weight", "w3ight").replace("losing", "lo5ing"),
        SPAM.replace("really", "re@lly"),
        SPAM.replace("enjoyed it", "enjoyed it 24 times"),
        "Visit my page: http://slim.example/ Losing weight without effort! Great article.",
    ],
)
def test_disguises_that_make_no_difference(text: str) -> None:
    ours, theirs = sketch.of(SPAM), sketch.of(text)
    assert ours is not None
    assert theirs is not None
    assert len(ours.marks & theirs.marks) >= len(ours.marks) - 3
    assert sketch.alike(theirs, [(ours, None)]) == [0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Merci pour cet article !",
        "Je suis d’accord avec vous, merci pour cet article passionnant.",
        "Merci beaucoup pour cet article très intéressant et très complet, bravo à tous !",
        "Thank you very much, this is a really great article, I totally agree with you.",
        "Muchas gracias por este artículo, muy interesante, estoy de acuerdo con todo.",
        "Vielen Dank für diesen sehr interessanten Artikel, genau so ist es, bitte weiter so!",
        "とても面白い記事でした。",
        "Essayez `systemctl restart palabre worker after removing everything manually`.",
        "+1 1234 5678 9012 3456 7890 1234 5678 9012 3456 7890 1234 5678 9012 3456",
        "Voir aussi https://fr.wikipedia.org/wiki/Gare",
        f"« {LONG} » Bien dit !",
        f"> {LONG}\n\nExactement.",
        f"“{LONG}”",
        f'"{LONG}"',
    ],
)
def test_what_says_too_little_of_its_own_is_not_compared(text: str) -> None:
    assert sketch.of(text) is None


def test_a_quote_that_leads_somewhere_is_no_mere_quote() -> None:
    assert sketch.of(f"> {SPAM}") == sketch.of(SPAM)
    assert sketch.of(f'"{SPAM}"') is not None


def test_what_stands_within_quotes_makes_no_two_comments_alike() -> None:
    quoting = [one for one in honest.WHOLE if "septembre 2027" in one or "September 2027" in one]
    assert len(quoting) == 8
    known = [one for one in map(sketch.of, quoting) if one is not None]
    assert all(not sketch.alike(one, [(two, None)]) for one in known for two in known if one != two)


def test_scripts_that_part_no_words_are_compared_too() -> None:
    said = (
        "今すぐこのサイトを見てください、とても簡単にお金を稼ぐことができます。無料で登録できます。"
    )
    ours, same = sketch.of(said), sketch.of(said.replace("とても", "本当に"))
    other = sketch.of(
        "駅は一九七一年に閉鎖されました。資料館には古い写真と切符が残っていて誰でも閲覧可能です。"
    )
    assert ours is not None
    assert same is not None
    assert other is not None
    assert sketch.alike(same, [(ours, None)]) == [0]
    assert sketch.alike(other, [(ours, None)]) == []


def test_long_texts_are_compared_by_a_sample_of_their_words() -> None:
    rng = random.Random(5)
    said = ["".join(rng.choices("abcdefghij", k=8)) for _ in range(200)]
    ours = sketch.of(" ".join(said))
    assert ours is not None
    assert len(ours.marks) == sketch.MARKS
    nearly = sketch.of(
        " ".join([*said[:160], *("".join(rng.choices("klmn", k=8)) for _ in "x" * 40)])
    )
    half = sketch.of(" ".join(said[:90] + ["".join(rng.choices("klmn", k=8)) for _ in "x" * 110]))
    assert nearly is not None
    assert half is not None
    assert sketch.alike(nearly, [(ours, None)]) == [0]
    assert sketch.alike(half, [(ours, None)]) == []


def test_made_of_what_a_group_has_said_is_in_the_group() -> None:
    known = [Sketch(frozenset(range(at, at + 12)), True) for at in (0, 8, 16, 24)]
    mixed = Sketch(frozenset(range(0, 36, 3)), True)
    assert all(sketch.alike(mixed, [(one, "a")]) == [] for one in known)
    assert sketch.alike(mixed, [(one, "a") for one in known]) == [0, 1, 2, 3]
    # But not if these are too few, or alike to nothing so far, or no advertisements.
    assert sketch.alike(mixed, [(one, "a") for one in known[:2]]) == []
    assert sketch.alike(mixed, [(one, None) for one in known]) == []
    honest_one = Sketch(mixed.marks, False)
    assert sketch.alike(honest_one, [(one, "a") for one in known]) == []


def test_what_came_before_its_like_joins_them_later() -> None:
    early = Sketch(frozenset([*range(0, 18, 3), 100, 101, 102]), True)
    known = [(Sketch(frozenset(range(at, at + 12)), True), "a") for at in (0, 6)]
    last = Sketch(frozenset(range(3, 15)), True)
    assert sketch.alike(last, [(early, None), *known]) == [1, 2, 0]
    assert sketch.alike(last, [(early, None), known[0]]) == [1]
    assert sketch.alike(last, [(early, "b"), *known]) == [1, 2]
    assert sketch.alike(last, [(Sketch(early.marks, False), None), *known]) == [1, 2]


def test_a_text_without_a_link_has_to_share_more() -> None:
    one, other = frozenset(range(20)), frozenset(range(8, 28))
    for linked, expected in ((True, [0]), (False, [])):
        assert sketch.alike(Sketch(one, linked), [(Sketch(other, linked), None)]) == expected


@given(st.text(max_size=3000))
def test_any_text_is_bounded_and_comes_back_from_where_it_is_stored(text: str) -> None:
    found = sketch.of(text)
    if found is not None:
        least = sketch.LEAST_LINKED if found.linked else sketch.LEAST_SHORT
        assert least <= len(found.marks) <= sketch.MARKS
        assert sketch.read(bytes(found)) == found
        assert len(bytes(found)) <= 1 + 4 * sketch.MARKS
        bands = sketch.bands(found)
        assert 0 < len(bands) <= sketch.BANDS
        assert all(-(1 << 63) <= band < 1 << 63 for band in bands)
        assert sketch.alike(found, [(found, None)]) == [0]


def test_what_is_stored_and_looked_for_stays_the_same_from_version_to_version() -> None:
    one = sketch.of(SPAM)
    assert one is not None
    assert (bytes(one).hex()[:18], sketch.bands(one)[:2]) == STORED


STORED = ("01862adc06af5abd0b", (-9223372036657816913, -9223372029153089037))
