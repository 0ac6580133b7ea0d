"""One batch of the log: who the facts are about, what follows from them, and the rows that say so."""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from embudo.core.event import Door, Event
from embudo.core.identity import Decision, Dispute
from embudo.engines.online import HistoryNeeded, Online
from embudo.eventlog import Cursor, Log
from embudo.leads import companies, company_joins, consents, exported, files, moves, opportunities, owners, sql, tags
from embudo.leads import kept as rows
from embudo.leads.company_facts import Companies
from embudo.leads.history import RETOLD, counts, is_of_company, of_subjects, refusal_of, undoes_import
from embudo.leads.identity import ERASED, Directory, Joined, facts_of
from embudo.leads.kept import Kept
from embudo.leads.lock import merging
from embudo.leads.passages import Changes
from embudo.leads.profile_rows import employers_of, settle_companies
from embudo.leads.summary import Summary, summary_of, undated
from embudo.leads.taking_back import TakingBack

Decided = Callable[[Event, Directory], Sequence[Decision]]


@dataclass
class Batch:
    """The work on some consecutive facts, from reading what is kept to writing what came of it."""

    online: Online
    log: Log
    directory: Directory
    through: Cursor  # what the log's readers have seen after this batch
    now: int
    facts: list[Event] = field(default_factory=list)  # identity decisions, to be appended before the rows are written
    refused: dict[tuple[str, str], Event] = field(default_factory=dict)  # their subject is another identifier's
    people: dict[int, Kept] = field(default_factory=dict)
    again: set[int] = field(default_factory=set)  # people whose whole history is read
    gone: set[int] = field(default_factory=set)  # people who have no fact of their own any more
    earlier: list[Kept] = field(default_factory=list)  # a late fact shows that they came before
    sourced: set[int] = field(default_factory=set)  # people whose first touch is another one than before
    taking_back: TakingBack | None = None  # where facts of imports are taken back
    companies: Companies = field(default_factory=Companies)  # of which facts speak
    changes: Changes = field(default_factory=Changes)  # of moves, while they are written

    # -- working out, without a transaction ----------------------------------------------------------

    def work(self, events: Sequence[Event], decided: Decided | None = None) -> None:
        """Decide identity in log order, then fold what is new and read again what was regrouped."""
        events = [event for event in events if event.door is not Door.SYSTEM or event.kind in (*RETOLD, ERASED)]
        self.companies = Companies.of(self.log, events, self.through)
        events = [event for event in events if not is_of_company(event)]
        self._identify(events, decided or _decide)
        self._settle_regrouped()
        self._fold(events)
        self._replay()

    def read_again(self, people: Collection[Kept]) -> None:
        """Compute these people, read before this batch began, anew from their whole history, without any new fact."""
        self.again = {kept.id for kept in people}
        for kept in people:
            self.people[kept.id] = Kept(kept.id, self.online.fresh(), Summary(), kept.revision, whole=True)
        self._replay()

    def _identify(self, events: Sequence[Event], decided: Decided) -> None:
        directory = self.directory
        directory.load(events)
        if undone := [event for event in events if undoes_import(event)]:
            self.taking_back = TakingBack.of(self.log, directory, undone, self.through)
        retold: set[int] = set()
        for event in events:
            if event.kind == ERASED:
                directory.forget(directory.person_of(event.subject))
                continue
            if event.kind in RETOLD:
                retold.add(event.subject)
                if undoes_import(event):
                    self.facts += facts_of(decided(event, directory), event, now=self.now)
                continue
            if directory.is_taken(event.subject, event.identifier):
                self.refused[event.key] = event
                self.facts.append(refusal_of(event, now=self.now))
                continue
            decisions = decided(event, directory)
            if decisions:
                self.facts += facts_of(decisions, event, now=self.now)
        self.again = {directory.person_of(subject) for subject in retold | directory.forgotten}

    def _settle_regrouped(self) -> None:
        """Sort regrouped people into those who adopt a visitor's rows, those to read again and those who are gone."""
        directory = self.directory
        regrouped = directory.regrouped | self.again
        if not regrouped:
            return
        roots = {directory.pointers.root(person) for person in regrouped}
        directory.load_people(roots | regrouped)
        subjects = directory.subjects(roots)
        self.gone = (regrouped - roots) | {root for root in roots if not subjects[root]}
        there, stale = rows.load(self.online, roots | self.gone)
        for root in roots - self.gone:
            visitor = None if root in self.again else self._adopts(root, subjects[root], there, stale)
            if visitor is None:
                self.again.add(root)
                self.people[root] = Kept(root, self.online.fresh(), Summary(), _revision(there.get(root)), whole=True)
            else:
                self.people[root] = visitor

    def _adopts(self, root: int, subjects: set[int], there: dict[int, Kept], stale: set[int]) -> Kept | None:
        """A person nobody knew before takes over the rows of the one visitor they turn out to be."""
        before = subjects - self.directory.fresh
        if root in there or len(before) != 1:
            return None
        (visitor,) = before
        found = there.get(visitor)
        if visitor not in self.gone or found is None or visitor in stale:
            return None
        return Kept(root, found.state, found.summary, profiled=True, adopted=visitor)

    def _fold(self, events: Sequence[Event]) -> None:
        by_person: dict[int, list[Event]] = defaultdict(list)
        for event in events:
            if counts(event) and event.key not in self.refused:
                by_person[self.directory.person_of(event.subject)].append(event)
        wanted = by_person.keys() - self.people.keys()
        found, stale = rows.load(self.online, wanted)
        self.again |= stale
        for person, facts in by_person.items():
            kept = self.people.get(person) or found.get(person) or Kept(person, self.online.fresh(), Summary())
            self.people[person] = kept
            if person not in self.again:
                self._fold_one(kept, sorted(facts, key=_order))
        for person in self.again:
            self.people.setdefault(person, found.get(person) or Kept(person, self.online.fresh(), Summary()))

    def _fold_one(self, kept: Kept, facts: Sequence[Event]) -> None:
        arrived_at, was_there = kept.summary.first_seen_at, kept.revision or kept.adopted is not None
        source = kept.summary.touch.source
        try:
            for event in facts:
                if "traits" in event.props and not kept.profiled:
                    kept.profiled, kept.before = True, self.online.values(kept.state)
                kept.moves += self.online.fold(kept.state, event)
                kept.summary.add(event)
                if undated(event):
                    kept.made_up.add(event.at)
                if event.kind in consents.KINDS:
                    kept.consents.append(event)
                if event.kind in opportunities.KINDS:
                    kept.opportunities.append(event)
        except HistoryNeeded:
            self.again.add(kept.id)
            return
        if was_there and kept.summary.first_seen_at < arrived_at:
            self.earlier.append(kept)
        if was_there and kept.summary.touch.source != source:
            self.sourced.add(kept.id)

    def _replay(self) -> None:
        """Read the whole history of the people who need it, and nothing behind this batch."""
        if not self.again:
            return
        self.directory.load_people(self.again)
        subjects = self.directory.subjects(self.again)
        histories: dict[int, list[Event]] = {person: [] for person in self.again}
        everyone = {subject for each in subjects.values() for subject in each}
        for event in of_subjects(self.log, everyone, self.through):
            histories[self.directory.person_of(event.subject)].append(event)
        for person, history in histories.items():
            kept = self.people[person]
            kept.whole = True
            kept.state, found = self.online.replay(history)
            kept.moves, kept.summary = list(found), summary_of(history)
            kept.made_up = {event.at for event in history if undated(event)}
            kept.consents = [event for event in history if event.kind in consents.KINDS]
            kept.opportunities = [event for event in history if event.kind in opportunities.KINDS]
            if not history:
                self.gone.add(person)

    # -- writing, inside the transaction of the caller -----------------------------------------------

    def write(self) -> None:
        """Write everything that came of the batch; raises kept.Overtaken."""
        self.changes = Changes(people=set(self.sourced))
        self.companies.joins.write()
        here = [kept for kept in self.people.values() if kept.id not in self.gone]
        employers = employers_of(self.people.keys() | self.gone) if self.taking_back else set()
        rows.write(self.online, here, self.now)
        for kept in here:
            if kept.adopted is not None:
                _hand_over(kept.adopted, kept.id, self.now)
                self.changes.people |= {kept.adopted, kept.id}
        consents.write(here)
        opportunities.write(here, self.now)
        if self.directory.regrouped or self.directory.forgotten:
            merging()  # what is put on somebody meanwhile goes with them
        self._write_gone()
        whole = [kept for kept in here if kept.whole]
        if whole:
            moves.replace_moves(self.online, whole, self.now, "late_fact", self.changes)
        folded = [kept for kept in here if not kept.whole]
        if self.earlier:
            again = [kept for kept in self.earlier if not kept.whole]
            moves.rearrive(self.online, again, self.now, self.changes)
        moves.add_moves([row for kept in folded for row in self._new_moves(kept)], self.changes)
        self._write_identity()
        self.companies.write()
        settle_companies(employers)
        self.changes.settle()
        pointers = self.directory.pointers
        roots = {pointers.root(each) for each in self.directory.regrouped}
        trees = {root: list(pointers.tree(root)) for root in roots}
        owners.settle(trees)
        opportunities.settle_owners(trees.keys(), self.now)
        tags.settle(trees)
        if self.companies.joins.moved:
            company_joins.settle_some()  # so that who asks finds most companies whole at once

    def _new_moves(self, kept: Kept) -> list[tuple[object, ...]]:
        new = [moves.move_row(kept, move, self.now) for move in kept.moves]
        if not kept.revision and kept.adopted is None:
            return [moves.arrival_row(kept, self.online.definition.version, self.now), *new]
        return new

    def _write_gone(self) -> None:
        """Those merged keep a row that points at the survivor; those without any fact leave no row."""
        if not self.gone:
            return
        into = self.directory.pointers.into
        left = self.gone - into.keys()
        moves.withdraw(self.gone & into.keys(), self.now, "merged", self.changes)
        moves.withdraw(left, self.now, "regrouped", self.changes)
        rows.point(self.online, {each: into[each] for each in self.gone & into.keys()}, self.now)
        moved = [(each, self.directory.holder(each)) for each in left - self.directory.forgotten]
        employers = sql.rows_where("company_id", "leads_person", "id", left & self.directory.forgotten)
        sql.delete_where("leads_person", "id", left)  # waits for who holds a row; what they decided then moves, too
        owners.move(moved)
        tags.move(moved)
        files.move(moved)
        companies.drop_empty([company for (company,) in employers if company is not None])
        sql.delete_where("leads_score", "person_id", self.gone)
        sql.delete_where("leads_personattribute", "person_id", self.gone)
        sql.delete_where("leads_personconsent", "person_id", self.gone)
        sql.delete_where("leads_opportunity", "person_id", self.gone)
        undone = self.taking_back.people if self.taking_back else set()  # nothing is left to show moves of
        sql.delete_where("leads_stagechange", "person_id", left & (self.directory.forgotten | undone))

    def _write_identity(self) -> None:
        directory = self.directory
        _forget(directory.forgotten)
        sql.delete_where("leads_identifier", "subject", directory.released - directory.changed)
        sql.delete_where("leads_dispute", "id", self.taking_back.disputes if self.taking_back else ())
        sql.many(
            sql.upsert("leads_identifier", "subject", HOLDING),
            [
                (subject, each.identifier[:400], each.person, each.evidence, int(each.strength), each.linked_at)
                for subject in sorted(directory.changed)
                for each in (directory.holdings[subject],)
            ],
        )
        for joined in directory.joined:
            _write_joined(joined)
        sql.many(
            "UPDATE leads_dispute SET settled_at = %s WHERE identifier = %s AND settled_at IS NULL",
            [(at, identifier[:400]) for identifier, at in directory.settled.items()],
        )
        columns = ("identifier", "person_id", "claimed_by_id", "evidence", "cause", "at", "settled_at")
        sql.many(sql.insert("leads_dispute", columns), [_dispute_row(*each) for each in directory.disputes])


