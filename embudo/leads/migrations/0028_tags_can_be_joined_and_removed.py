from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0027_people_are_found_by_their_consents'),
    ]

    operations = [
        migrations.AddField(
            model_name='tag',
            name='removed_at',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='tagging',
            name='joined_from',
            field=models.BigIntegerField(null=True),
        ),
    ]
