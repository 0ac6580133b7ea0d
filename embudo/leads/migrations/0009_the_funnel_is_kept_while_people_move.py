"""Passages, their sums by day, and whether the time of a move is known.

The column by plain SQL, as in 0008. The sums are small tables that are read by ranges of their key: on SQLite the key
is the table.
"""

import django.db.models.deletion
from django.db import migrations, models

ADD = "ALTER TABLE leads_stagechange ADD COLUMN dated boolean NOT NULL DEFAULT TRUE"
DROP = "ALTER TABLE leads_stagechange DROP COLUMN dated"
SUMS = ("PassageDay", "SourceDay", "MoveDay")


def make_sums(apps, editor):
    for name in SUMS:
        statement, _values = editor.table_sql(apps.get_model("leads", name))
        editor.execute(statement + (" WITHOUT ROWID" if editor.connection.vendor == "sqlite" else ""))


def drop_sums(apps, editor):
    for name in SUMS:
        editor.execute(f"DROP TABLE leads_{name.lower()}")


def day_sums(name, key, sums):
    return migrations.CreateModel(
        name=name,
        fields=[("pk", models.CompositePrimaryKey(*key, blank=True, editable=False, primary_key=True, serialize=False))]
        + [(column, KEYS[column]) for column in key]
        + [(column, models.IntegerField()) for column in sums],
    )


KEYS = {
    "rank": models.SmallIntegerField(),
    "bucket": models.SmallIntegerField(),
    "day": models.IntegerField(),
    "source": models.CharField(max_length=200),
    "from_stage": models.CharField(max_length=40),
    "to_stage": models.CharField(max_length=40),
}


class Migration(migrations.Migration):
    dependencies = [("leads", "0008_a_time_may_be_unknown")]
    operations = [
        migrations.RunSQL(
            ADD, DROP, state_operations=[migrations.AddField("stagechange", "dated", models.BooleanField(default=True))]
        ),
        migrations.CreateModel(
            name="Passage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rank", models.SmallIntegerField()),
                ("at", models.BigIntegerField()),
                ("next_at", models.BigIntegerField(null=True)),
                ("bucket", models.SmallIntegerField()),
                ("entered", models.SmallIntegerField()),
                ("spans", models.SmallIntegerField()),
                ("until_at", models.BigIntegerField(null=True)),
                ("source", models.CharField(blank=True, max_length=200)),
                (
                    "person",
                    models.ForeignKey(
                        db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE,
                        related_name="+", to="leads.person",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["person"], name="passage_by_person"),
                    models.Index(
                        fields=["rank", "bucket", "at", "next_at", "entered", "spans"], name="passage_by_bucket"
                    ),
                ]
            },
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                day_sums("PassageDay", ("rank", "bucket", "day"), ("entered", "spans")),
                day_sums("SourceDay", ("day", "source"), ("entered", "further")),
                day_sums("MoveDay", ("day", "from_stage", "to_stage"), ("moves",)),
            ]
        ),
        migrations.RunPython(make_sums, drop_sums),
    ]
