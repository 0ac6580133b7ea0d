"""One run of an import: rows become facts in the log, and every row gets its line in the report."""

import codecs
import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from embudo.core.event import Event, subject_of
from embudo.eventlog import Log, Outcome
from embudo.leads import sql
from embudo.leads.attribute import declare
from embudo.leads.clock import now
from embudo.leads.imports.mapping import BadMap, ImportMap
from embudo.leads.imports.row import PROFILE, Reason, RowFailed, RowReader, Stated, facts_of, hashed, profile_of
from embudo.leads.models import ImportRun

PORTION = 1000  # rows appended in one transaction of the log
CHUNK = 1 << 20  # bytes looked through at a time
REVISIONS = 100  # that runs which died may have used up
TOLD = 10  # rows whose words the totals hold
ACCEPTED, UNCHANGED, FAILED = "accepted", "unchanged", "failed"


@dataclass(slots=True)
class Line:
    """How one row fared."""

    row: int
    outcome: str
    reason: str = ""
    words: str = ""
    person: int | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What earlier runs recorded of a row."""

    digest: str = ""
    revision: int = 0
    facts: frozenset[str] = frozenset()


NOT_RECORDED = Recorded()


@dataclass(slots=True)
class Work:
    """What is to be recorded of a row, and what to remember of it then."""

    stated: Stated
    line: Line
    events: list[Event]
    after: Recorded

    @property
    def key(self) -> str:
        """The key of the row."""
        return self.stated.key

    def row(self, source: str) -> tuple[str, str, str, int, str]:
        """Return the row by which a later run knows what was recorded."""
        return source, self.key, self.after.digest, self.after.revision, " ".join(sorted(self.after.facts))


@dataclass
class Totals:
    """How the whole run fared."""

    rows: int = 0
    facts: int = 0
    outcomes: dict[str, int] = field(default_factory=lambda: {ACCEPTED: 0, UNCHANGED: 0, FAILED: 0})
    reasons: dict[str, int] = field(default_factory=dict)
    told: list[Line] = field(default_factory=list)  # the first rows with something to say

    def add(self, line: Line) -> None:
        """Count one row."""
        self.rows += 1
        self.outcomes[line.outcome] += 1
        if line.reason:
            self.reasons[line.reason] = self.reasons.get(line.reason, 0) + 1
            if len(self.told) < TOLD:
                self.told.append(line)


class Import:
    """An import of one file by one map. `kind` is people or facts; a dry run records nothing."""

    def __init__(self, log: Log, map: ImportMap, kind: str, *, dry_run: bool = False) -> None:
        self.log, self.map, self.kind, self.dry_run = log, map, kind, dry_run
        self.now = now()
        self.reader = RowReader(map, with_profile=kind == "people", now=self.now)
        self.totals = Totals()
        self.seen: dict[str, str] = {}  # key of a row -> hash of its cells
        self.left_out: list[str] = []  # columns of the file that the map does not mention
        self.remembered: list[Work] = []  # what the last portion recorded

    def run(self, path: Path) -> Iterator[list[Line]]:
        """Import a file and yield the lines of its report, some at a time; raises BadMap when the map does not fit."""
        check_encoding(path, self.map.encoding)
        record = ImportRun.objects.create(
            name=self.map.name, kind=self.kind, file=path.name[:500], dry_run=self.dry_run, started_at=self.now
        )
        if not self.dry_run:
            declare({name: cell.kind for name, cell in self.map.attributes.items()})
        with path.open(encoding=self.map.encoding, newline="") as file:
            rows = self._rows(file)
            while portion := list(islice(rows, PORTION)):
                lines = self._portion(portion)
                self._report(record.pk, lines)
                yield lines
        outcomes = self.totals.outcomes
        ImportRun.objects.filter(pk=record.pk).update(
            finished_at=now(), rows=self.totals.rows, facts=self.totals.facts, accepted=outcomes[ACCEPTED],
            unchanged=outcomes[UNCHANGED], failed=outcomes[FAILED],
        )  # fmt: skip

    # -- reading -------------------------------------------------------------------------------------

    def _rows(self, file: Iterable[str]) -> Iterator[tuple[int, Stated | Line]]:
        lines = csv.reader(islice(file, self.map.skip_lines, None), delimiter=self.map.delimiter)
        headers = [header.strip() for header in next(lines, [])]
        if missing := sorted(self.map.columns() - set(headers)):
            words = _("the file has no column %(missing)s; it has %(headers)s")
            raise BadMap(words % {"missing": ", ".join(missing), "headers": ", ".join(headers)})
        self.left_out = [header for header in headers if header and header not in self.map.columns()]
        for number, values in enumerate((line for line in lines if line), 1):
            yield number, self._read(number, headers, values)

    def _read(self, number: int, headers: Sequence[str], values: Sequence[str]) -> Stated | Line:
        if len(values) < len(headers):
            words = _("%(count)s of %(all)s columns") % {"count": len(values), "all": len(headers)}
            return Line(number, FAILED, Reason.TOO_FEW_COLUMNS, words)
        try:
            stated = self.reader.read(number, dict(zip(headers, values, strict=False)))
        except RowFailed as error:
            return Line(number, FAILED, error.reason, error.words[:500])
        content = hashed(values)
        if stated.key in self.seen:
            return _again(number, same=self.seen[stated.key] == content)
        self.seen[stated.key] = content
        return stated

    # -- recording -----------------------------------------------------------------------------------

    def _portion(self, portion: Sequence[tuple[int, Stated | Line]]) -> list[Line]:
        stated = [each for _number, each in portion if isinstance(each, Stated)]
        people = self._people(stated)
        known = self._recorded([each.key for each in stated])
        lines: dict[int, Line] = {number: each for number, each in portion if isinstance(each, Line)}
        work: list[Work] = []
        for each in stated:
            person = next((people[s] for one in each.carried if (s := subject_of(one)) in people), None)
            line = lines[each.number] = self._line(each, person)
            if line.outcome != FAILED:
                work.append(self._work(each, line, known.get(each.key, NOT_RECORDED)))
        self._record(work)
        self.remembered = [each for each in work if each.events and each.line.outcome != FAILED]
        return [lines[number] for number, _row in portion]

    def _line(self, stated: Stated, person: tuple[int, int] | None) -> Line:
        """How a row fares as far as that shows before it is recorded."""
        if person is None and not self.map.create:
            words = _("nobody is known by %(identifier)s") % {"identifier": stated.carried[0]}
            return Line(stated.number, FAILED, Reason.UNKNOWN_PERSON, words)
        for fact, _place, _props, when in stated.facts if person else ():
            if when.given and when.at < person[1]:
                words = _("%(kind)s is dated before the first contact") % {"kind": fact.kind}
                stated.remarks.append((Reason.BEFORE_FIRST, words))
        line = Line(stated.number, UNCHANGED, person=person[0] if person else subject_of(stated.carried[0]))
        if stated.remarks:
            line.reason = stated.remarks[0][0]
            line.words = "; ".join(words for _reason, words in stated.remarks)[:500]
        return line

    def _work(self, stated: Stated, line: Line, before: Recorded) -> Work:
        """What is to be recorded of a row that was not recorded before."""
        profile = self.kind == "people"
        facts = facts_of(stated, self.map.source, alone=not profile, now=self.now)
        events = [event for event in facts if event.id not in before.facts]
        after = replace(before, facts=before.facts | {event.id for event in facts})
        if profile and before.digest != stated.digest:
            after = replace(after, digest=stated.digest, revision=before.revision + 1)
            events.insert(0, profile_of(stated, self.map.source, revision=after.revision, now=self.now))
        return Work(stated, line, events, after)

    def _record(self, work: Sequence[Work]) -> None:
        events = [event for each in work for event in each.events]
        outcomes = iter(
            [Outcome.ACCEPTED for _ in events]
            if self.dry_run
            else [receipt.outcome for receipt in self.log.append(events)]
        )
        for each in work:
            own = [next(outcomes) for _ in each.events]
            if each.events and each.events[0].kind == PROFILE and own[0] is Outcome.CONFLICT:
                own[0] = self._state_anew(each)
            accepted = own.count(Outcome.ACCEPTED)
            self.totals.facts += accepted
            if accepted:
                each.line.outcome = ACCEPTED
            elif any(outcome is not Outcome.DUPLICATE for outcome in own):
                each.line.outcome, each.line.reason = FAILED, Reason.REFUSED
                each.line.words = ", ".join(sorted(set(own)))

    def _state_anew(self, work: Work) -> Outcome:
        """State a row's attributes under the next revision that is free.

        A run that died after the log had taken its facts is not remembered; what it stated has the number of this one.
        """
        for _further in range(REVISIONS):
            work.after = replace(work.after, revision=work.after.revision + 1)
            event = profile_of(work.stated, self.map.source, revision=work.after.revision, now=self.now)
            outcome = self.log.append([event])[0].outcome
            if outcome is not Outcome.CONFLICT:
                return outcome
        return Outcome.CONFLICT

    # -- what is there already -----------------------------------------------------------------------

    def _people(self, stated: Sequence[Stated]) -> dict[int, tuple[int, int]]:
        """The people of these rows who are there: subject -> (person, first seen)."""
        subjects = {subject_of(each) for one in stated for each in one.carried}
        table = "leads_identifier i JOIN leads_person p ON p.id = i.person_id"
        found = sql.rows_where("i.subject, p.id, p.first_seen_at", table, "i.subject", subjects)
        return {subject: (person, first_seen_at) for subject, person, first_seen_at in found}

    def _recorded(self, keys: Sequence[str]) -> dict[str, Recorded]:
        found: dict[str, Recorded] = {}
        for start in range(0, len(keys), 500):
            some = keys[start : start + 500]
            marks = ", ".join(["%s"] * len(some))
            query = f"SELECT key, digest, revision, facts FROM leads_importkey WHERE source = %s AND key IN ({marks})"
            for key, digest, revision, facts in sql.rows(query, [self.map.source, *some]):
                found[key] = Recorded(digest, revision, frozenset(facts.split()))
        return found

    def _report(self, run: int, lines: Sequence[Line]) -> None:
        for line in lines:
            self.totals.add(line)
        with transaction.atomic():
            if not self.dry_run:
                sql.many(REMEMBER, [each.row(self.map.source) for each in self.remembered])
            sql.many(
                sql.insert("leads_importrow", ("run_id", "row", "outcome", "reason", "words", "person")),
                [(run, line.row, line.outcome, str(line.reason), line.words, line.person) for line in lines],
            )


REMEMBER = (
    "INSERT INTO leads_importkey (source, key, digest, revision, facts) VALUES (%s, %s, %s, %s, %s)"
    " ON CONFLICT (source, key) DO UPDATE"
    " SET digest = excluded.digest, revision = excluded.revision, facts = excluded.facts"
)


def check_encoding(path: Path, encoding: str) -> None:
    """Read a file to its end; raises BadMap, naming the line, at the first bytes that are not in its encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    with path.open("rb") as file:
        try:
            while chunk := file.read(CHUNK):
                decoder.decode(chunk)
                line += chunk.count(b"\n")
            decoder.decode(b"", final=True)
        except UnicodeError as error:
            if isinstance(error, UnicodeDecodeError):  # what it was given begins with what the chunk before ended in
                line += error.object[: error.start].count(b"\n")
            named = "utf-8" if encoding == "utf-8-sig" else encoding
            other = {"utf-8": "cp1252", "cp1252": "latin-1"}.get(named, "utf-8")
            words = _("line %(line)s of %(file)s is not %(encoding)s, so nothing was imported")
            hint = _("say in the map how the file is written, such as %(example)s")
            stated = words % {"line": line, "file": path.name, "encoding": named.upper()}
            raise BadMap(f"{stated}; {hint % {'example': f'`file: {{encoding: {other}}}`'}}") from error


def _again(number: int, *, same: bool) -> Line:
    if same:
        return Line(number, UNCHANGED, Reason.TWICE, _("the file holds this row before"))
    return Line(number, FAILED, Reason.TWICE, _("the file holds another row with this key before"))
