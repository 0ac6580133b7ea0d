
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('leads', '0018_an_attribute_can_be_hidden'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Pair',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('probability', models.FloatField()),
                ('odds', models.FloatField()),
                ('signs', models.JSONField(default=list)),
                ('seen_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('joined_at', models.DateTimeField(null=True)),
                ('refused_at', models.DateTimeField(null=True)),
                ('left', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='leads.person')),
                ('refused_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('right', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='leads.person')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('refused_at__isnull', True)), fields=['-probability', 'id'], name='pair_open')],
                'constraints': [models.UniqueConstraint(fields=('left', 'right'), name='pair_once')],
            },
        ),
    ]
