"""An attribute that the company does not want on every profile can be hidden."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0015_a_change_of_owner_is_kept")]
    operations = [migrations.AddField("attribute", "hidden", models.BooleanField(default=False, db_default=False))]
