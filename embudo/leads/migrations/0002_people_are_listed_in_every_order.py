
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0001_tables'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='person',
            name='person_by_name',
        ),
        migrations.AddIndex(
            model_name='person',
            index=models.Index(condition=models.Q(('known', True), ('merged_into__isnull', True)), fields=['-first_seen_at', 'id'], name='person_by_first_seen'),
        ),
        migrations.AddIndex(
            model_name='person',
            index=models.Index(models.OrderBy(django.db.models.functions.comparison.Coalesce('fit', models.Value(-1.0)), descending=True), models.F('id'), condition=models.Q(('known', True), ('merged_into__isnull', True)), name='person_by_fit'),
        ),
        migrations.AddIndex(
            model_name='person',
            index=models.Index(condition=models.Q(('known', True), ('merged_into__isnull', True)), fields=['search', 'id'], name='person_by_name'),
        ),
        migrations.AddIndex(
            model_name='person',
            index=models.Index(condition=models.Q(('known', True), ('merged_into__isnull', True), ('handoff_ready', True)), fields=['id'], name='person_waiting'),
        ),
    ]
