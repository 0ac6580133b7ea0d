"""How many rows at once are read and written."""

import pytest
from django.db import IntegrityError, transaction

from embudo.leads import sql

ADD = sql.insert("leads_personattribute", ("person_id", "attribute", "text", "number"))
FEW, MANY = 3, 10 * sql.PIECE
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("count", [0, FEW, MANY])
def test_rows_are_added_as_they_are_given(count: int) -> None:
    given = [(2**62 + each, "note", "a\tb\\n\n“ñ”", None if each % 2 else each / 3) for each in range(count)]
    sql.add(ADD, given)
    assert sorted(sql.rows("SELECT person_id, attribute, text, number FROM leads_personattribute")) == given


@pytest.mark.parametrize("count", [FEW, MANY])
def test_rows_that_are_there_already_are_refused_as_anywhere(count: int) -> None:
    statement = sql.insert("leads_passageday", ("rank", "bucket", "day", "entered", "spans"))
    with pytest.raises(IntegrityError), transaction.atomic():
        sql.add(statement, [(1, 2, 3, 4, 5)] * count)


def test_one_plan_serves_numbers_of_every_size_and_nothing() -> None:
    sql.add(ADD, [(each, "size", "", each) for each in range(MANY)])
    change = "UPDATE leads_personattribute SET number = %s, text = %s WHERE person_id = %s"
    numbers: list[tuple[float | None, str, int]] = [(1, "a", 1), (2**40, "b", 2), (None, "c", 3), (0.5, "d", 2**61)]
    assert sql.many(change, numbers) == 3
    kept = sql.rows("SELECT number FROM leads_personattribute WHERE person_id IN (1, 2, 3) ORDER BY person_id")
    assert kept == [(1,), (2**40,), (None,)]


@pytest.mark.parametrize("count", [0, FEW, MANY])
def test_rows_are_put_in_the_place_of_those_with_their_key(count: int) -> None:
    columns, kept = ("source", "key", "digest", "revision", "facts", "undone"), ("source", "key", "undone")
    for digest, revision, undone in (("old", 1, 0), ('“ñ” \\ "', 2**31 - 1, 7)):
        rows = [("crm", f"{each:032x}", digest, revision, "a b", undone) for each in range(count)]
        sql.put("leads_importkey", "source, key", columns, rows, kept=kept)
    found = sql.rows(f"SELECT {', '.join(columns)} FROM leads_importkey ORDER BY key")
    assert found == [(*row[:5], 0) for row in rows]
