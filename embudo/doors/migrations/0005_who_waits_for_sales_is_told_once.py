from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('doors', '0004_a_rate_holds_for_all_processes'),
    ]

    operations = [
        migrations.CreateModel(
            name='Waiting',
            fields=[
                ('person', models.BigIntegerField(primary_key=True, serialize=False)),
            ],
        ),
    ]
