"""An attribute that the company does not want on every profile can be hidden."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0017_who_was_merged_has_a_row")]
    operations = [migrations.AddField("attribute", "hidden", models.BooleanField(default=False, db_default=False))]
