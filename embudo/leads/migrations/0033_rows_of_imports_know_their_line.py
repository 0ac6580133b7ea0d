"""Rows of imports know their line in the file, and keep their words so that each reader has them in their language."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("leads", "0032_companies_can_be_joined")]

    operations = [
        migrations.AddField("importrow", "line", models.IntegerField(null=True)),
        migrations.AddField("importrow", "said", models.JSONField(null=True)),
    ]
