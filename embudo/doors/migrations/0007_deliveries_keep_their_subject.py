from typing import Any

from django.db import migrations, models
from django.db.models import F


def end(apps: Any, _schema: Any) -> None:
    """What was erased has ended, so that it goes after a while as all that was sent."""
    erased = apps.get_model("doors", "Delivery").objects.filter(state="erased", ended_at=None)
    erased.update(ended_at=F("created_at"))


class Migration(migrations.Migration):
    dependencies = [
        ("doors", "0006_a_key_says_who_revoked_it"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="delivery", name="delivery_person"),
        migrations.RenameField(model_name="delivery", old_name="person", new_name="subject"),
        migrations.AddIndex(
            model_name="delivery", index=models.Index(fields=["subject"], name="delivery_subject")
        ),
        migrations.RunPython(end, migrations.RunPython.noop, elidable=True),
    ]
