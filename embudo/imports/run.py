"""One run of an import: rows become facts in the log, and every row gets its line in the report."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import transaction

from embudo.core.event import Event, subject_of
from embudo.core.identity import SOCIAL
from embudo.eventlog import Log, Outcome
from embudo.imports import consents, report, there
from embudo.imports.ahead import read_ahead
from embudo.imports.consents import Origin
from embudo.imports.facts import AGAIN, PROFILE, facts_of, profile_of, receipts_of
from embudo.imports.mapping import BadMap, ImportMap, obeying
from embudo.imports.reading import check_encoding, rows_of
from embudo.imports.reason import Reason, RowFailed
from embudo.imports.recorded import STATUSES, deal_in
from embudo.imports.report import ACCEPTED, FAILED, LONGEST, UNCHANGED, Line, Totals, Work
from embudo.imports.row import RowReader, Stated, hashed, of_cells
from embudo.imports.there import NOT_RECORDED, Known, Recorded
from embudo.imports.words import joined
from embudo.imports.words import marked as _
from embudo.leads import sql
from embudo.leads.attribute import declare, kinds_there
from embudo.leads.clock import now
from embudo.leads.company_facts import CHANGED
from embudo.leads.consents import of as in_force
from embudo.leads.models import Attribute, ImportRun

PORTION = 2000  # rows appended in one transaction of the log
REVISIONS = 100  # that runs which died may have used up
COMPANIES = "companies"
PROFILED = ("people", "opportunities", COMPANIES)  # kinds whose rows state attributes


class Import:
    """An import of one file by one map. `kind` is people, facts, opportunities or companies.

    A dry run records nothing. With `record`, an unfinished run is gone on with behind the rows it has reported. What
    is read `of_sheet` is the text of a workbook: its rows are called as the sheet does.
    """

    def __init__(
        self,
        log: Log,
        map: ImportMap,
        kind: str,
        *,
        dry_run: bool = False,
        record: ImportRun | None = None,
        by: Any = None,
        of_sheet: bool = False,
    ) -> None:
        self.log, self.map, self.kind, self.dry_run, self.record = log, map, kind, dry_run, record
        self.of_sheet = of_sheet
        self.now = record.started_at if record else now()
        self.there = there.companies_of if kind == COMPANIES else there.people_of
        self.origin = Origin(record.file if record else "", by)
        self.totals = Totals()
        self.seen: dict[str, str] = {}  # key of a row -> hash of its cells
        self.made: set[int] = set()  # subjects that this run itself makes known
        self.left_out: list[str] = []  # columns of the file that the map does not mention
        self.work: list[Work] = []  # of the last portion, until it is reported
        self.lines: list[Line] = []
        self.noted: list[Work] = []  # what is written down of it before the log takes it
        self.begun: dict[int, Line] = {}  # by row, what an attempt that died had recorded and not reported

    def run(self, path: Path) -> Iterator[list[Line]]:
        """Import a file and yield the lines of its report, some at a time; raises BadFile when it does not fit."""
        check_encoding(path, self.map.reading.encoding)
        consents.check(self.map)
        self.map, of_companies = obeying(self.map, kinds_there()), self.kind == COMPANIES
        self.reader = RowReader(self.map, with_profile=self.kind in PROFILED, now=self.now, of_companies=of_companies)
        record = self.record or self.begin(path.name)
        done = self._done(record)
        if not self.dry_run:
            self._declare(record)
        rows = self._rows(path)
        for _row in islice(rows, done):
            pass
        try:
            for portion in read_ahead(iter(lambda: list(islice(rows, PORTION)), [])):
                self._portion(portion)
                yield self.lines
        except GeneratorExit:  # somebody has cancelled it
            self._report()
            raise
        self._report()
        self._finish(record)

    def begin(self, file: str) -> ImportRun:
        """Return the record of a new run."""
        self.record = ImportRun.objects.create(
            name=self.map.name, kind=self.kind, file=file[:500], dry_run=self.dry_run, started_at=self.now
        )
        self.origin = replace(self.origin, file=self.record.file)
        return self.record

    def _done(self, record: ImportRun) -> int:
        """How many rows an earlier attempt has reported; they count in the totals."""
        columns = "row, line, outcome, reason, words, person, fresh, facts"
        query = f"SELECT {columns} FROM leads_importrow WHERE run_id = %s"
        done, self.begun = 0, report.standing(self.log, record)
        for row, line, outcome, reason, words, person, fresh, facts in sql.rows(query, [record.pk]):
            self.totals.add(Line(row, outcome, reason, words, person, bool(fresh), line=line))
            self.totals.facts += len(facts.split())
            done = max(done, row)
        return done

    def _declare(self, record: ImportRun) -> None:
        if self.kind == COMPANIES:
            return
        wanted = {name: "text" for name in self.map.who if name in SOCIAL}
        wanted |= {name: cell.kind for name, cell in self.map.attributes.items()}
        there = set(Attribute.objects.filter(name__in=wanted).values_list("name", flat=True))
        declare(wanted)
        fresh = sorted(wanted.keys() - there)
        for name in fresh:
            if label := self.map.labels.get(name):
                Attribute.objects.filter(name=name[:100]).update(label=label[:200])
        if fresh:
            ImportRun.objects.filter(pk=record.pk).update(declared=[*record.declared, *fresh])

    def _finish(self, record: ImportRun) -> None:
        outcomes = self.totals.outcomes
        ImportRun.objects.filter(pk=record.pk).update(
            finished_at=now(), rows=self.totals.rows, facts=self.totals.facts, accepted=outcomes[ACCEPTED],
            unchanged=outcomes[UNCHANGED], failed=outcomes[FAILED], fresh=self.totals.fresh,
        )  # fmt: skip

    # -- reading -------------------------------------------------------------------------------------

    def _rows(self, path: Path) -> Iterator[tuple[int, int, Stated | Line]]:
        """The number of each row, its place in the file, and what it says."""
        footer: list[list[str]] = []
        lines = rows_of(path, self.map.reading, of_sheet=self.of_sheet, footer=footer)
        headers = next(lines, [])
        if missing := sorted(self.map.columns() - set(headers)):
            if not any(headers):
                raise BadMap(_("the file is empty: its first line names no column"))
            words = _("the file has no column %(missing)s; it has %(headers)s")
            raise BadMap(words % {"missing": ", ".join(missing), "headers": ", ".join(headers)})
        self.left_out = [header for header in headers if header and header not in self.map.columns()]
        number = 0
        for number, values in enumerate(lines, 1):
            yield number, _place(values, number), self._read(number, headers, values)
        if footer:
            words = _("lines below the rows, left out as a footer: %(count)s; the first: “%(text)s”")
            told = words % {"count": len(footer), "text": footer[0][0].strip()[:200]}
            yield number + 1, _place(footer[0], number + 1), Line(number + 1, UNCHANGED, Reason.FOOTER, told)

    def _read(self, number: int, headers: Sequence[str], values: Sequence[str]) -> Stated | Line:
        if len(values) < len(headers):
            words = _("%(count)s of %(all)s columns") % {"count": len(values), "all": len(headers)}
            return Line(number, FAILED, Reason.TOO_FEW_COLUMNS, words)
        try:
            stated = self.reader.read(number, dict(zip(headers, values, strict=False)))
        except RowFailed as error:
            outcome = UNCHANGED if error.reason is Reason.DELETED else FAILED
            return Line(number, outcome, error.reason, error.words, person=error.subject)
        if len(values) > len(headers) or getattr(values, "cleaned", False):
            stated.remarks += of_cells(values, len(headers))
        content = hashed(values)
        if stated.key in self.seen:
            return _again(number, same=self.seen[stated.key] == content)
        self.seen[stated.key] = content
        return stated

    # -- recording -----------------------------------------------------------------------------------

    def _portion(self, portion: Sequence[tuple[int, int, Stated | Line]]) -> None:
        stated = [each for _number, _place, each in portion if isinstance(each, Stated)]
        people = self.there(stated)
        erased = self.log.erased_until([subject_of(each) for one in stated for each in one.carried])
        known = there.recorded_of(self.map.source, [each.key for each in stated])
        if self.map.consents:
            self._spare(stated, people)
        lines: dict[int, Line] = {number: each for number, _place, each in portion if isinstance(each, Line)}
        work: list[Work] = []
        for each in stated:
            subjects = [subject_of(one) for one in each.carried]
            before = known.get(each.key, NOT_RECORDED)
            person = next((people[subject] for subject in subjects if subject in people), None)
            if each.number in self.begun:
                work.append(self._taken_up(each, lines, before, person))
                self.made.update(subjects)
                continue
            line = lines[each.number] = self._line(each, person, erased)
            if line.outcome != FAILED:
                done = self._work(each, line, before, person, people)
                line.fresh = person is None and bool(done.events) and self.made.isdisjoint(subjects)
                line.undated = self.dry_run and bool(done.events) and self._is_undated(each, fresh=line.fresh)
                self.made.update(subjects)
                work.append(done)
        for number, place, _row in portion:
            lines[number].line = place
        self._record(work)
        self.work, self.lines = work, [lines[number] for number, _place, _row in portion]
        for line in self.lines:
            self.totals.add(line)

    def _is_undated(self, stated: Stated, *, fresh: bool) -> bool:
        """Whether a row makes somebody, or an opportunity, new on the day of the run, for it carries no date."""
        begun = [when.given for fact, _place, _props, when in stated.facts if fact.kind in STATUSES]
        return self.kind != COMPANIES and not all(begun or [stated.when.given or not fresh])

    def _taken_up(self, stated: Stated, lines: dict[int, Line], before: Recorded, person: Known | None) -> Work:
        """What is left to do of a row whose facts the log took before an attempt died: to report it."""
        line = lines[stated.number] = self.begun[stated.number]
        told = _told(stated, person)
        line.person, line.reason, line.words = told.person, told.reason, told.words
        self.totals.facts += len(line.facts)
        return Work(stated, line, [], report.recorded(line, before))

    def _spare(self, rows: Sequence[Stated], people: Mapping[int, Known]) -> None:
        """Leave out of these rows each yes that would give back what somebody has withdrawn since."""
        said = in_force({each.id for each in people.values()})
        for row in rows:
            person = next((people[each] for each in map(subject_of, row.carried) if each in people), None)
            answers = said.get(person.id, {}) if person else {}
            spared = [each for each in row.answers if each.withdrew_since(answers)]
            row.answers = [each for each in row.answers if each not in spared]
            words = _("they withdrew “%(purpose)s”, and that stands")
            row.remarks += [(Reason.WITHDREW, words % {"purpose": each.purpose}) for each in spared]

    def _line(self, stated: Stated, person: Known | None, erased: Mapping[int, int]) -> Line:
        """How a row fares as far as that shows before it is recorded."""
        if person is None and erased and _is_erased(stated, erased):
            words = _("this person was erased, and the file says nothing newer of them")
            return Line(stated.number, FAILED, Reason.ERASED, words)
        if person is None and not self.map.create:
            words = _("nobody is known by what this row names")
            return Line(stated.number, FAILED, Reason.UNKNOWN_PERSON, words, person=subject_of(stated.carried[0]))
        for fact, _place, _props, when in stated.facts if person else ():
            if when.given and when.at < person.first_seen_at:
                words = _("%(kind)s is dated before the first contact") % {"kind": fact.kind}
                stated.remarks.append((Reason.BEFORE_FIRST, words))
        return _told(stated, person)

    def _work(
        self, stated: Stated, line: Line, before: Recorded, person: Known | None, people: dict[int, Known]
    ) -> Work:
        """What is to be recorded of a row that was not recorded before."""
        profile, digest = self.kind in PROFILED, stated.digest
        facts = facts_of(stated, self.map.source, alone=not profile, now=self.now, undone=before.undone)
        facts += receipts_of(stated, self.map, self.origin, now=self.now, undone=before.undone)
        standing = {id.partition(AGAIN)[0] for id in before.facts}
        events = [event for event in facts if event.id.partition(AGAIN)[0] not in standing]
        ids = before.facts.union([event.id for event in events]) if events else before.facts
        digest_after, revision, first = before.digest, before.revision, False
        if profile and before.digest != digest and self._says_more(stated, line, events, person, people):
            digest_after, revision = digest, before.revision + 1
            first = not before.digest and not (self.map.updates_now and person is not None)
            kind = CHANGED if self.kind == COMPANIES else PROFILE
            revised = profile_of(stated, self.map.source, revision=revision, now=self.now, first=first, kind=kind)
            events.insert(0, revised)
            line.digest = digest
        line.changes |= consents.changes_of(events) | (deal_in(events) if self.dry_run else {})
        after = Recorded(digest_after, revision, ids, before.undone)
        line.key, line.subject = stated.key, subject_of(stated.carried[0])
        return Work(stated, line, events, after, first)

    def _says_more(
        self, stated: Stated, line: Line, events: Sequence[Event], person: Known | None, people: dict[int, Known]
    ) -> bool:
        """Whether a row's profile is worth recording; notes what it changes of somebody who is there."""
        if self.map.only_empty and person is not None:
            stated.traits = {
                name: value
                for name, value in stated.traits.items()
                if name in IDENTIFYING or person.attributes.get(name) in (None, "")
            }
        if person is None and not self.dry_run:
            return True  # the person's page shows it
        changes = there.changes_of(stated.traits, person.attributes if person else {})
        line.changes = {name: [_short(was), _short(becomes)] for name, (was, becomes) in changes.items()}
        if changes or person is None or not self.map.updates_now:
            return True
        return not there.belong_to(stated.carried, person.id, people) or bool(events)

    def _record(self, work: Sequence[Work]) -> None:
        events = [event for each in work for event in each.events]
        self.noted = [each for each in work if each.ids]
        with transaction.atomic():  # one for the last portion and this one: others may be waiting to write
            self._report()
            self._begin()
        outcomes = iter(
            [Outcome.ACCEPTED for _ in events]
            if self.dry_run
            else [receipt.outcome for receipt in self.log.append(events)]
        )
        for each in work:
            own = [next(outcomes) for _ in each.events]
            if not own:
                continue
            stale = ""
            if each.events[0].kind in STATING and own[0] is Outcome.CONFLICT:
                stale, own[0] = each.events[0].id, self._state_anew(each)
            accepted = own.count(Outcome.ACCEPTED)
            self.totals.facts += accepted
            kept = (Outcome.ACCEPTED, Outcome.DUPLICATE)  # an attempt that died may have appended them
            pairs = zip(each.events, own, strict=True)
            each.line.facts = [event.id for event, outcome in pairs if outcome in kept] + [stale] * bool(stale)
            if accepted:
                each.line.outcome = ACCEPTED
            elif any(outcome is not Outcome.DUPLICATE for outcome in own):
                each.line.outcome, each.line.reason = FAILED, Reason.REFUSED
                each.line.words = ", ".join(sorted(set(own)))

    def _begin(self) -> None:
        if self.record and self.noted and not self.dry_run:
            report.begin(self.record.pk, self.noted)

    def _state_anew(self, work: Work) -> Outcome:
        """State a row's attributes under the next revision that is free.

        A run that died after the log had taken its facts is not remembered; what it stated has the number of this one.
        """
        kind = work.events[0].kind
        for _further in range(REVISIONS):
            work.after = replace(work.after, revision=work.after.revision + 1)
            revision, first = work.after.revision, work.first
            event = profile_of(work.stated, self.map.source, revision=revision, now=self.now, first=first, kind=kind)
            self.noted.append(replace(work, events=[event]))
            self._begin()
            outcome = self.log.append([event])[0].outcome
            if outcome is not Outcome.CONFLICT:
                work.events[0] = event
                return outcome
        return Outcome.CONFLICT

    def _report(self) -> None:
        """Write down how the rows of the last portion fared, once."""
        if self.record and self.lines:
            report.write(self.record.pk, self.lines, self.work, self.map.source, dry_run=self.dry_run)
        self.work, self.lines = [], []


