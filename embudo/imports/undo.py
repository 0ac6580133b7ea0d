"""How an import is undone as a whole: every fact it recorded is taken back by a fact, a portion of rows at a time.

Follow reads those facts and computes everybody again from what is left (leads/taking_back.py for who is who). A portion
that was taken back has forgotten its facts, so an undo that died goes on where it stopped.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction

from embudo.core.event import Event
from embudo.eventlog import Log
from embudo.imports.report import settle
from embudo.imports.row import hashed
from embudo.imports.run import COMPANIES
from embudo.leads import sql
from embudo.leads.clock import now
from embudo.leads.identity import WITHDRAWN
from embudo.leads.models import Attribute, ImportRun, PersonAttribute
from embudo.leads.record import Saying, fact_of

PORTION = 250  # rows; their facts are appended at once
Row = tuple[int, int, str, str, str]  # id, subject, key, digest, facts


def left(run: ImportRun) -> int:
    """Return of how many rows facts are still to be taken back."""
    ((count,),) = sql.rows("SELECT count(*) FROM leads_importrow WHERE run_id = %s AND facts <> ''", [run.pk])
    return int(count)


def take_back(run: ImportRun, log: Log, *, by: Any, at: int) -> Iterator[int]:
    """Append what takes the import back and yield the rows done, a portion at a time; `at` is when it was asked for."""
    source = f"import:{run.name}"
    settle(log, run)
    after = (-1, -1)
    while rows := _portion(run, after):
        after = (rows[-1][1], rows[-1][0])
        facts = [event for row in rows for event in _withdrawals(run, row, source, by, at)]
        log.append(_of_companies(log, facts) if run.kind == COMPANIES else facts)
        _forget(run, rows, source)
        yield len(rows)


def finish(run: ImportRun) -> None:
    """Take out the attributes that only this import had, and note that it is undone; once follow has seen all of it."""
    for name in run.declared:
        if not PersonAttribute.objects.filter(attribute=name).exists():
            Attribute.objects.filter(name=name, standard=False).delete()
    ImportRun.objects.filter(pk=run.pk).update(undone_at=now())


def _portion(run: ImportRun, after: tuple[int, int]) -> list[Row]:
    """The next rows, those about one person together: so follow reads the history of each once or twice."""
    query = (
        "SELECT id, subject, key, digest, facts FROM leads_importrow"
        f" WHERE run_id = %s AND facts <> '' AND (subject, id) > (%s, %s) ORDER BY subject, id LIMIT {PORTION}"
    )
    return list(sql.rows(query, [run.pk, *after]))  # type: ignore[arg-type]


def _withdrawals(run: ImportRun, row: Row, source: str, by: Any, at: int) -> list[Event]:
    said = [
        Saying(
            WITHDRAWN,
            {"source": source, "id": id, "import": run.pk},
            f"undo-{hashed([source, id])}",
            person=row[1],
            at=at,
        )
        for id in row[4].split()
    ]
    return [fact_of(each, by=by) for each in said]


def _of_companies(log: Log, facts: Sequence[Event]) -> list[Event]:
    """The same facts by the identifiers of the companies they are about."""
    named = {event.subject: event.identifier for event in log.history({each.subject for each in facts})}
    return [replace(each, identifier=named[each.subject]) for each in facts if each.subject in named]


def _forget(run: ImportRun, rows: Sequence[Row], source: str) -> None:
    """Let a later run of the same file find nothing recorded of these rows, but what other runs did."""
    keys = {key: (digest, set(facts.split())) for _id, _subject, key, digest, facts in rows}
    before = _digests(run, source, keys)
    known = _known(source, keys.keys())
    changed = []
    for key, (digest, ids) in keys.items():
        standing, facts = known.get(key, ("", ""))
        becomes = before.get(key, "") if standing == digest else standing
        changed.append((becomes, " ".join(sorted(set(facts.split()) - ids)), source, key))
    with transaction.atomic():
        sql.many(
            "UPDATE leads_importkey SET digest = %s, facts = %s, undone = undone + 1 WHERE source = %s AND key = %s",
            changed,
        )
        sql.many("UPDATE leads_importrow SET facts = '', digest = '' WHERE id = %s", [(row[0],) for row in rows])


def _known(source: str, keys: Collection[str]) -> dict[str, tuple[str, str]]:
    marks = ", ".join(["%s"] * len(keys))
    query = f"SELECT key, digest, facts FROM leads_importkey WHERE source = %s AND key IN ({marks})"
    return {key: (digest, facts) for key, digest, facts in sql.rows(query, [source, *keys])}


def _digests(run: ImportRun, source: str, keys: Collection[str]) -> dict[str, str]:
    """The profile that another run of the same source recorded last of each of these rows."""
    marks = ", ".join(["%s"] * len(keys))
    query = (
        "SELECT i.key, i.digest FROM leads_importrow i JOIN leads_importrun r ON r.id = i.run_id"
        f" WHERE i.key IN ({marks}) AND i.digest <> '' AND r.name = %s AND r.id <> %s ORDER BY r.id"
    )
    found: dict[str, list[str]] = defaultdict(list)
    for key, digest in sql.rows(query, [*keys, source.removeprefix("import:"), run.pk]):
        found[key].append(digest)
    return {key: digests[-1] for key, digests in found.items()}
