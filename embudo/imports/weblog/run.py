"""One run over an access log: it is read twice, first to see what each visitor does, then to record the visits.

A line is known again by what it says without who asked, so a second run records nothing twice although visitors have
other names in it (decisions/0023). Addresses are held for as long as a line is read, and nowhere else.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from embudo.capture.sight import reason_called
from embudo.collector.place import Places
from embudo.core.event import Event
from embudo.core.intake import Drop
from embudo.eventlog import Log, Outcome
from embudo.imports import there
from embudo.imports.facts import AGAIN
from embudo.imports.models import VisitsReport
from embudo.imports.reading import BadFile
from embudo.imports.report import ACCEPTED, FAILED, REPORT, remember
from embudo.imports.row import hashed
from embudo.imports.there import NOT_RECORDED, Recorded
from embudo.imports.weblog.asked import LeftOut, Thing, left_out, thing_of
from embudo.imports.weblog.behaviour import FEED, LOADED, PAGED, ROBOTS, VISITED, Behaviour
from embudo.imports.weblog.figures import Figures, damage_words
from embudo.imports.weblog.line import Damage, Hit
from embudo.imports.weblog.lines import Nothing, Read, is_access_log, read
from embudo.imports.weblog.visits import Place, Salt, visit_of
from embudo.leads import sql
from embudo.leads.clock import now
from embudo.leads.models import ImportRun

KIND = "visits"
PORTION = 1000  # lines whose visits are appended in one transaction of the log
MOST_REPORTED = 10_000  # damaged lines that get a row of the report; all are counted
MOST_TWINS = 200_000  # lines remembered to tell equal ones apart; equal lines stand near each other
Step = tuple[int, int | None]  # how many lines were read in both passes, of how many


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit that may have been recorded before."""

    row: int
    key: str
    event: Event


