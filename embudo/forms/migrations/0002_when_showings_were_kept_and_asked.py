from typing import Any

from django.db import migrations, models
from django.db.models import F


def begun_when_shown(apps: Any, _schema: Any) -> None:
    """What was about to be kept when a process died is looked up as before: by when the form was shown."""
    showings = apps.get_model("forms", "Showing").objects
    showings.filter(sent_at=None).exclude(fact="").update(keeping_at=F("at"))


class Migration(migrations.Migration):
    dependencies = [("forms", "0001_forms_with_their_drafts_versions_and_showings")]

    operations = [
        migrations.AddField("showing", "keeping_at", models.BigIntegerField(null=True)),
        migrations.AddField("showing", "waiting", models.JSONField(null=True)),
        migrations.AddField("showing", "ask_at", models.BigIntegerField(null=True)),
        migrations.AddField("showing", "asked_at", models.BigIntegerField(null=True)),
        migrations.RunPython(begun_when_shown, migrations.RunPython.noop),
    ]
