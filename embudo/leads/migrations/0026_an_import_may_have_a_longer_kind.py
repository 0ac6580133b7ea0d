from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0025_the_last_touch_is_kept'),
    ]

    operations = [
        migrations.AlterField(
            model_name='importrun',
            name='kind',
            field=models.CharField(max_length=20),
        ),
    ]