class VisitImport:
    """An import of one access log. With `record`, an unfinished run is gone on with, by the `salt` it began with."""

    def __init__(
        self, log: Log, place: Place, *, dry_run: bool = False, record: ImportRun | None = None,
        salt: Salt | None = None, places: str = "",
    ) -> None:  # fmt: skip
        self.log, self.place, self.dry_run, self.record = log, place, dry_run, record
        self.now = record.started_at if record else now()
        self.salt, self.places = salt or Salt(), Places(places)
        self.figures = Figures()
        self.behaviour = Behaviour()
        self.facts = self.unchanged = 0
        self._twins: dict[str, int] = {}

    def run(self, path: Path) -> Iterator[Step]:
        """Import a log, yielding how far it is; raises BadFile when the file is no access log."""
        if not is_access_log(path):
            words = _(
                "%(file)s is no access log in combined format: none of its first lines is like"
                ' `address - - [17/May/2015:10:05:03 +0000] "GET /page HTTP/1.1" 200 1234 "referrer" "browser"`.'
            )
            raise BadFile(words % {"file": path.name})
        record = self.record or self.begin(path.name)
        try:
            yield from self._watch(path)
            done = self._done(record)
            lines = read(path)
            while some := tuple(islice(lines, PORTION)):
                self._portion(record, some, done)
                yield self.figures.lines + some[-1][0], self.figures.lines * 2
            self._finish(record)
        finally:
            self.behaviour.close()

    def begin(self, file: str) -> ImportRun:
        """Return the record of a new run."""
        self.record = ImportRun.objects.create(
            name=self.place.name, kind=KIND, file=file[:500], dry_run=self.dry_run, started_at=self.now
        )
        return self.record

    @property
    def damaged(self) -> int:
        """How many lines were damaged."""
        return self.figures.damaged.total()

    def _done(self, record: ImportRun) -> int:
        """The last line of which an earlier attempt has reported something."""
        ((last,),) = sql.rows("SELECT MAX(row) FROM leads_importrow WHERE run_id = %s", [record.pk])
        return int(last or 0)

    # -- what visitors do ----------------------------------------------------------------------------

    def _watch(self, path: Path) -> Iterator[Step]:
        for read_so_far, (number, found) in enumerate(read(path), 1):
            if isinstance(found, Hit):
                self._note(found)
            if found is Nothing.BROKEN:
                self.figures.broken_off = True
            else:
                self.figures.lines = number
            if read_so_far % PORTION == 0:
                yield number, None
        self.behaviour.conclude()

    def _note(self, hit: Hit) -> None:
        thing = thing_of(hit.target)
        why = left_out(hit, thing, elsewhere=self.place.elsewhere(hit))
        bits = 0
        if why is None:
            bits = VISITED | PAGED if thing is Thing.PAGE else VISITED
        elif why is LeftOut.ASSET and hit.status < 400:
            bits = LOADED
        elif why is not LeftOut.ELSEWHERE and thing in (Thing.ROBOTS, Thing.FEED):
            bits = ROBOTS if thing is Thing.ROBOTS else FEED
        if bits:
            self.behaviour.note(self.salt.visitor(self.place, hit), hit.agent, bits, at=hit.at)

    # -- recording -----------------------------------------------------------------------------------

    def _portion(self, record: ImportRun, some: tuple[tuple[int, Read], ...], done: int) -> None:
        visits: list[Visit] = []
        report: list[tuple[Any, ...]] = []
        for number, found in some:
            if isinstance(found, Nothing):
                continue
            visit = self._visit(number, found) if isinstance(found, Hit) else found.damage
            if isinstance(visit, Damage):
                self.figures.damaged[visit.value] += 1
                if number > done and self.damaged <= MOST_REPORTED:
                    report.append(_row(record, number, FAILED, visit.value, damage_words()[visit.value]))
            elif visit is not None:
                visits.append(visit)
        self._record(record, visits, report)

    def _visit(self, number: int, hit: Hit) -> Visit | Damage | None:
        thing = thing_of(hit.target)
        why = left_out(hit, thing, elsewhere=self.place.elsewhere(hit))
        if why is not None:
            self.figures.left_out[why.value] += 1
            return None
        key, visitor = self._key(hit), self.salt.visitor(self.place, hit)
        event = visit_of(
            hit, thing, self.place, id=key, visitor=visitor, marks=self.behaviour.marks(visitor),
            where=self.places.of(hit.address), now=self.now,
        )  # fmt: skip
        if isinstance(event, Drop):
            return Damage.FUTURE if event.reason == "from_the_future" else Damage.REQUEST
        self.figures.count(event, thing, first=self.behaviour.first(visitor))
        return Visit(number, key, event)

    def _key(self, hit: Hit) -> str:
        """What a line is known by in every run: the site, what it says without who asked, and the how manieth it is."""
        line = hashed([self.place.site, hit.rest])
        again = self._twins.get(line, 0) + 1
        self._twins[line] = again
        if len(self._twins) > MOST_TWINS:
            self._twins = dict(list(self._twins.items())[MOST_TWINS // 2 :])
        return hashed([line, again])

    def _record(self, record: ImportRun, visits: list[Visit], report: list[tuple[Any, ...]]) -> None:
        known = there.recorded_of(self.place.source, [each.key for each in visits])
        fresh = [(each, known.get(each.key, NOT_RECORDED)) for each in visits]
        fresh = [(each, before) for each, before in fresh if not before.facts]
        self.unchanged += len(visits) - len(fresh)
        if self.dry_run:
            self.facts += len(fresh)
            fresh = []
        events = [_again(each.event, before.undone) for each, before in fresh]
        remembered = []
        for (visit, before), event, receipt in zip(fresh, events, self.log.append(events), strict=True):
            if receipt.outcome in (Outcome.ACCEPTED, Outcome.DUPLICATE):  # an attempt that died may have appended it
                self.facts += receipt.outcome is Outcome.ACCEPTED
                report.append(_row(record, visit.row, ACCEPTED, *_said(event), event=event, key=visit.key))
                remembered.append((visit.key, Recorded(facts=frozenset([event.id]), undone=before.undone)))
            else:
                self.unchanged += 1
        with transaction.atomic():
            remember(self.place.source, remembered)
            sql.add(REPORT, report)

    def _finish(self, record: ImportRun) -> None:
        self.figures.conclude(self.behaviour)
        accepted = self.facts if self.dry_run else _accepted(record)
        visits = self.figures.things.total()
        ImportRun.objects.filter(pk=record.pk).update(
            finished_at=now(), rows=self.figures.lines, facts=accepted, accepted=accepted, fresh=accepted,
            unchanged=visits - accepted, failed=self.damaged,
        )  # fmt: skip
        VisitsReport.objects.update_or_create(
            run=record, defaults={"site": self.place.site, "figures": self.figures.as_dict()}
        )


def _again(event: Event, undone: int) -> Event:
    """The fact of a line; of one that was recorded and taken back, under another id."""
    return replace(event, id=f"{event.id}{AGAIN}{undone}") if undone else event


def _said(event: Event) -> tuple[str, str]:
    """What speaks against a person, and what was looked at."""
    reason = event.reasons[0] if event.reasons else ""
    words = [str(event.props.get("path") or event.props.get("url") or "")[:300], *map(reason_called, event.reasons)]
    return reason, " · ".join(words)[:500]


def _accepted(record: ImportRun) -> int:
    query = "SELECT count(*) FROM leads_importrow WHERE run_id = %s AND outcome = %s"
    ((count,),) = sql.rows(query, [record.pk, ACCEPTED])
    return int(count)


def _row(
    record: ImportRun, number: int, outcome: str, reason: str, words: str, *, event: Event | None = None, key: str = ""
) -> tuple[Any, ...]:
    told = (record.pk, number, number, outcome, reason, words, None)
    if event is None:
        return (*told, None, False, "{}", None, "", "", "")
    return (*told, event.subject, True, "{}", event.subject, key, "", event.id)
