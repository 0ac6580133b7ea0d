"""Count everybody who is there, some people at a time; safe to do again after it was cut short.

A move of somebody of whose facts none has a known time has none either; of the few who have both a rebuild knows.
What is counted, and how, is written out here as it was then (leads/passages.py), whatever becomes of it later.
"""

from collections import Counter, defaultdict

from django.db import migrations, transaction

DAY = 86_400_000_000
STAGES = ("visitor", "lead", "qualified", "prospect", "opportunity", "customer", "ambassador")
RANK = {stage: rank for rank, stage in enumerate(STAGES)}
LEAD, OPEN, NEGATIVE, PAST, STEPS, LARGEST = 1, -1, -2, -3, 2, 1 << 58
SLICE = 300  # people counted in one transaction: below 50 ms
FIRST = -(1 << 63)

UNDATED = (
    "SELECT id FROM leads_person WHERE NOT first_seen_known AND NOT last_seen_known AND id > {} ORDER BY id LIMIT 500"
)
MOVES = f"""
    INSERT INTO leads_moveday (day, from_stage, to_stage, moves)
    SELECT (at - CASE WHEN at < 0 THEN {DAY - 1} ELSE 0 END) / {DAY}, from_stage, to_stage, count(*)
    FROM leads_stagechange WHERE superseded_at IS NULL GROUP BY 1, 2, 3
"""
WHO_MOVED = (
    "SELECT DISTINCT person_id FROM leads_stagechange WHERE superseded_at IS NULL AND from_stage <> ''"
    " AND person_id > {} ORDER BY person_id LIMIT {}"
)
STANDING = (
    "SELECT person_id, to_stage, at, dated FROM leads_stagechange"
    " WHERE person_id IN ({}) AND superseded_at IS NULL ORDER BY at, id"
)
ADD_PASSAGE = (
    "INSERT INTO leads_passage (person_id, rank, at, next_at, bucket, entered, spans, until_at, source)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
ADD_SPANS = (
    "INSERT INTO leads_passageday (rank, bucket, day, entered, spans) VALUES (%s, %s, %s, %s, %s)"
    " ON CONFLICT (rank, bucket, day) DO UPDATE SET"
    " entered = leads_passageday.entered + excluded.entered, spans = leads_passageday.spans + excluded.spans"
)
ADD_SOURCE = (
    "INSERT INTO leads_sourceday (day, source, entered, further) VALUES (%s, %s, %s, %s)"
    " ON CONFLICT (day, source) DO UPDATE SET"
    " entered = leads_sourceday.entered + excluded.entered, further = leads_sourceday.further + excluded.further"
)


def forwards(apps, editor):
    with editor.connection.cursor() as cursor:
        _mark_undated(cursor)
        for table in ("leads_passage", "leads_passageday", "leads_sourceday", "leads_moveday"):
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute(MOVES)
        last = FIRST
        while people := _ids(cursor, WHO_MOVED.format(last, SLICE)):
            with transaction.atomic(using=editor.connection.alias):
                _count(cursor, people)
            last = people[-1]


def _mark_undated(cursor):
    last = FIRST
    while people := _ids(cursor, UNDATED.format(last)):
        listed = ", ".join(map(str, people))
        cursor.execute(f"UPDATE leads_stagechange SET dated = FALSE WHERE person_id IN ({listed})")
        last = people[-1]


def _ids(cursor, query):
    cursor.execute(query)
    return [id_ for (id_,) in cursor.fetchall()]


def _count(cursor, people):
    """Write the passages of some people, and add them to the sums."""
    listed = ", ".join(map(str, people))
    first = {person: {} for person in people}
    cursor.execute(STANDING.format(listed))
    for person, stage, at, dated in cursor.fetchall():
        if stage in RANK:
            first[person].setdefault(stage, (at, bool(dated)))
    cursor.execute(f"SELECT id, source FROM leads_person WHERE id IN ({listed})")
    sources = dict(cursor.fetchall())
    rows = [row for person in people for row in _passages(person, first[person], sources.get(person, ""))]
    cursor.executemany(ADD_PASSAGE, rows)
    spans, by_source = defaultdict(Counter), defaultdict(Counter)
    for _person, rank, at, next_at, bucket, entered, spanned, _until, source in rows:
        if bucket != PAST:
            spans[rank, bucket, at // DAY].update(entered=entered, spans=spanned)
            if rank == LEAD and entered:
                by_source[at // DAY, source].update(entered=1, further=int(next_at is not None))
    cursor.executemany(ADD_SPANS, [(*key, n["entered"], n["spans"]) for key, n in sorted(spans.items())])
    cursor.executemany(ADD_SOURCE, [(*key, n["entered"], n["further"]) for key, n in sorted(by_source.items())])


def _passages(person, first, source):
    """When somebody reached each stage and went further, and each entry that followed the one into it for a time."""
    found, further = [], None
    for rank in range(len(STAGES) - 1, -1, -1):
        entry = first.get(STAGES[rank])
        reached = min((at for at in (further, entry and entry[0]) if at is not None), default=None)
        if reached is not None and (rank or further is not None):
            bucket = _bucket(None if further is None else further - reached)
            reach = (person, rank, reached, further, bucket, 1, 0, None, source if rank == LEAD else "")
            spans = _spans(person, rank, entry, first) if entry else []
            if spans and spans[0][2:5] == reach[2:5]:
                reach, spans = (*reach[:6], 1, *reach[7:]), spans[1:]
            found += [reach, *spans]
        further = reached
    return found


def _spans(person, rank, entry, first):
    spans, until = [], None
    for stage in STAGES[rank + 1 :]:
        following = first.get(stage)
        if following is None or (until is not None and following[0] >= until):
            continue
        if entry[1] and following[1]:
            bucket = _bucket(following[0] - entry[0]) if until is None else PAST
            spans.append((person, rank, entry[0], following[0], bucket, 0, 1, until, ""))
        until = following[0]
    return spans


def _bucket(span):
    if span is None:
        return OPEN
    if span < 0:
        return NEGATIVE
    if span < 1 << STEPS:
        return span
    shift = min(span, LARGEST).bit_length() - 1 - STEPS
    return (shift << STEPS) + (min(span, LARGEST) >> shift)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("leads", "0009_the_funnel_is_kept_while_people_move")]
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
