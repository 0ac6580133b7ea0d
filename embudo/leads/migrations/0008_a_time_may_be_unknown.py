"""Two flags. Plain SQL, because Django adds a column on SQLite by copying the table, which would lose its triggers."""

from django.db import migrations, models

ADD = "ALTER TABLE leads_person ADD COLUMN {} boolean NOT NULL DEFAULT TRUE"
DROP = "ALTER TABLE leads_person DROP COLUMN {}"
FLAGS = ("first_seen_known", "last_seen_known")


class Migration(migrations.Migration):
    dependencies = [("leads", "0007_the_key_of_a_first_touch_may_be_long")]
    operations = [
        migrations.RunSQL(
            ADD.format(flag),
            DROP.format(flag),
            state_operations=[migrations.AddField("person", flag, models.BooleanField(default=True))],
        )
        for flag in FLAGS
    ]
