from django.db import migrations, models


def name_the_people(apps, schema_editor):
    """Rows on a lead carry the id in their detail; now it has a column of its own."""
    AuditEntry = apps.get_model('accounts', 'AuditEntry')
    for row in AuditEntry.objects.filter(verb='owner_changed', person='').iterator(1000):
        AuditEntry.objects.filter(pk=row.pk).update(person=str(row.detail.get('person', ''))[:40])


class Migration(migrations.Migration):

    dependencies = [('accounts', '0004_people_see_where_they_are_signed_in')]

    operations = [
        migrations.AddField('auditentry', 'person', models.CharField(blank=True, editable=False, max_length=40)),
        migrations.AddField('auditentry', 'seen', models.CharField(editable=False, max_length=64, null=True, unique=True)),
        migrations.AddIndex('auditentry', models.Index(fields=['by', '-at', '-id'], name='audit_who')),
        migrations.AddIndex('auditentry', models.Index(fields=['verb', '-at', '-id'], name='audit_what')),
        migrations.AddIndex('auditentry', models.Index(fields=['person', '-at', '-id'], name='audit_person')),
        migrations.RunPython(name_the_people, migrations.RunPython.noop),
    ]