HOLDING = ("subject", "identifier", "person_id", "evidence", "strength", "linked_at")


def _decide(event: Event, directory: Directory) -> Sequence[Decision]:
    return directory.see(event)


def _order(event: Event) -> tuple[int, str, str]:
    return event.order


def _revision(kept: Kept | None) -> int:
    return kept.revision if kept else 0


def _hand_over(visitor: int, person: int, now: int) -> None:
    """The visitor's moves, consents and opportunities become the person's."""
    sql.one(
        "UPDATE leads_stagechange SET person_id = %s WHERE person_id = %s AND superseded_at IS NULL", [person, visitor]
    )
    consents.hand_over(visitor, person)
    opportunities.hand_over(visitor, person, now)


def _forget(people: set[int]) -> None:
    """Take out what is left of people who were erased: identifiers, merges, owners, tags, words in imports ..."""
    owners.forget(people)
    tags.forget(people)
    files.forget(people)
    exported.forget(people)
    for table, keys in FORGOTTEN.items():
        for key in keys:
            sql.delete_where(table, key, people)
    sql.many(
        "UPDATE leads_importrow SET words = '', said = NULL, changes = '{}', person = NULL WHERE person = %s",
        [(each,) for each in people],
    )


FORGOTTEN = {
    "leads_identifier": ("subject",),
    "leads_merge": ("survivor_id", "absorbed_id"),
    "leads_dispute": ("person_id", "claimed_by_id"),
}


def _write_joined(joined: Joined) -> None:
    if joined.parted:
        sql.one("DELETE FROM leads_merge WHERE absorbed_id = %s AND unmerged_at IS NULL", [joined.absorbed])
        return
    if joined.undone:
        sql.one(
            "UPDATE leads_merge SET unmerged_at = %s, unmerged_cause = %s"
            " WHERE survivor_id = %s AND absorbed_id = %s AND unmerged_at IS NULL",
            [joined.at, json.dumps(joined.cause), joined.survivor, joined.absorbed],
        )
        return
    columns = ("survivor_id", "absorbed_id", "evidence", "cause", "merged_at", "unmerged_cause")
    values = (joined.survivor, joined.absorbed, joined.evidence, json.dumps(joined.cause), joined.at, "[]")
    sql.one(sql.insert("leads_merge", columns), values)


def _dispute_row(dispute: Dispute, cause: Event, settled_at: int | None) -> tuple[object, ...]:
    people = (dispute.person, dispute.claimed_by)
    return (dispute.identifier[:400], *people, dispute.evidence, json.dumps(cause.key), cause.at, settled_at)
