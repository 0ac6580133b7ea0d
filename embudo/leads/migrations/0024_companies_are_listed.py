"""What the people of a company come to. Plain SQL: Django would copy the table for each column on SQLite."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

ADD = "ALTER TABLE leads_company ADD COLUMN {} {} NOT NULL DEFAULT {}"
DROP = "ALTER TABLE leads_company DROP COLUMN {}"
COLUMNS = {
    "people_count": ("integer", "0", models.IntegerField(db_default=0, default=0)),
    "engagement_order": ("double precision", "0", models.FloatField(db_default=0, default=0)),
    "last_seen_at": ("bigint", "0", models.BigIntegerField(db_default=0, default=0)),
    "rank": ("smallint", "-1", models.SmallIntegerField(db_default=-1, default=-1)),
    "search": ("varchar(600)", "''", models.CharField(db_default="", default="", max_length=600)),
    "rolled_at": ("bigint", "0", models.BigIntegerField(db_default=0, default=0)),
}


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0023_views_of_the_list_are_saved'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        *(
            migrations.RunSQL(
                ADD.format(name, kind, default),
                DROP.format(name),
                state_operations=[migrations.AddField("company", name, field)],
            )
            for name, (kind, default, field) in COLUMNS.items()
        ),
        migrations.AddField(
            model_name='company',
            name='owner',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='company',
            index=models.Index(fields=['rolled_at'], name='company_to_roll'),
        ),
        migrations.AddIndex(
            model_name='company',
            index=models.Index(condition=models.Q(('people_count__gt', 0)), fields=['-engagement_order', '-id'], name='company_by_engagement'),
        ),
        migrations.AddIndex(
            model_name='company',
            index=models.Index(condition=models.Q(('people_count__gt', 0)), fields=['-people_count', '-id'], name='company_by_people'),
        ),
        migrations.AddIndex(
            model_name='company',
            index=models.Index(condition=models.Q(('people_count__gt', 0)), fields=['-last_seen_at', '-id'], name='company_by_last_seen'),
        ),
        migrations.AddIndex(
            model_name='company',
            index=models.Index(condition=models.Q(('people_count__gt', 0)), fields=['search', 'id'], name='company_by_name'),
        ),
        migrations.AddIndex(
            model_name='company',
            index=models.Index(condition=models.Q(('people_count__gt', 0)), fields=['owner', '-engagement_order', '-id'], name='company_by_owner'),
        ),
        migrations.AddIndex(
            model_name='company',
            index=models.Index(condition=models.Q(('people_count__gt', 0)), fields=['rank', '-engagement_order', '-id'], name='company_by_rank'),
        ),
    ]
