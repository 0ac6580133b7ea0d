"""On SQLite the id of a person, a score, a company and an identifier is the row's own: one tree to keep, not two.

SQLite takes a key for the row's own only when its type is `integer`. The tables are copied, in the order of their key,
with all their indexes and triggers. PostgreSQL has nothing to change.
"""

from django.db import migrations, models

import embudo.leads.models

KEYS = {"leads_company": "id", "leads_person": "id", "leads_score": "person_id", "leads_identifier": "subject"}


def rows_ids(apps, editor):
    _copy(editor, "bigint", "integer")


def ids_of_their_own(apps, editor):
    _copy(editor, "integer", "bigint")


def _copy(editor, was, becomes):
    if editor.connection.vendor != "sqlite":
        return
    for table, key in KEYS.items():
        with editor.connection.cursor() as cursor:
            cursor.execute("SELECT sql FROM sqlite_master WHERE tbl_name = %s AND sql IS NOT NULL ORDER BY rowid", [table])
            made, *belonging = [statement for (statement,) in cursor.fetchall()]
        column = f'"{key}" {{}} NOT NULL PRIMARY KEY'
        made = made.replace(column.format(was), column.format(becomes), 1)
        editor.execute(made.replace(table, f"new__{table}", 1))
        editor.execute(f"INSERT INTO new__{table} SELECT * FROM {table} ORDER BY {key}")
        editor.execute(f"DROP TABLE {table}")
        editor.execute(f"ALTER TABLE new__{table} RENAME TO {table}")
        for statement in belonging:
            editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("leads", "0010_the_funnel_counts_those_who_are_there")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(rows_ids, ids_of_their_own)],
            state_operations=[
                migrations.AlterField(model, name, embudo.leads.models.RowId(primary_key=True, serialize=False))
                for model, name in (("company", "id"), ("person", "id"), ("identifier", "subject"))
            ],
        )
    ]
