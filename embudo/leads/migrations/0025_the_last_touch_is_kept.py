"""Four columns. Plain SQL, because Django adds a column on SQLite by copying the table, which would lose its triggers."""

from django.db import migrations, models

ADD = "ALTER TABLE leads_person ADD COLUMN {} varchar({}) NOT NULL DEFAULT ''"
DROP = "ALTER TABLE leads_person DROP COLUMN {}"
COLUMNS = {"last_source": 200, "last_medium": 200, "last_campaign": 300, "last_landing_page": 500}


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0024_companies_are_listed'),
    ]

    operations = [
        *(
            migrations.RunSQL(
                ADD.format(name, length),
                DROP.format(name),
                state_operations=[
                    migrations.AddField("person", name, models.CharField(blank=True, db_default="", max_length=length))
                ],
            )
            for name, length in COLUMNS.items()
        ),
        migrations.AddIndex(
            model_name='person',
            index=models.Index(condition=models.Q(('known', True), ('merged_into__isnull', True)), fields=['last_source', 'id'], name='person_by_last_source'),
        ),
    ]
