"""Count everybody who is there, some people at a time; safe to do again after it was cut short.

A move of somebody of whose facts none has a known time has none either; of the few who have both a rebuild knows.
"""

from django.db import migrations

from embudo.leads import passages

UNDATED = (
    "SELECT id FROM leads_person WHERE NOT first_seen_known AND NOT last_seen_known AND id > {} ORDER BY id LIMIT 500"
)


def forwards(apps, editor):
    last = -(1 << 63)
    with editor.connection.cursor() as cursor:
        while True:
            cursor.execute(UNDATED.format(last))
            people = [str(person) for (person,) in cursor.fetchall()]
            if not people:
                break
            cursor.execute(f"UPDATE leads_stagechange SET dated = FALSE WHERE person_id IN ({', '.join(people)})")
            last = people[-1]
    passages.count_all()


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("leads", "0009_the_funnel_is_kept_while_people_move")]
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
