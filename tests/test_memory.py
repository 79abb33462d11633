"""What is remembered between requests: bounded in bytes, and never what a change has outdated."""

from __future__ import annotations

from collections import OrderedDict

import pytest
from hypothesis import settings as tries
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    precondition,
    rule,
)

from palabre.memory import Mark, Memory


class Number:
    """A store's generation, which the test moves as another process would."""

    def __init__(self, value: int = 0) -> None:
        self.value = value

    def __call__(self) -> int:
        return self.value


@pytest.fixture
def generation() -> Number:
    return Number()


@pytest.fixture
def memory(generation: Number) -> Memory[str]:
    """Room for a hundred bytes."""
    return Memory(generation, most=100)


def put(memory: Memory[str], key: str, size: int = 10, of: tuple[str, ...] = ()) -> None:
    """Remember a value that was read just now; it is its key in capitals."""
    memory.put(key, key.upper(), size=size, of=of, mark=memory.mark())


def remembered(memory: Memory[str], keys: str) -> str:
    """Which of these keys have their value."""
    found = [memory.get(key) for key in keys]
    assert all(value in (None, key.upper()) for key, value in zip(keys, found, strict=True))
    return "".join(key for key, value in zip(keys, found, strict=True) if value is not None)


# The bound.


def test_what_is_put_is_there_and_hits_and_misses_are_counted(memory: Memory[str]) -> None:
    assert memory.get("a") is None
    put(memory, "a")
    assert memory.get("a") == "A"
    assert memory.get("a") == "A"
    assert memory.get("b") is None
    assert (memory.hits, memory.misses) == (2, 2)


def test_the_least_recently_used_goes_first(memory: Memory[str]) -> None:
    for key in "abcde":
        put(memory, key, 20)
    assert memory.size == 100
    assert memory.get("a") == "A"
    put(memory, "f", 20)
    assert remembered(memory, "abcdef") == "acdef"
    put(memory, "g", 50)
    # In the order in which they were asked for just now: a, c and d went.
    assert remembered(memory, "abcdefg") == "efg"
    assert memory.size == 90


def test_what_is_larger_than_all_the_room_moves_nothing_out(memory: Memory[str]) -> None:
    put(memory, "a", 60)
    put(memory, "b", 101)
    assert remembered(memory, "ab") == "a"
    put(memory, "c", 100)
    assert remembered(memory, "abc") == "c"
    assert memory.size == 100


def test_a_value_in_the_place_of_another_takes_its_own_size(memory: Memory[str]) -> None:
    put(memory, "a", 70, ("x",))
    put(memory, "b", 20)
    put(memory, "a", 30, ("y",))
    assert memory.size == 50
    memory.forget({"x"})
    assert remembered(memory, "ab") == "ab"
    memory.forget({"y"})
    assert remembered(memory, "ab") == "b"
    assert memory.size == 20


def test_without_room_nothing_is_remembered(generation: Number) -> None:
    memory: Memory[str] = Memory(generation, most=0)
    put(memory, "a", 1)
    assert memory.get("a") is None
    assert (memory.size, memory.hits, memory.misses) == (0, 0, 1)


# Changes that this process was told of.


def test_what_was_made_from_a_name_is_forgotten_with_it_and_nothing_else(
    memory: Memory[str],
) -> None:
    put(memory, "a", of=("article 1", "sites"))
    put(memory, "b", of=("article 1",))
    put(memory, "c", of=("article 2", "sites"))
    put(memory, "d")
    memory.forget({"article 1", "never heard of"})
    assert remembered(memory, "abcd") == "cd"
    assert memory.size == 20
    memory.forget({"article 1", "article 2", "sites"})
    assert remembered(memory, "abcd") == "d"
    assert memory.size == 10


def test_what_was_made_from_one_thing_twice_is_forgotten_once(memory: Memory[str]) -> None:
    put(memory, "a", of=("article 1", "sites", "article 1"))
    memory.forget({"article 1"})
    assert memory.get("a") is None
    assert memory.size == 0
    put(memory, "a", 60, ("article 1", "article 1"))
    put(memory, "b", 60)
    assert remembered(memory, "ab") == "b"
    memory.forget({"article 1"})
    assert memory.size == 60


def test_what_was_moved_out_may_be_forgotten_and_put_again(memory: Memory[str]) -> None:
    put(memory, "a", 60, ("x",))
    put(memory, "b", 60, ("x",))
    memory.forget({"x"})
    assert memory.size == 0
    put(memory, "a", 60, ("x",))
    assert remembered(memory, "ab") == "a"


def test_what_was_read_before_a_change_is_not_remembered_after_it(memory: Memory[str]) -> None:
    before = memory.mark()
    memory.forget({"x"})
    memory.put("a", "old", size=10, of=("x",), mark=before)
    assert memory.get("a") is None
    # Nor in the place of what was read since.
    put(memory, "a", of=("x",))
    memory.put("a", "old", size=10, of=("x",), mark=before)
    assert memory.get("a") == "A"
    assert memory.size == 10


