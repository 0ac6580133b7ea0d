"""What undoing an import means for who is who: links, merges and disputes that nothing else speaks for go with it.

A link stays as far as another standing fact claims it, and then by that fact's evidence. What people here wrote
meanwhile of somebody whom the import had joined to another person stays with that other person.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from embudo.core.event import Door, Event, subject_of
from embudo.core.identity import Claim, Decision, Link, Parting, Release, Strength, carried, claim_of
from embudo.eventlog import Cursor, Log
from embudo.leads import sql
from embudo.leads.history import Key, about, counted, judgements
from embudo.leads.identity import SOURCE, Directory

UNDONE = "undone"  # the evidence of a link that keeps what people wrote meanwhile


@dataclass
class TakingBack:
    """The withdrawals of one batch, with the histories of everybody they concern."""

    log: Log
    directory: Directory
    through: Cursor
    facts: dict[Key, Event] = field(default_factory=dict)
    standing: dict[int, list[Event]] = field(default_factory=lambda: defaultdict(list))  # facts that count, by subject
    taken: set[Key] = field(default_factory=set)  # keys of facts that no longer count
    links: dict[str, Event] = field(default_factory=dict)  # the last fact that linked an identifier
    merges: dict[int, Key] = field(default_factory=dict)  # absorbed -> the cause of the standing merge
    disputes: set[int] = field(default_factory=set)  # rows that go
    people: set[int] = field(default_factory=set)  # whose facts were taken back
    claims: dict[int, list[tuple[int, Claim]]] = field(default_factory=dict)  # by subject, with when they were received
    first: dict[int, dict[str, int]] = field(default_factory=dict)  # by subject: identifier -> its first standing fact
    held: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))  # person -> subjects, perhaps no longer

    @classmethod
    def of(cls, log: Log, directory: Directory, withdrawals: Collection[Event], through: Cursor) -> "TakingBack":
        """Read what is needed to decide on these withdrawals, and have the directory ask for it."""
        found = cls(log, directory, through)
        gone = {about(event) for event in withdrawals}
        facts = log.history({event.subject for event in withdrawals}, through=through)
        carry = {subject_of(each) for fact in facts if fact.key in gone for each in carried(fact)}
        directory.load_subjects(carry | {event.subject for event in withdrawals})
        roots = {directory.person_of(subject) for subject in carry}
        subjects = carry.union(*directory.subjects(roots).values())
        people = {member for root in roots for member in directory.pointers.tree(root)}
        found.people = people | subjects
        found._read(log.history(subjects | people, through=through))
        found._read_rows(people)
        for subject, holding in directory.holdings.items():
            found.held[holding.person].add(subject)
        directory.take_back = found.decide
        return found

    def _read(self, history: Iterable[Event]) -> None:
        events = list(history)
        self.facts = {event.key: event for event in events}
        self.taken = {key for key, (_subject, verdict) in judgements(events).items() if verdict == "machine"}
        for event in counted(events):
            self.standing[event.subject].append(event)
        for event in sorted(events, key=lambda each: (each.received_at, each.order)):
            if event.kind == "identity_linked" and (event.door is Door.APP or event.source == SOURCE):
                self.links[event.props["identifier"]] = event

    def _read_rows(self, people: Collection[int]) -> None:
        merges = "absorbed_id, cause", "leads_merge", "absorbed_id", people, "AND unmerged_at IS NULL"
        self.merges = {absorbed: _key(cause) for absorbed, cause in sql.rows_where(*merges)}
        self.merges |= {each.absorbed: each.cause for each in self.directory.joined if not each.undone}
        for column in ("person_id", "claimed_by_id"):
            for row, cause in sql.rows_where("id, cause", "leads_dispute", column, people):
                if _key(cause) in self.taken:
                    self.disputes.add(row)

    # -- deciding ------------------------------------------------------------------------------------

    def decide(self, withdrawal: Event) -> list[Decision]:
        """Return what follows from one withdrawal, carried out."""
        fact, directory = self.facts.get(about(withdrawal)), self.directory
        directory.disputes = [each for each in directory.disputes if each[1].key not in self.taken]
        if fact is None:
            return []
        decisions: list[Decision] = []

        def carry_out(decision: Decision) -> None:
            directory.apply(decision, withdrawal)
            decisions.append(decision)
            if isinstance(decision, Link):
                self.held[decision.person].add(subject_of(decision.identifier))

        root = directory.person_of(fact.subject)
        held = sorted(self._held(directory.pointers.tree(root)))
        parted = [each for each in sorted(directory.pointers.tree(root)) if self._is_parted(each)]
        for absorbed in parted:
            carry_out(Parting(directory.pointers.into[absorbed], absorbed))
        for identifier in carried(fact):
            if (decision := self._left(identifier, parted)) is not None:
                carry_out(decision)
        for subject in held:
            if (moved := self._strayed(subject)) is not None:
                carry_out(moved)
        return decisions

    def _is_parted(self, absorbed: int) -> bool:
        """Whether the merge of somebody rests on a fact that was taken back, and no other claim joins the two."""
        pointers = self.directory.pointers
        if absorbed not in pointers.into or self.merges.get(absorbed) not in self.taken:
            return False
        side = set(pointers.tree(absorbed))
        others = set(pointers.tree(pointers.root(absorbed))) - side
        for claim in self._claims(side | others):
            holders = {self.directory.holder(subject_of(each)) for each in _named(claim) if not self._is_loose(each)}
            if holders & side and holders & others:
                return False
        return True

    def _left(self, identifier: str, parted: Collection[int]) -> Decision | None:
        """What becomes of an identifier that a fact taken back carried."""
        subject = subject_of(identifier)
        holding = self.directory.holdings.get(subject)
        if holding is None or holding.identifier != identifier:
            return None
        own = self._first(subject).get(identifier)
        claims = [each for each in self._claims({holding.person, subject}) if identifier in _named(each)]
        if holding.strength is Strength.OWN:
            if own is not None or claims:
                return None
            if self.standing[subject] and parted:
                return Link(identifier, self.directory.pointers.root(min(parted)), UNDONE, Strength.STATED)
            return Release(identifier, None)
        if not self._is_loose(identifier):
            return None
        claims = [each for each in claims if each.identifier != identifier]
        if claims:
            best = max(claims, key=lambda each: each.strength)
            person = self.directory.holder(subject_of(best.identifier))
            same = (person, best.evidence, best.strength) == (holding.person, holding.evidence, holding.strength)
            return None if same else Link(identifier, person, best.evidence, best.strength)
        return Release(identifier, own)

    def _strayed(self, subject: int) -> Link | None:
        """A link by a fact that stands, to somebody with whom that fact no longer is."""
        directory = self.directory
        holding = directory.holdings.get(subject)
        link = self.links.get(holding.identifier) if holding else None
        if holding is None or link is None or link.door is Door.APP or holding.strength is Strength.OWN:
            return None
        cause = self.facts.get(_key(link.props.get("cause")))
        if cause is None or cause.key in self.taken:
            return None
        person = directory.holder(cause.subject)
        if directory.pointers.root(person) == directory.person_of(subject):
            return None
        return Link(holding.identifier, person, holding.evidence, holding.strength)

    def _is_loose(self, identifier: str) -> bool:
        """Whether the fact that linked an identifier was taken back."""
        link = self.links.get(identifier)
        return link is not None and link.door is Door.SYSTEM and _key(link.props.get("cause")) in self.taken

    def _held(self, people: Iterable[int]) -> set[int]:
        """The subjects that these people hold."""
        holdings = self.directory.holdings
        held = ((subject, person) for person in people for subject in self.held.get(person, ()))
        return {subject for subject, person in held if subject in holdings and holdings[subject].person == person}

    def _claims(self, people: set[int]) -> list[Claim]:
        """What the standing facts of these people claim, those known first before the others."""
        found = [each for subject in people | self._held(people) for each in self._claims_of(subject)]
        return [claim for _received_at, claim in sorted(found, key=lambda each: each[0])]

    def _claims_of(self, subject: int) -> list[tuple[int, Claim]]:
        if subject not in self.claims:
            events = sorted(self.standing.get(subject, ()), key=lambda each: (each.received_at, each.order))
            claims = ((event.received_at, claim_of(event)) for event in events)
            self.claims[subject] = [(received_at, claim) for received_at, claim in claims if claim is not None]
        return self.claims[subject]

    def _first(self, subject: int) -> dict[str, int]:
        if subject not in self.first:
            found = self.first[subject] = {}
            for event in self.standing.get(subject, ()):
                found[event.identifier] = min(event.at, found.get(event.identifier, event.at))
        return self.first[subject]


def _named(claim: Claim) -> tuple[str, ...]:
    return (claim.identifier, *claim.others)


def _key(cause: object) -> Key:
    """A JSON column comes as text from SQLite and as a list from PostgreSQL."""
    source, id = json.loads(cause) if isinstance(cause, str) else cause or ("", "")  # type: ignore[misc, attr-defined]
    return str(source), str(id)
