import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

OWNED = (
    "INSERT INTO leads_ownerchange (person_id, owner_id, at, fact)"
    " SELECT id, owner_id, created_at, '' FROM leads_person WHERE owner_id IS NOT NULL"
)


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0014_who_reached_a_stage_is_listed_by_passages'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='OwnerChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.BigIntegerField()),
                ('fact', models.CharField(blank=True, db_index=True, max_length=100)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('owner', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('person', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='owner_changes', to='leads.person')),
            ],
        ),
        migrations.RunSQL(OWNED, migrations.RunSQL.noop),
    ]
