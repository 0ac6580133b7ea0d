"""The triggers of the word index hold still while a batch of people is written, which feeds the index by itself."""

import importlib

from django.db import migrations

NAMES = ("person_search_added", "person_search_removed", "person_search_left", "person_search_renamed")
OLD = importlib.import_module("embudo.leads.migrations.0003_people_are_found_by_words").SQLITE[2:]
HELD = " AND NOT EXISTS (SELECT 1 FROM person_search_held) BEGIN"


def forwards(apps, editor):
    if editor.connection.vendor == "sqlite":
        editor.execute("CREATE TABLE person_search_held (held integer)")
        _replace(editor, [statement.replace(" BEGIN", HELD, 1) for statement in OLD])


def backwards(apps, editor):
    if editor.connection.vendor == "sqlite":
        _replace(editor, OLD)
        editor.execute("DROP TABLE person_search_held")


def _replace(editor, triggers):
    for name in NAMES:
        editor.execute(f"DROP TRIGGER {name}")
    for trigger in triggers:
        editor.execute(trigger)


class Migration(migrations.Migration):
    dependencies = [("leads", "0011_ids_are_row_ids")]
    operations = [migrations.RunPython(forwards, backwards)]
