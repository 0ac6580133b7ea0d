"""Opportunities, filled from the log by follow where an install has facts already."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def ask_for_filling(apps, schema_editor):
    if apps.get_model("leads", "FollowCursor").objects.exists():
        apps.get_model("leads", "Filling").objects.get_or_create(name="opportunities")


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0030_people_are_found_by_company_medium_and_campaign'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Opportunity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('opportunity', models.CharField(max_length=200)),
                ('name', models.CharField(blank=True, max_length=200)),
                ('amount', models.FloatField(null=True)),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('status', models.CharField(max_length=4)),
                ('stage', models.CharField(blank=True, max_length=200)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('opened_at', models.BigIntegerField()),
                ('changed_at', models.BigIntegerField()),
                ('closed_at', models.BigIntegerField(null=True)),
                ('dated', models.BooleanField()),
                ('said', models.TextField()),
                ('written_at', models.BigIntegerField()),
                ('person', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='leads.person')),
                ('owner', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['written_at', 'id'], name='opportunity_by_writing'), models.Index(fields=['status', 'written_at', 'id'], name='opportunity_by_status'), models.Index(condition=models.Q(('owner__isnull', False)), fields=['owner', 'written_at', 'id'], name='opportunity_by_owner')],
                'constraints': [models.UniqueConstraint(fields=('person', 'opportunity'), name='opportunity_once')],
            },
        ),
        migrations.RunPython(ask_for_filling, migrations.RunPython.noop),
    ]
