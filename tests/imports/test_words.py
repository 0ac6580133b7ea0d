"""What is said of a row is kept in parts, and told in the language of whoever reads it."""

import json

import pytest
from django.utils import translation

from embudo.imports.values import BadValue, Conventions
from embudo.imports.words import BETWEEN, LONGEST, Words, joined, marked, marked_in, of_column, parts_of, told


def told_in(language: str, text: str) -> str:
    """What is read in a language of what was kept."""
    kept = json.loads(json.dumps(parts_of(text)))
    with translation.override(language):
        return told(kept)


def number(text: str) -> Words:
    with pytest.raises(BadValue) as caught:
        Conventions().number(text)
    return of_column("Talla", caught.value)


def test_a_problem_of_a_cell_is_told_in_each_language() -> None:
    with translation.override("es"):
        words = number("abc")
    assert words == "Talla: “abc” no es un número" == told_in("es", words)
    assert told_in("en", words) == "Talla: “abc” is not a number"
    assert told_in("pt-br", words) == "Talla: “abc” não é um número"


def test_several_are_one_text_and_a_word_of_a_context_is_translated_within_another() -> None:
    with translation.override("en"):
        status = marked("nobody said what the status “%(status)s” means; it was taken as: %(meaning)s")
        words = joined([number("x"), status % {"status": "100%", "meaning": marked_in("opportunity", "lost")}])
    assert told_in("en", words) == words == BETWEEN.join(words.split(BETWEEN))
    assert "Talla: “x” no es un número; " in told_in("es", words)
    assert "“100%”" in told_in("es", words) and told_in("es", words).endswith("perdida")


def test_plain_text_stays_as_it_is_and_long_values_are_cut() -> None:
    assert told_in("es", "conflict, 5 %s") == "conflict, 5 %s"
    words = number("9" * 5000 + "x")
    assert len(words) > 5000 and len(told_in("en", words)) < LONGEST + 50
    assert told_in("en", words).endswith("…” is not a number")
    assert len(parts_of(joined(map(str, range(40))))) == 10
