from django.db import migrations

# Who was merged in the very batch in which they appeared had no row, so that identifiers pointed at nobody.
ROWS = (
    "INSERT INTO leads_person (id, merged_into_id, known, created_at, name, mail, phone, title, company_name, industry,"
    " country, city, language, attributes, search, stage, handoff_ready, grade, fit_known_share, disqualified, engagement,"
    " engagement_at, engagement_order, first_seen_at, last_seen_at, first_seen_known, last_seen_known, events, source,"
    " medium, campaign, landing_page)"
    " SELECT DISTINCT m.absorbed_id, m.survivor_id, {no}, 0, '', '', '', '', '', '', '', '', '', {none}, '', 'visitor',"
    " {no}, '', 0, {no}, 0, 0, 0, 0, 0, {yes}, {yes}, 0, '', '', '', '' FROM leads_merge m"
    " WHERE m.unmerged_at IS NULL AND NOT EXISTS (SELECT 1 FROM leads_person p WHERE p.id = m.absorbed_id)"
)


def add_rows(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        words = {"yes": "TRUE", "no": "FALSE", "none": "CAST('{}' AS jsonb)"}
    else:
        words = {"yes": 1, "no": 0, "none": "'{}'"}
    schema_editor.execute(ROWS.format(**words))


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0016_a_rebuild_knows_where_the_log_ended'),
    ]

    operations = [
        migrations.RunPython(add_rows, migrations.RunPython.noop),
    ]
