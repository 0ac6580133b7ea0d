"""Consents in force, filled from the log by follow where an install has facts already."""

import django.db.models.deletion
from django.db import migrations, models


def ask_for_filling(apps, schema_editor):
    if apps.get_model("leads", "FollowCursor").objects.exists():
        apps.get_model("leads", "Filling").objects.get_or_create(name="consents")


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0026_an_import_may_have_a_longer_kind'),
    ]

    operations = [
        migrations.CreateModel(
            name='Filling',
            fields=[
                ('name', models.CharField(max_length=40, primary_key=True, serialize=False)),
            ],
        ),
        migrations.CreateModel(
            name='PersonConsent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(blank=True, max_length=40)),
                ('given', models.BooleanField()),
                ('at', models.BigIntegerField()),
                ('fact', models.TextField()),
                ('source', models.TextField()),
                ('person', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='leads.person')),
            ],
            options={
                'indexes': [models.Index(fields=['purpose', 'given', 'person'], name='consent_by_purpose')],
                'constraints': [models.UniqueConstraint(fields=('person', 'purpose'), name='consent_once')],
            },
        ),
        migrations.RunPython(ask_for_filling, migrations.RunPython.noop),
    ]
