"""A pair says whose it is: of people as before, or of companies. Its two sides are ids, of whichever table."""

from django.db import migrations, models


def side(name):
    column = f"{name}_id"
    return [
        migrations.AlterField("Pair", name, models.BigIntegerField(db_column=column)),
        migrations.RenameField("Pair", name, column),
        migrations.AlterField("Pair", column, models.BigIntegerField()),
    ]


class Migration(migrations.Migration):

    dependencies = [("duplicates", "0001_pairs_of_people")]

    operations = [
        migrations.RemoveConstraint("Pair", "pair_once"),
        migrations.RemoveIndex("Pair", "pair_open"),
        *side("left"),
        *side("right"),
        migrations.AddField("Pair", "whose", models.CharField(db_default="people", default="people", max_length=10)),
        migrations.AddConstraint(
            "Pair",
            models.UniqueConstraint(fields=["whose", "left_id", "right_id"], name="pair_once_of_its_kind"),
        ),
        migrations.AddIndex(
            "Pair",
            models.Index(
                fields=["whose", "-probability", "id"],
                name="pair_open_of_its_kind",
                condition=models.Q(("refused_at__isnull", True)),
            ),
        ),
    ]
