"""One field of a message, and None where it is no such thing."""

from embudo.collector.field import id_of, part


def test_an_id_is_a_short_text_or_a_whole_number() -> None:
    assert (id_of(True), id_of(1 << 63), id_of(-5), id_of(" a ")) == (None, None, "-5", "a")


def test_a_part_that_is_no_object_is_empty() -> None:
    assert part({"a": {"b": 1}}, "a") == {"b": 1}
    assert part({"a": [1]}, "a") == part({}, "a") == {}