# Changes that another process made.


def test_nothing_outlives_a_change_by_another_process(
    memory: Memory[str], generation: Number
) -> None:
    put(memory, "a", of=("x",))
    put(memory, "b")
    generation.value += 2
    assert memory.get("b") is None
    assert memory.size == 0
    put(memory, "b", 7)
    assert remembered(memory, "ab") == "b"
    assert memory.size == 7
    memory.forget({"x"})
    assert memory.size == 7


def test_what_was_read_before_another_process_changed_anything_is_not_remembered(
    memory: Memory[str], generation: Number
) -> None:
    before = memory.mark()
    generation.value += 2
    memory.put("a", "old", size=10, of=(), mark=before)
    assert memory.get("a") is None
    put(memory, "b")
    memory.put("a", "old", size=10, of=(), mark=before)
    assert remembered(memory, "ab") == "b"


def test_while_another_process_changes_the_store_nothing_is_remembered(
    memory: Memory[str], generation: Number
) -> None:
    put(memory, "a")
    before = memory.mark()
    generation.value += 1
    assert memory.get("a") is None
    put(memory, "b")
    during = memory.mark()
    memory.put("c", "old", size=10, of=(), mark=before)
    assert remembered(memory, "abc") == ""
    generation.value += 1
    memory.put("b", "old", size=10, of=(), mark=during)
    assert remembered(memory, "abc") == ""
    put(memory, "c")
    assert remembered(memory, "abc") == "c"


def test_one_that_begins_while_the_store_is_being_changed_waits_for_the_end() -> None:
    generation = Number(7)
    memory: Memory[str] = Memory(generation, most=100)
    put(memory, "a")
    assert memory.get("a") is None
    generation.value += 1
    put(memory, "a")
    assert memory.get("a") == "A"


# All of it, against something simple.

MOST = 100
Seen = tuple[tuple[str, int], ...]
Reading = tuple[Mark, str, frozenset[str], int, Seen, int]

keys = st.sampled_from("abcdef")
names = st.frozensets(st.sampled_from("uvwxyz"), max_size=3)


class AgainstTheTruth(RuleBasedStateMachine):
    """Values are what was seen of a truth that this process and another one change.

    The model keeps the same values in a plain mapping and looks through all of it for everything.
    """

    readings: Bundle[Reading] = Bundle("readings")

    def __init__(self) -> None:
        super().__init__()
        self.generation = Number()
        self.memory: Memory[Seen] = Memory(self.generation, most=MOST)
        self.truth = dict.fromkeys("uvwxyz", 0)
        self.changes = 0
        self.model: OrderedDict[str, tuple[Seen, int, frozenset[str]]] = OrderedDict()

    def seen(self, of: frozenset[str]) -> Seen:
        return tuple((name, self.truth[name]) for name in sorted(of))

    @rule(target=readings, key=keys, of=names, size=st.integers(1, 130))
    def read(self, key: str, of: frozenset[str], size: int) -> Reading:
        return self.memory.mark(), key, of, size, self.seen(of), self.changes

    @rule(reading=consumes(readings))
    def remember(self, reading: Reading) -> None:
        mark, key, of, size, seen, changes = reading
        self.memory.put(key, seen, size=size, of=of, mark=mark)
        if changes != self.changes or self.generation.value % 2 or size > MOST:
            return
        self.model.pop(key, None)
        self.model[key] = (seen, size, of)
        while sum(size for _, size, _ in self.model.values()) > MOST:
            self.model.popitem(last=False)

    @rule(key=keys)
    def ask(self, key: str) -> None:
        found = self.memory.get(key)
        expected = self.model.get(key)
        assert found == (expected and expected[0])
        if expected:
            assert found == self.seen(expected[2]), "outdated"
            self.model.move_to_end(key)

    @rule(of=names)
    def change(self, of: frozenset[str]) -> None:
        for name in of:
            self.truth[name] += 1
        self.memory.forget(of)
        self.changes += 1
        for key in [key for key, (_, _, names) in self.model.items() if names & of]:
            del self.model[key]

    @precondition(lambda self: self.generation.value % 2 == 0)
    @rule()
    def another_process_begins(self) -> None:
        self.generation.value += 1
        self.changes += 1
        self.model.clear()

    @precondition(lambda self: self.generation.value % 2 == 1)
    @rule(of=names)
    def another_process_commits(self, of: frozenset[str]) -> None:
        for name in of:
            self.truth[name] += 1

    @precondition(lambda self: self.generation.value % 2 == 1)
    @rule()
    def another_process_ends(self) -> None:
        self.generation.value += 1
        self.changes += 1

    @invariant()
    def within_bounds(self) -> None:
        assert 0 <= self.memory.size <= MOST

    def teardown(self) -> None:
        for key in "abcdef":
            self.ask(key)
        assert self.memory.size == sum(size for _, size, _ in self.model.values())


TestAgainstTheTruth = AgainstTheTruth.TestCase
TestAgainstTheTruth.settings = tries(max_examples=60, stateful_step_count=40, deadline=None)
