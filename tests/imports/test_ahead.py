"""Reading the next piece while the one before is worked on."""

import threading
from collections.abc import Iterator

import pytest
from django.db import connection
from django.utils.translation import get_language, override

from embudo.imports.ahead import read_ahead

pytestmark = pytest.mark.django_db


def test_all_pieces_come_in_their_order_and_in_the_language_of_the_reader() -> None:
    with override("es"):
        found = list(read_ahead((number, get_language()) for number in range(5)))
    assert found == [(number, "es") for number in range(5)]


def test_an_error_comes_where_its_piece_would_have_come() -> None:
    pieces = read_ahead(1 // (2 - number) for number in range(4))
    assert [next(pieces), next(pieces)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(pieces)


def test_the_next_piece_is_read_meanwhile_where_the_database_is_waited_for_and_else_not() -> None:
    second = threading.Event()

    def reads() -> Iterator[int]:
        yield 1
        second.set()
        yield 2

    pieces = read_ahead(reads())
    assert next(pieces) == 1
    assert second.wait(10 if connection.vendor == "postgresql" else 0.1) is (connection.vendor == "postgresql")
    pieces.close()  # type: ignore[attr-defined]
    assert not [each for each in threading.enumerate() if each.name.startswith("ThreadPoolExecutor")]
