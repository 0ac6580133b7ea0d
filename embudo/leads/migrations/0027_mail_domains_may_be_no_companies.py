from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0026_an_import_may_have_a_longer_kind'),
    ]

    operations = [
        migrations.CreateModel(
            name='FreeMail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('domain', models.CharField(max_length=253, unique=True)),
                ('free', models.BooleanField()),
                ('at', models.BigIntegerField()),
                ('settled', models.BooleanField(default=False)),
            ],
        ),
    ]
