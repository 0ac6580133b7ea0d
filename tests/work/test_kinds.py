"""Every kind of long work that this install offers can be done and shown."""

from importlib import import_module

import pytest
from django.template.loader import get_template

from embudo.settings import WORK


@pytest.mark.parametrize("module", WORK.values(), ids=list(WORK))
def test_a_kind_says_what_it_is_called_does_it_and_shows_what_came_of_it(module: str) -> None:
    kind = import_module(module)
    assert str(kind.LABEL)
    assert callable(kind.run)
    assert get_template(kind.RESULT)


def test_there_is_long_work_to_ask_for() -> None:
    assert WORK
