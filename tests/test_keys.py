"""Keys: the derivation, the chain that lets keys rotate, and the file they lie in."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import stat
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from palabre import keys
from palabre.errors import Refusal
from palabre.keys import Keys, hkdf

ONE, TWO, THREE = (bytes([number]) * 32 for number in (1, 2, 3))
PURPOSES = ("author", "request", "fields")


# RFC 5869, appendix A: the vectors with SHA-256.
@pytest.mark.parametrize(
    ("ikm", "salt", "info", "length", "okm"),
    [
        (
            "0b" * 22,
            "000102030405060708090a0b0c",
            "f0f1f2f3f4f5f6f7f8f9",
            42,
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        ),
        (
            bytes(range(0x50)).hex(),
            bytes(range(0x60, 0xB0)).hex(),
            bytes(range(0xB0, 0x100)).hex(),
            82,
            (
                "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
                "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
                "cc30c58179ec3e87c14c01d5c1f3434f1d87"
            ),
        ),
        (
            "0b" * 22,
            "",
            "",
            42,
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
        ),
    ],
)
def test_the_derivation_is_rfc_5869s(ikm: str, salt: str, info: str, length: int, okm: str) -> None:
    found = hkdf(
        bytes.fromhex(ikm), salt=bytes.fromhex(salt), info=bytes.fromhex(info), length=length
    )
    assert found.hex() == okm


def derived(master: bytes, purpose: str, site: str) -> bytes:
    """What the specification says a derived key is, told independently of the code."""
    return hkdf(master, info=f"palabre/v1/{purpose}/{site}".encode())


def test_a_tag_is_hmac_sha_256_under_the_key_of_its_site_and_purpose() -> None:
    tag = Keys((ONE,)).hash_of("odile@example.com", "site1")
    expected = hmac.new(derived(ONE, "author", "site1"), b"odile@example.com", hashlib.sha256)
    assert tag.value == expected.digest()
    assert len(tag.value) == 32
    assert tag.key_id == keys.id_of(ONE)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(PURPOSES), st.text(min_size=1, max_size=8), st.binary(max_size=40))
def test_a_tag_under_two_keys_is_the_older_one_wrapped(
    purpose: str, site: str, data: bytes
) -> None:
    """So that a rotation can wrap every stored tag without knowing what it was made of."""
    before = Keys((ONE,)).tag(purpose, site, data)
    after = Keys((ONE, TWO)).tag(purpose, site, data)
    assert after.value == hmac.digest(derived(TWO, purpose, site), before.value, "sha256")
    last = Keys((ONE, TWO, THREE)).tag(purpose, site, data)
    assert last.value == hmac.digest(derived(THREE, purpose, site), after.value, "sha256")
    assert (after.key_id, last.key_id) == (keys.id_of(TWO), keys.id_of(THREE))


def test_tags_of_different_sites_purposes_and_keys_have_nothing_in_common() -> None:
    data = b"odile@example.com"
    found = [
        Keys(masters).tag(purpose, site, data).value
        for masters in ((ONE,), (TWO,), (ONE, TWO), (TWO, ONE))
        for purpose in PURPOSES
        for site in ("site1", "site2")
    ]
    assert len(set(found)) == len(found)


def test_a_visitors_tag_changes_daily_and_from_site_to_site() -> None:
    known = Keys((ONE,))
    found = {
        known.visitor(network, site, day)
        for network in ("192.0.2.1", "2001:db8::/64")
        for site in ("site1", "site2")
        for day in (date(2026, 11, 23), date(2026, 11, 24))
    }
    assert len(found) == 8
    assert known.visitor("192.0.2.1", "site1", date(2026, 11, 23)) in found


def test_a_hue_stays_through_rotations_and_differs_between_articles() -> None:
    before, after = Keys((ONE,)), Keys((ONE, TWO))
    names = [f"Nom {number}" for number in range(30)]
    hues = {name: before.hue(name, "article1") for name in names}
    assert {name: after.hue(name, "article1") for name in names} == hues
    assert {name: before.hue(name, "article2") for name in names} != hues
    assert all(0 <= hue < 360 for hue in hues.values())
    assert len(set(hues.values())) > 20


def test_the_check_value_tells_these_keys_from_any_others() -> None:
    found = {Keys(masters).check_value() for masters in ((ONE,), (TWO,), (ONE, TWO), (TWO, ONE))}
    assert len(found) == 4
    assert Keys((ONE,)).check_value() in found
    for value in found:
        assert ONE.hex() not in value
        assert len(bytes.fromhex(value)) == 32


def test_an_id_names_a_key_and_tells_nothing_of_it() -> None:
    assert keys.id_of(ONE) == hkdf(ONE, info=b"palabre/v1/id", length=4).hex()
    assert Keys((ONE, TWO)).ids == (keys.id_of(ONE), keys.id_of(TWO))
    assert Keys((ONE, TWO)).current_id == keys.id_of(TWO)


@pytest.mark.parametrize("masters", [(), (b"short",), (ONE, ONE), (ONE, b"x" * 33)])
def test_keys_are_one_or_more_different_ones_of_32_bytes(masters: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match="master key"):
        Keys(masters)


def test_keys_never_show_themselves() -> None:
    assert ONE.hex() not in repr(Keys((ONE,)))
    assert repr(ONE) not in repr(Keys((ONE,)))


# The setting.


def spellings(key: bytes) -> Iterator[str]:
    yield key.hex()
    yield key.hex().upper()
    yield base64.urlsafe_b64encode(key).decode()
    yield base64.urlsafe_b64encode(key).decode().rstrip("=")


def test_keys_are_read_in_hex_and_base64url() -> None:
    key = bytes(range(0xE0, 0x100))
    for spelling in spellings(key):
        assert keys.parse(f" {spelling}\n").ids == (keys.id_of(key),)
    assert keys.parse(f"{ONE.hex()} {TWO.hex()}").ids == Keys((ONE, TWO)).ids


@pytest.mark.parametrize(
    "bad", ["", "secret", "é" * 43, ONE.hex()[:-1], ONE.hex() + " " + ONE.hex(), "z" * 64]
)
def test_what_is_no_key_is_refused_without_repeating_it(bad: str) -> None:
    with pytest.raises(Refusal) as caught:
        keys.parse(bad)
    assert not bad or bad not in str(caught.value)


# The file.


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "palabre.key"


def test_a_key_that_is_made_is_read_again(path: Path) -> None:
    made = keys.make(path)
    found = keys.read(path)
    assert found is not None
    assert (found.ids, found.check_value()) == (made.ids, made.check_value())
    assert len(made.ids) == 1


def test_two_keys_are_never_the_same(tmp_path: Path) -> None:
    assert keys.make(tmp_path / "one").ids != keys.make(tmp_path / "two").ids


def test_the_file_is_the_owners_alone_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        keys.make(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["palabre.key"]


def test_a_key_that_is_there_is_not_made_anew(path: Path) -> None:
    made = keys.make(path)
    before = path.read_bytes()
    assert keys.make(path).ids == made.ids
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["palabre.key"]


def test_of_many_who_make_one_at_once_all_have_the_same(path: Path) -> None:
    ready = threading.Barrier(8)
    found: list[tuple[str, ...]] = []

    def make() -> None:
        ready.wait()
        found.append(keys.make(path).ids)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stored = keys.read(path)
    assert stored is not None
    assert found == [stored.ids] * 8
    assert [file.name for file in path.parent.iterdir()] == ["palabre.key"]


def test_no_file_is_no_key(path: Path) -> None:
    assert keys.read(path) is None


def line(key: bytes) -> str:
    return f"{keys.id_of(key)} {base64.urlsafe_b64encode(key).decode()}"


def test_a_file_holds_keys_in_order_among_comments_and_blank_lines(tmp_path: Path) -> None:
    path = tmp_path / "palabre.key"
    path.write_text(f"# oldest first\n\n{line(ONE)}\n  \n{line(TWO)}\n", "ascii")
    found = keys.read(path)
    assert found is not None
    assert found.ids == Keys((ONE, TWO)).ids


_FLIPPED = line(ONE)[:12] + ("B" if line(ONE)[12] != "B" else "C") + line(ONE)[13:]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "# only a comment\n",
        line(ONE).split()[1],
        line(ONE)[:-2],
        line(ONE).split()[0],
        f"{keys.id_of(TWO)} {line(ONE).split()[1]}",
        f"{line(ONE)} extra",
        f"{line(ONE)}\n{line(ONE)}",
        f"{line(ONE)}\nrubbish",
        _FLIPPED,
        "\0" * 100,
    ],
)
def test_a_damaged_file_is_refused_and_left_alone(content: str, tmp_path: Path) -> None:
    path = tmp_path / "palabre.key"
    path.write_text(content, "ascii")
    for use in (keys.read, keys.make):
        with pytest.raises(Refusal) as caught:
            use(path)
        assert line(ONE).split()[1][:20] not in str(caught.value)
    assert path.read_text("ascii") == content


def test_what_is_no_text_and_what_is_no_file_are_refused(tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00key")
    folder = tmp_path / "folder"
    folder.mkdir()
    for path in (binary, folder):
        with pytest.raises(Refusal, match="cannot be read"):
            keys.read(path)


def test_a_place_where_no_file_can_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(Refusal, match="cannot be made"):
        keys.make(tmp_path / "file" / "palabre.key")


def test_a_token_is_known_by_its_sha_256() -> None:
    assert keys.digest("palabre_x") == hashlib.sha256(b"palabre_x").digest()


def test_a_seal_is_known_by_every_later_ring_and_by_no_other() -> None:
    code = Keys((ONE,)).seal("mail", b"data")
    for ring in ((ONE,), (ONE, TWO), (THREE, ONE, TWO)):
        assert Keys(ring).has_sealed("mail", b"data", code)
        assert Keys(ring).has_sealed("mail", b"data", code[:16])
        assert not Keys(ring).has_sealed("post", b"data", code)
        assert not Keys(ring).has_sealed("mail", b"date", code)
    assert not Keys((TWO,)).has_sealed("mail", b"data", code)
    for short in (b"", code[:15]):
        assert not Keys((ONE,)).has_sealed("mail", b"data", short)
