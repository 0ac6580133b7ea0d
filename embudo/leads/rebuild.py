"""`embudo rebuild`: the derived rows made again from the log; `--check` compares them with an independent computation.

A rebuild happens in place, while the site says so: rows are cleared in short slices, then the log is followed from
its beginning by whoever follows. Decisions on identity are replayed, not made again. Stage moves of before are kept
as superseded rows, owners and tags stay.
"""

import argparse
import sys
import time
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from embudo import pulse
from embudo.eventlog import Cursor, Log, open_log
from embudo.leads import companies, passages, sql, tags
from embudo.leads.clock import now
from embudo.leads.lock import Lock

SLICE = 1000  # rows cleared in one transaction
LOOK_S = 0.2

# Scores first: without its score nobody but follow writes a person.
CLEARED = (
    ("leads_score", "person_id", ""),
    ("leads_personattribute", "id", ""),
    ("leads_personconsent", "id", ""),
    ("leads_opportunity", "id", ""),
    ("leads_identifier", "subject", ""),
    ("leads_merge", "id", ""),
    ("leads_dispute", "id", ""),
    ("leads_companymerge", "id", ""),
    ("leads_engagementsnapshot", "id", ""),
    ("leads_person", "id", "WHERE owner_id IS NULL"),
)


JOINED = (  # companies of which a row shows that they were joined or taken apart
    "merged_into_id IS NOT NULL OR unsettled_after IS NOT NULL OR coalesce(owner_id, 0) <> coalesce(given_owner_id, 0)"
)
APART = (
    "UPDATE leads_company SET merged_into_id = NULL, unsettled_after = NULL, owner_id = given_owner_id, rolled_at = 0"
)


def main(arguments: Sequence[str]) -> int:
    """Rebuild or check; return 0, or 1 when the check finds a difference."""
    parser = argparse.ArgumentParser(prog="embudo rebuild", description="Make people, scores and stages from the log.")
    parser.add_argument("--check", action="store_true", help="change nothing: compute again and compare")
    given = parser.parse_args(arguments)
    log, lock = open_log(settings.EMBUDO), Lock(settings.EMBUDO, "follow")
    with translation.override(settings.EMBUDO.language):
        if given.check:
            from embudo.leads import check

            return check.run(log, lock)
        return _rebuild(log, lock)


def _rebuild(log: Log, lock: Lock) -> int:
    number = ask(log)
    ours = lock.take()
    if ours:
        from embudo.leads.follow import Follower

        follower = Follower(settings.EMBUDO, log)
        while running():
            follower.advance_rebuild()
            _show(number)
        lock.release()
    while running():
        _show(number)
        time.sleep(LOOK_S)
    _show(number, last=True)
    return 0


def _show(number: int, *, last: bool = False) -> None:
    if not (last or sys.stderr.isatty()):
        return
    ((events, in_all),) = sql.rows("SELECT events, events_in_all FROM leads_rebuild WHERE id = %s", [number])
    words = _("%(events)s of %(in_all)s facts") % {"events": events, "in_all": in_all}
    print(f"\r{words}", end="\n" if last else "", file=sys.stderr)
    if last:
        print(_("People, scores and stages are computed again."))


# -- the steps, carried out by the process that follows ----------------------------------------------


def ask(log: Log) -> int:
    """Ask whoever follows for a rebuild and return its number; one that is asked for already is joined."""
    found = running()
    if found:
        return found[0]
    end = log.end()
    sql.one(
        "INSERT INTO leads_rebuild (started_at, events, events_in_all, until) VALUES (%s, 0, %s, %s)",
        [now(), sum(end.values()), end.to_text()],
    )
    return running()[0]


def running() -> tuple[int, int | None, Cursor] | None:
    """Return (number, cleared_at, the log's end when it was asked for) of the rebuild that is not finished, or None."""
    query = "SELECT id, cleared_at, until FROM leads_rebuild WHERE finished_at IS NULL ORDER BY id LIMIT 1"
    found = sql.rows(query)
    return (found[0][0], found[0][1], Cursor.from_text(found[0][2])) if found else None


def clear(number: int) -> None:
    """Clear the derived rows in short slices and set the cursor to the log's beginning; safe to do again."""
    at = now()
    for table, key, where in CLEARED:
        _sliced(f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} {where} LIMIT {SLICE})")
    _sliced(f"{APART} WHERE id IN (SELECT id FROM leads_company WHERE {JOINED} LIMIT {SLICE})")
    passages.forget()
    tags.scatter()
    standing = f"SELECT id FROM leads_stagechange WHERE superseded_at IS NULL LIMIT {SLICE}"
    _sliced(f"UPDATE leads_stagechange SET superseded_at = {at}, superseded_why = 'rebuild' WHERE id IN ({standing})")
    with transaction.atomic():
        sql.one("DELETE FROM leads_followcursor")
        sql.one("UPDATE leads_rebuild SET cleared_at = %s WHERE id = %s", [at, number])


def _sliced(statement: str) -> None:
    """Run a statement that changes some rows at a time until it finds none."""
    while sql.one(statement):
        pulse.beat()


def note_progress(number: int, cursor: Cursor, until: Cursor) -> None:
    """Write how far a rebuild has come, and that it is finished when it has seen what the log held at its start."""
    done = sum(min(cursor.offset(shard), offset) for shard, offset in until.items())
    sql.one("UPDATE leads_rebuild SET events = %s WHERE id = %s", [done, number])
    if cursor.passed(until):
        companies.drop_empty()
        with transaction.atomic():
            sql.one(
                "DELETE FROM leads_person WHERE merged_into_id IS NULL"
                " AND NOT EXISTS (SELECT 1 FROM leads_score s WHERE s.person_id = leads_person.id)"
            )
            sql.one("UPDATE leads_rebuild SET finished_at = %s WHERE id = %s", [now(), number])
