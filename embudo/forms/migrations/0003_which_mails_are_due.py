from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("forms", "0002_when_showings_were_kept_and_asked")]

    operations = [
        migrations.AddIndex(
            "showing",
            models.Index(fields=["ask_at"], name="showing_to_ask", condition=models.Q(("ask_at__isnull", False))),
        ),
    ]
