"""The pieces of SQL that lists are put together from."""

import pytest
from django.db import connection

from embudo.leads.models import Person, PersonAttribute
from embudo.leads.queries.pieces import exists

VALUES = "SELECT 1 FROM leads_personattribute v WHERE v.attribute = 'role' AND v.text = 'owner' AND v.person_id = p.id"
MANY = range(1, 3000)


def plan(holds: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (VERBOSE) SELECT p.id, CASE WHEN {holds} THEN 1 ELSE 0 END FROM leads_person p LIMIT 50")
        return "\n".join(line for (line,) in cursor.fetchall())


@pytest.mark.django_db
def test_what_rows_are_asked_is_looked_up_row_by_row(shape: str) -> None:
    if shape == "embedded":
        pytest.skip("SQLite never collects them")
    Person.objects.bulk_create(Person(id=each, created_at=0, first_seen_at=0, last_seen_at=0) for each in MANY)
    PersonAttribute.objects.bulk_create(PersonAttribute(person_id=i, attribute="role", text="owner") for i in MANY)
    connection.cursor().execute("ANALYZE leads_person, leads_personattribute")
    assert "hashed SubPlan" in plan(f"EXISTS ({VALUES})")
    assert "SubPlan" in plan(exists(VALUES)) and "hashed" not in plan(exists(VALUES))
