"""Who reached a stage is listed by passages; of the moves only first appearances are still looked up by stage."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0013_people_are_found_whatever_letters_their_names_have")]
    operations = [
        migrations.RemoveIndex("stagechange", name="move_by_stage"),
        migrations.RemoveIndex("stagechange", name="move_by_exit"),
        migrations.AddIndex(
            "stagechange",
            models.Index(
                fields=["at", "person"],
                name="move_by_arrival",
                condition=models.Q(superseded_at__isnull=True, from_stage=""),
            ),
        ),
        migrations.AddIndex(
            "passage",
            models.Index(fields=["rank", "at", "person"], name="passage_by_time", condition=models.Q(entered=1)),
        ),
    ]