STATING = (PROFILE, CHANGED)
IDENTIFYING = ("email", "phone", "linkedin", "twitter", "facebook", "instagram", "domain")


def _told(stated: Stated, person: Known | None) -> Line:
    """The line of a row that did not fail so far, with what was remarked of it."""
    line = Line(stated.number, UNCHANGED, person=person.id if person else subject_of(stated.carried[0]))
    if stated.remarks:
        line.reason = stated.remarks[0][0]
        line.words = joined(words for _reason, words in stated.remarks)
    return line


def _is_erased(stated: Stated, erased: Mapping[int, int]) -> bool:
    """Whether the row is about somebody who was erased, and not dated after that: an old file resurrects nobody."""
    until = [erased[subject] for subject in map(subject_of, stated.carried) if subject in erased]
    return bool(until) and not (stated.when.given and stated.when.at > max(until))


def _short(value: Any) -> Any:
    return f"{value[: LONGEST - 1]}…" if isinstance(value, str) and len(value) > LONGEST else value


def _place(values: Sequence[str], number: int) -> int:
    """The line of the file, or the row of the sheet, in which a record begins."""
    return int(getattr(values, "line", number))


def _again(number: int, *, same: bool) -> Line:
    if same:
        return Line(number, UNCHANGED, Reason.TWICE, _("the file holds this row before"))
    return Line(number, FAILED, Reason.TWICE, _("the file holds another row with this key before"))
