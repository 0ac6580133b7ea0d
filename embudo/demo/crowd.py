"""A crowd for the benches of pages: the demo company's people, and more, dealt out from them by bulk SQL.

The first people went the whole way through log and follow. A clone has the score, stage, moves and attributes
of one of them, a name and an address of its own, and came some days earlier. Clones have no facts in the log.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any

from django.db import connection, transaction

from embudo.config import Config
from embudo.core.event import DAY, subject_of
from embudo.demo.chance import dice
from embudo.demo.fill import Plan, fill, groups
from embudo.demo.persona import slug
from embudo.demo.progress import Progress
from embudo.demo.world import world
from embudo.leads import passages, profile, sql
from embudo.leads.kept import COLUMNS
from embudo.leads.models import Person
from embudo.leads.word_index import fed_at_once

GROUP = 20_000  # rows of one transaction
EARLIER_DAYS = 120  # at most
MOVED = ("created_at", "first_seen_at", "last_seen_at", "stage_since_at", "engagement_at")
MOVE = ("from_stage", "to_stage", "why", "causes", "version", "fit", "engagement", "dated", "superseded_why")

TABLES = "('leads_person', 'leads_score', 'leads_stagechange', 'leads_personattribute')"
INDEXES_SQLITE = (
    f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN {TABLES}"
)
INDEXES_POSTGRESQL = (
    f"SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename IN {TABLES}"
    " AND indexname NOT IN (SELECT conname FROM pg_constraint)"
)

Row = dict[str, Any]


def people(
    config: Config, count: int, plan: Plan, *, known_share: float = 1.0, progress: Progress | None = None
) -> None:
    """Fill the tables with the demo company of `plan` and `count` people more, of whom `known_share` are known."""
    progress = progress or Progress()
    if not Person.objects.exists():
        fill(config, plan, progress)
    random = dice(plan.seed, 8)
    known, visitors = (_templates(flag) for flag in (True, False))
    progress.begin("Adding people")
    with _bare_tables():
        for number, group in enumerate(groups(_clones(count, known, visitors, known_share, random), GROUP)):
            with transaction.atomic():
                _write(group)
            progress.at(min(1.0, (number + 1) * GROUP / count), f"{min(count, (number + 1) * GROUP):,}")
        progress.done(f"{count:,} people")
        progress.begin("Making the indexes again")
    progress.done()
    progress.begin("Counting the funnel")
    passages.count_all()
    progress.done()


@contextmanager
def _bare_tables() -> Iterator[None]:
    """Take the indexes away while much is added. For a bench's own folder: after a power cut it is filled again."""
    sqlite = connection.vendor == "sqlite"
    if sqlite:
        sql.one("PRAGMA synchronous = OFF")
        sql.one("PRAGMA cache_size = -600000")
    indexes = sql.rows(INDEXES_SQLITE if sqlite else INDEXES_POSTGRESQL)
    for name, _statement in indexes:
        sql.one(f'DROP INDEX "{name}"')
    try:
        yield
    finally:
        for _name, statement in indexes:
            sql.one(statement)
        if sqlite:
            sql.rows("PRAGMA wal_checkpoint(TRUNCATE)")


def _templates(known: bool) -> list[Row]:
    """The rows of the demo's own people, in a fixed order."""
    there = Person.objects.filter(known=known, merged_into=None).order_by("id")
    return list(there.values(*COLUMNS)[: 5_000 if known else 2_000])


def _clones(
    count: int, known: Sequence[Row], visitors: Sequence[Row], known_share: float, random: Random
) -> Iterator[tuple[int, int, Row]]:
    """Yield (template, microseconds earlier, row of Person)."""
    for number in range(count):
        templates = known if random.random() < known_share else visitors
        template = templates[int(random.random() * len(templates))]
        earlier = int(random.random() * EARLIER_DAYS * DAY)
        row = dict(template)
        for name in MOVED:
            row[name] = None if row[name] is None else row[name] - earlier
        row["engagement_order"] = row["engagement_order"] * random.random()
        if row["known"]:
            _rename(row, number, random)
        else:
            row["id"] = subject_of(f"anon:crowd-{number}")
        yield template["id"], earlier, row


def _rename(row: Row, number: int, random: Random) -> None:
    """Give a clone a name and an address of its own."""
    names = world().people.get(row["language"], world().people["en"])
    first, last = random.choice(names["first"]), random.choice(names["last"])
    mail = f"{slug(first)}.{slug(last)}{number}@{row['mail'].rpartition('@')[2] or 'postbox.example'}"
    stated = {**row["attributes"], "name": f"{first} {last}", "first_name": first, "last_name": last, "email": mail}
    shown = {**{name: row[name] for name in profile.COLUMNS}, "name": stated["name"], "mail": mail}
    row |= {"id": subject_of(f"mail:{mail}"), "attributes": stated, "search": profile.search_text(shown)}
    row |= {"name": stated["name"], "mail": mail}


def _write(clones: Sequence[tuple[int, int, Row]]) -> None:
    """Write the people, then copy what belongs to their templates."""
    rows = [(*(_plain(row[name]) for name in COLUMNS),) for _template, _earlier, row in clones]
    with fed_at_once([row["id"] for _template, _earlier, row in clones]):
        sql.add(sql.insert("leads_person", COLUMNS), rows)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE IF NOT EXISTS clone (id bigint PRIMARY KEY, template bigint, earlier bigint)"
        )
        cursor.execute("DELETE FROM clone")
    sql.many(
        "INSERT INTO clone VALUES (%s, %s, %s)", [(row["id"], template, earlier) for template, earlier, row in clones]
    )
    for statement in COPIES:
        sql.one(statement)


def _plain(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value


COPIES = (
    "INSERT INTO leads_score (person_id, version, state, revision, touch, updated_at, next_change_at)"
    " SELECT c.id, s.version, s.state, 1, s.touch, s.updated_at, s.next_change_at - c.earlier"
    " FROM clone c JOIN leads_score s ON s.person_id = c.template",
    f"INSERT INTO leads_stagechange (person_id, at, recorded_at, {', '.join(MOVE)})"
    f" SELECT c.id, m.at - c.earlier, m.recorded_at, {', '.join(f'm.{name}' for name in MOVE)}"
    " FROM clone c JOIN leads_stagechange m ON m.person_id = c.template WHERE m.superseded_at IS NULL",
    'INSERT INTO leads_personattribute (person_id, attribute, "text", "number")'
    ' SELECT c.id, v.attribute, v."text", v."number" FROM clone c'
    " JOIN leads_personattribute v ON v.person_id = c.template",
)
