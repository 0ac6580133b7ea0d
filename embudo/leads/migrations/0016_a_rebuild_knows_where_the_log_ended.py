from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0015_a_change_of_owner_is_kept'),
    ]

    operations = [
        migrations.AddField(
            model_name='rebuild',
            name='until',
            field=models.TextField(default=''),
        ),
    ]
