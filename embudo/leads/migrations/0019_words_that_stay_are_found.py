"""On SQLite one trigger takes the old words of a person out of the index and puts the new ones in, in this order.

There were two, and SQLite ran the second first: a word that both texts hold was put in and taken out again. Whoever
was renamed by one of them (0013 did that) was not found by it, so the index is made anew.
"""

from django.db import migrations

HELD = "NOT EXISTS (SELECT 1 FROM person_search_held)"
IN = "INSERT INTO person_search(rowid, search) VALUES (new.id, new.search);"
OUT = "INSERT INTO person_search(person_search, rowid, search) VALUES ('delete', old.id, old.search);"
OTHER = "AFTER UPDATE OF search, known ON leads_person WHEN"
ONE = [
    "DROP TRIGGER person_search_left",
    "DROP TRIGGER person_search_renamed",
    f"""
    CREATE TRIGGER person_search_renamed {OTHER} (old.known OR new.known)
    AND (old.search <> new.search OR old.known <> new.known) AND {HELD} BEGIN
        INSERT INTO person_search(person_search, rowid, search) SELECT 'delete', old.id, old.search WHERE old.known;
        INSERT INTO person_search(rowid, search) SELECT new.id, new.search WHERE new.known;
    END
    """,
    "INSERT INTO person_search(person_search) VALUES ('delete-all')",
    "INSERT INTO person_search(rowid, search) SELECT id, search FROM leads_person WHERE known",
]
TWO = [
    "DROP TRIGGER person_search_renamed",
    f"CREATE TRIGGER person_search_left {OTHER} old.known"
    f" AND (old.search <> new.search OR NOT new.known) AND {HELD} BEGIN {OUT} END",
    f"CREATE TRIGGER person_search_renamed {OTHER} new.known"
    f" AND (old.search <> new.search OR NOT old.known) AND {HELD} BEGIN {IN} END",
]


def forwards(apps, editor):
    _run(editor, ONE)


def backwards(apps, editor):
    _run(editor, TWO)


def _run(editor, statements):
    for statement in statements if editor.connection.vendor == "sqlite" else ():
        editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("leads", "0018_an_attribute_can_be_hidden")]
    operations = [migrations.RunPython(forwards, backwards)]
