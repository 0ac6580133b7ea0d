import django.db.models.deletion
from django.db import migrations, models


def unlogged(apps, schema_editor):
    """Who asks waits for no disk: after a crash everybody may simply ask again."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE doors_spending SET UNLOGGED")


class Migration(migrations.Migration):

    dependencies = [
        ('doors', '0003_secrets_are_sealed'),
    ]

    operations = [
        migrations.CreateModel(
            name='Spending',
            fields=[
                ('key', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='doors.apikey')),
                ('spent', models.FloatField()),
                ('as_of_at', models.BigIntegerField()),
            ],
        ),
        migrations.RunPython(unlogged, migrations.RunPython.noop),
    ]
