from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('doors', '0001_api_keys_and_webhooks'),
    ]

    operations = [
        migrations.AlterField(model_name='endpoint', name='secret', field=models.TextField()),
        migrations.AlterField(model_name='endpoint', name='old_secret', field=models.TextField(blank=True)),
    ]
