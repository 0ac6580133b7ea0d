"""Companies can be joined: what was said of two, whose page each has, and whom it was given, from which its owner follows."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

GIVEN = "UPDATE leads_company SET given_owner_id = owner_id, given_at = 0 WHERE owner_id IS NOT NULL"
NULL_KEY = {"null": True, "blank": True, "db_index": False, "on_delete": django.db.models.deletion.SET_NULL}
SIDE = {"null": True, "db_constraint": False, "on_delete": django.db.models.deletion.CASCADE, "related_name": "+"}


class Migration(migrations.Migration):

    dependencies = [
        ("leads", "0031_opportunities_are_found"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            "CompanyMerge",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.BigIntegerField()),
                ("fact", models.TextField()),
                ("source", models.TextField()),
                ("undoes", models.BooleanField(default=False)),
                ("said_survivor", models.BigIntegerField()),
                ("said_absorbed", models.BigIntegerField()),
                ("survivor_name", models.CharField(blank=True, max_length=300)),
                ("absorbed_name", models.CharField(blank=True, max_length=300)),
                ("survivor_domain", models.CharField(blank=True, max_length=253)),
                ("absorbed_domain", models.CharField(blank=True, max_length=253)),
                ("survivor", models.ForeignKey(to="leads.company", **SIDE)),
                ("absorbed", models.ForeignKey(to="leads.company", **SIDE)),
                ("unmerged_at", models.BigIntegerField(null=True)),
            ],
        ),
        migrations.AddConstraint(
            "CompanyMerge", models.UniqueConstraint(fields=["source", "fact"], name="company_merge_once")
        ),
        migrations.AddField("Company", "given_at", models.BigIntegerField(null=True)),
        migrations.AddField(
            "Company", "given_owner", models.ForeignKey(related_name="+", to=settings.AUTH_USER_MODEL, **NULL_KEY)
        ),
        migrations.AddField(
            "Company",
            "merged_into",
            models.ForeignKey(related_name="absorbed", to="leads.company", db_constraint=False, **NULL_KEY),
        ),
        migrations.AddField("Company", "unsettled_after", models.BigIntegerField(null=True)),
        migrations.AddIndex(
            "Company",
            models.Index(
                fields=["merged_into"], name="company_by_survivor", condition=models.Q(("merged_into__isnull", False))
            ),
        ),
        migrations.AddIndex(
            "Company",
            models.Index(
                fields=["id"], name="company_unsettled", condition=models.Q(("unsettled_after__isnull", False))
            ),
        ),
        migrations.RunSQL(GIVEN, migrations.RunSQL.noop),
    ]
