"""What a run was about to record has a table of its own; rows of reports that said so move there."""

import json

import django.db.models.deletion
from django.db import migrations, models


def move(apps, schema_editor):
    begun = {}
    for row in apps.get_model("leads", "ImportRow").objects.filter(outcome="begun").order_by("id"):
        line = [row.row, row.line, row.fresh, row.subject, row.key, row.digest, row.facts.split()]
        begun.setdefault(row.run_id, []).append(line)
    for run, lines in begun.items():
        apps.get_model("leads", "ImportBegun").objects.create(run_id=run, rows=json.dumps(lines))
    apps.get_model("leads", "ImportRow").objects.filter(outcome="begun").delete()


class Migration(migrations.Migration):

    dependencies = [("leads", "0033_rows_of_imports_know_their_line")]

    operations = [
        migrations.AlterField(
            model_name="importrow",
            name="run",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="report",
                to="leads.importrun",
            ),
        ),
        migrations.CreateModel(
            name="ImportBegun",
            fields=[
                ("run", models.OneToOneField(
                    on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name="+",
                    serialize=False, to="leads.importrun",
                )),
                ("rows", models.TextField()),
            ],
        ),
        migrations.RunPython(move, migrations.RunPython.noop),
    ]
