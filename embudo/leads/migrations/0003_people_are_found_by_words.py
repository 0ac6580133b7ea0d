"""A full-text index over the folded words of known people: FTS5 kept by triggers on SQLite, a tsvector on PostgreSQL.

Only words are kept, not where they stand, and their first two and three letters are indexed too, so that
what somebody has typed so far finds people at once.
"""

from django.db import migrations

SQLITE = [
    """
    CREATE VIRTUAL TABLE person_search USING fts5(
        search, content='leads_person', content_rowid='id', tokenize='unicode61 remove_diacritics 0',
        prefix='2 3', detail='none', columnsize=0)
    """,
    "INSERT INTO person_search(rowid, search) SELECT id, search FROM leads_person WHERE known",
    """
    CREATE TRIGGER person_search_added AFTER INSERT ON leads_person WHEN new.known BEGIN
        INSERT INTO person_search(rowid, search) VALUES (new.id, new.search);
    END
    """,
    """
    CREATE TRIGGER person_search_removed AFTER DELETE ON leads_person WHEN old.known BEGIN
        INSERT INTO person_search(person_search, rowid, search) VALUES ('delete', old.id, old.search);
    END
    """,
    """
    CREATE TRIGGER person_search_left AFTER UPDATE OF search, known ON leads_person
    WHEN old.known AND (old.search <> new.search OR NOT new.known) BEGIN
        INSERT INTO person_search(person_search, rowid, search) VALUES ('delete', old.id, old.search);
    END
    """,
    """
    CREATE TRIGGER person_search_renamed AFTER UPDATE OF search, known ON leads_person
    WHEN new.known AND (old.search <> new.search OR NOT old.known) BEGIN
        INSERT INTO person_search(rowid, search) VALUES (new.id, new.search);
    END
    """,
]
SQLITE_BACK = [
    "DROP TRIGGER person_search_added",
    "DROP TRIGGER person_search_removed",
    "DROP TRIGGER person_search_left",
    "DROP TRIGGER person_search_renamed",
    "DROP TABLE person_search",
]
POSTGRESQL = [
    "CREATE INDEX person_search ON leads_person USING gin (to_tsvector('simple', search)) WHERE known",
]


def forwards(apps, editor):
    for statement in SQLITE if editor.connection.vendor == "sqlite" else POSTGRESQL:
        editor.execute(statement)


def backwards(apps, editor):
    for statement in SQLITE_BACK if editor.connection.vendor == "sqlite" else ["DROP INDEX person_search"]:
        editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("leads", "0002_people_are_listed_in_every_order")]
    operations = [migrations.RunPython(forwards, backwards)]
