"""Every reason has words, and every word its translation."""

import pytest
from django.utils import translation

from embudo.collector.reasons import WORDS
from embudo.core.intake import Reason
from embudo.operate.reasons import words_of


def test_every_reason_says_what_happened_and_what_to_do() -> None:
    assert set(WORDS) == set(Reason)
    assert len({words.label for words in WORDS.values()}) == len({words.happened for words in WORDS.values()})
    for words in WORDS.values():
        assert words.happened.endswith(".") and words.mend.endswith(".") and not words.label.endswith(".")


@pytest.mark.parametrize("language", ["es", "pt-br"])
def test_every_reason_is_translated(language: str) -> None:
    with translation.override(language):
        for reason, english in WORDS.items():
            assert all(a != b for a, b in zip(words_of(reason.value), english, strict=True)), reason


def test_a_reason_nobody_knows_stands_for_itself() -> None:
    assert words_of("odd_thing").label == "odd thing"
