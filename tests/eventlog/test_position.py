from hypothesis import given
from hypothesis import strategies as st

from embudo.eventlog.position import key_hash, position, shard_and_offset, shard_of

shards, offsets = st.integers(0, 2**15 - 1), st.integers(0, 2**48 - 1)


@given(shards, offsets, shards, offsets)
def test_positions_sort_by_shard_then_offset_and_fit_64_bits(a: int, b: int, c: int, d: int) -> None:
    assert (position(a, b) < position(c, d)) == ((a, b) < (c, d))
    assert shard_and_offset(position(a, b)) == (a, b)
    assert position(a, b) < 2**63


@given(st.text(), st.text(), st.text(), st.text())
def test_different_keys_have_different_hashes(source: str, id_: str, other: str, other_id: str) -> None:
    same = (source, id_) == (other, other_id)
    if all(text.isprintable() for text in (source, id_, other, other_id)):
        assert (key_hash(source, id_) == key_hash(other, other_id)) == same


def test_a_boundary_between_source_and_id_is_part_of_the_key() -> None:
    assert key_hash("ab", "c") != key_hash("a", "bc")
    assert key_hash("1:a", "b") != key_hash("", "1:ab")


def test_keys_spread_over_the_shards() -> None:
    counts = [0] * 4
    for number in range(4_000):
        counts[shard_of(key_hash("site", str(number)), 4)] += 1
    assert min(counts) > 850
