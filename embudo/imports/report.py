"""The report of a run: how each row fared, what it recorded, and what a later run knows of it.

What a row is about to record is written down before the log takes it, so that a run whose process dies in between, and
is gone on with or undone, knows whose facts these are.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.db import transaction

from embudo.core.event import Event
from embudo.eventlog import Log
from embudo.imports.facts import revision_in
from embudo.imports.row import Stated
from embudo.imports.there import NOT_RECORDED, Recorded, recorded_of
from embudo.imports.words import parts_of
from embudo.leads import sql
from embudo.leads.models import ImportRun

TOLD = 10  # rows whose words the totals hold
LONGEST = 300  # characters of a value that the report repeats
WORDS = 500  # characters of what is said of a row
ACCEPTED, UNCHANGED, FAILED = "accepted", "unchanged", "failed"
NEW = "new"  # in the totals: accepted rows of somebody whom nobody knew


@dataclass(slots=True)
class Line:
    """How one row fared, and what it recorded."""

    row: int
    outcome: str
    reason: str = ""
    words: str = ""
    person: int | None = None
    fresh: bool = False
    changes: dict[str, list[Any]] = field(default_factory=dict)
    subject: int | None = None
    key: str = ""
    digest: str = ""
    facts: list[str] = field(default_factory=list)
    line: int | None = None  # of the file
    undated: bool = False  # it counts as of the run, for it carries no date; told of trials

    @property
    def place(self) -> int:
        """Return by what people find the row in the file."""
        return self.row if self.line is None else self.line


@dataclass(slots=True)
class Work:
    """What is to be recorded of a row, and what to remember of it then."""

    stated: Stated
    line: Line
    events: list[Event]
    after: Recorded
    first: bool = False  # nothing else of the row's profile stands

    @property
    def ids(self) -> list[str]:
        """The ids of the facts that are to be recorded; of a row that was taken up, those the log has."""
        return [event.id for event in self.events] or self.line.facts


@dataclass
class Totals:
    """How the whole run fared."""

    rows: int = 0
    facts: int = 0
    fresh: int = 0
    undated: int = 0
    outcomes: dict[str, int] = field(default_factory=lambda: {ACCEPTED: 0, UNCHANGED: 0, FAILED: 0})
    reasons: dict[str, int] = field(default_factory=dict)
    told: list[Line] = field(default_factory=list)  # the first rows with something to say

    def add(self, line: Line) -> None:
        """Count one row."""
        self.rows += 1
        self.outcomes[line.outcome] += 1
        self.fresh += line.fresh and line.outcome == ACCEPTED
        self.undated += line.undated and line.outcome == ACCEPTED
        if line.reason:
            self.reasons[line.reason] = self.reasons.get(line.reason, 0) + 1
            if len(self.told) < TOLD:
                self.told.append(line)


def begin(run: int, work: Sequence[Work]) -> None:
    """Write down what is about to be recorded of rows, in place of what was written down before."""
    lines = [
        (each.line.row, each.line.line, each.line.fresh, each.line.subject, each.line.key, each.line.digest, each.ids)
        for each in work
    ]
    sql.one(BEGIN, [run, msgspec.json.encode(lines).decode()])


def write(run: int, lines: Sequence[Line], work: Sequence[Work], source: str, *, dry_run: bool) -> None:
    """Write down how these rows fared, and what was recorded of them."""
    with transaction.atomic():
        if not dry_run:
            remember(source, ((each.stated.key, each.after) for each in work if each.line.facts))
            sql.one(END, [run])
        sql.add(REPORT, [_row(run, line, [] if dry_run else line.facts) for line in lines])


def standing(log: Log, run: ImportRun) -> dict[int, Line]:
    """Return the rows that were about to be recorded and whose facts the log has, with those facts."""
    begun = sql.rows("SELECT rows FROM leads_importbegun WHERE run_id = %s", [run.pk])
    found = [each for (text,) in begun for each in msgspec.json.decode(text)]
    source = f"import:{run.name}"
    kept = {event.id for event in log.history({each[3] for each in found}) if event.source == source} if found else ()
    lines: dict[int, Line] = {}
    for row, place, fresh, subject, key, digest, facts in found:
        if theirs := [id for id in facts if id in kept]:
            before = lines[row].facts if row in lines else []
            line = lines[row] = Line(row, ACCEPTED, fresh=fresh, subject=subject, key=key, digest=digest, line=place)
            line.facts = list(dict.fromkeys([*before, *theirs]))
    return lines


def recorded(line: Line, before: Recorded) -> Recorded:
    """Return what is known of a row once these facts of it stand."""
    revisions = {id: revision_in(id) for id in line.facts}
    others = [id for id, revision in revisions.items() if not revision]
    latest = max([before.revision, *revisions.values()])
    return Recorded(line.digest or before.digest, latest, before.facts.union(others), before.undone)


def settle(log: Log, run: ImportRun) -> None:
    """Let what a run has left half-way be as it is in the log: recorded, or not there."""
    lines = standing(log, run)
    source = f"import:{run.name}"
    before = recorded_of(source, [each.key for each in lines.values()])
    known = [(each.key, recorded(each, before.get(each.key, NOT_RECORDED))) for each in lines.values()]
    with transaction.atomic():
        remember(source, known)
        sql.one(END, [run.pk])
        sql.add(REPORT, [_row(run.pk, each, each.facts) for each in lines.values()])


BEGIN = sql.upsert("leads_importbegun", "run_id", ("run_id", "rows"))
END = "DELETE FROM leads_importbegun WHERE run_id = %s"
REPORT = sql.insert(
    "leads_importrow",
    (
        "run_id", "row", "line", "outcome", "reason", "words", "said", "person", "fresh", "changes", "subject", "key",
        "digest", "facts",
    ),
)  # fmt: skip
KEY = ("source", "key", "digest", "revision", "facts", "undone")


def remember(source: str, known: Iterable[tuple[str, Recorded]]) -> None:
    """Have later runs know what was recorded of rows with these keys."""
    rows = [(source, key, each.digest, each.revision, " ".join(sorted(each.facts)), each.undone) for key, each in known]
    sql.put("leads_importkey", "source, key", KEY, rows, kept=("source", "key", "undone"))


def _row(run: int, line: Line, facts: Sequence[str]) -> tuple[Any, ...]:
    changes = msgspec.json.encode(line.changes).decode() if line.changes else "{}"
    words, said = line.words[:WORDS], msgspec.json.encode(parts_of(line.words)).decode() if line.words else None
    told = (run, line.row, line.line, line.outcome, str(line.reason), words, said, line.person, line.fresh, changes)
    if not facts:
        return (*told, None, "", "", "")
    return (*told, line.subject, line.key, line.digest, " ".join(facts))
