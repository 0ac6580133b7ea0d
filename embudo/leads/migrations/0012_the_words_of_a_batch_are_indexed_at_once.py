"""The triggers of the word index hold still while a batch of people is written, which feeds the index by itself."""

from django.db import migrations

TRIGGERS = {  # as 0003 made them
    "person_search_added": """
        AFTER INSERT ON leads_person WHEN new.known{held} BEGIN
            INSERT INTO person_search(rowid, search) VALUES (new.id, new.search);
        END
    """,
    "person_search_removed": """
        AFTER DELETE ON leads_person WHEN old.known{held} BEGIN
            INSERT INTO person_search(person_search, rowid, search) VALUES ('delete', old.id, old.search);
        END
    """,
    "person_search_left": """
        AFTER UPDATE OF search, known ON leads_person
        WHEN old.known AND (old.search <> new.search OR NOT new.known){held} BEGIN
            INSERT INTO person_search(person_search, rowid, search) VALUES ('delete', old.id, old.search);
        END
    """,
    "person_search_renamed": """
        AFTER UPDATE OF search, known ON leads_person
        WHEN new.known AND (old.search <> new.search OR NOT old.known){held} BEGIN
            INSERT INTO person_search(rowid, search) VALUES (new.id, new.search);
        END
    """,
}
HELD = " AND NOT EXISTS (SELECT 1 FROM person_search_held)"


def forwards(apps, editor):
    if editor.connection.vendor == "sqlite":
        editor.execute("CREATE TABLE person_search_held (held integer)")
        _replace(editor, HELD)


def backwards(apps, editor):
    if editor.connection.vendor == "sqlite":
        _replace(editor, "")
        editor.execute("DROP TABLE person_search_held")


def _replace(editor, held):
    for name in TRIGGERS:
        editor.execute(f"DROP TRIGGER {name}")
    for name, body in TRIGGERS.items():
        editor.execute(f"CREATE TRIGGER {name} {body.format(held=held)}")


class Migration(migrations.Migration):
    dependencies = [("leads", "0011_ids_are_row_ids")]
    operations = [migrations.RunPython(forwards, backwards)]
