"""What pages ask of a company's people stands in one index; pointers that most people lack are indexed where they are.

Plain SQL takes the old indexes away, because Django would copy the table on SQLite, which would lose its triggers.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

LISTED = models.Q(("known", True), ("merged_into__isnull", True))
OLD = {"company": "5f8e0f9e", "merged_into": "ae0d3a7b", "owner": "77c98c44"}
FIELDS = {
    "company": {"related_name": "people", "to": "leads.company", "db_constraint": False},
    "merged_into": {"related_name": "absorbed", "to": "leads.person", "db_constraint": False},
    "owner": {"related_name": "+", "to": settings.AUTH_USER_MODEL},
}
OF_A_COMPANY = [
    "company", "id", "known", "merged_into", "engagement_order", "last_seen_at", "first_seen_at", "fit", "stage",
]  # fmt: skip


def unindexed(name):
    index = f"leads_person_{name}_id_{OLD[name]}"
    field = models.ForeignKey(
        blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, **FIELDS[name]
    )
    return migrations.RunSQL(
        f"DROP INDEX IF EXISTS {index}",
        f"CREATE INDEX {index} ON leads_person ({name}_id)",
        state_operations=[migrations.AlterField("person", name, field)],
    )


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0029_tags_can_be_joined_and_removed"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        *(unindexed(name) for name in FIELDS),
        *(
            migrations.AddIndex("person", index)
            for index in (
                models.Index(fields=["medium", "id"], name="person_by_medium", condition=LISTED),
                models.Index(
                    fields=["campaign", "id"], name="person_by_campaign", condition=LISTED & models.Q(campaign__gt="")
                ),
                models.Index(
                    fields=["merged_into"], name="person_by_survivor", condition=models.Q(merged_into__isnull=False)
                ),
                models.Index(fields=["owner"], name="person_by_owner", condition=models.Q(owner__isnull=False)),
                models.Index(
                    fields=OF_A_COMPANY, name="person_by_company", condition=models.Q(company__isnull=False)
                ),
            )
        ),
    ]
