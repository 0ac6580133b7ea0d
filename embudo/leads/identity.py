"""Who owns which identifier, as far as one batch of facts needs it: core's decisions over the tables.

`Directory` answers like `core.identity.Identity`, but holds only what was loaded. It notes what changes, so
that the batch writes it in one transaction, and which people are regrouped, so that their history is read again.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

from embudo.core.event import Door, Event, Verdict, is_anonymous, subject_of
from embudo.core.identity import (
    Claim,
    Decision,
    Dispute,
    Link,
    Merge,
    Owner,
    Parting,
    Release,
    Strength,
    claim_of,
    decide,
)
from embudo.leads import sql
from embudo.leads.pointers import Pointers

SOURCE = "embudo"
LONGEST = 400  # characters of an identifier that its row holds
ERASED = "person_erased"
IDENTITY_KINDS = frozenset(
    "identity_linked identity_released identity_disputed people_merged people_parted people_unmerged".split()
)
WITHDRAWN = "fact_withdrawn"


@dataclass(frozen=True, slots=True)
class Holding:
    """One identifier's row: the person it belongs to before merges, and why."""

    identifier: str
    person: int
    evidence: str
    strength: Strength
    linked_at: int


@dataclass(frozen=True, slots=True)
class Joined:
    """A merge, or with `undone` the end of one, or with `parted` that it never was; people before their own merges."""

    survivor: int
    absorbed: int
    evidence: str
    cause: tuple[str, str]
    at: int
    undone: bool = False
    parted: bool = False


class Directory:
    """The identifiers of one batch and the people they belong to."""

    def __init__(self, pointers: Pointers) -> None:
        self.pointers = pointers
        self.holdings: dict[int, Holding] = {}
        self.named: dict[int, set[str]] = defaultdict(set)  # person before merges -> named identifiers
        self._claims: dict[tuple[str, str], Claim] = {}  # what the loaded facts claim
        self.changed: set[int] = set()  # subjects whose holding is new or other than in the table
        self.fresh: set[int] = set()  # subjects that no fact carried before
        self.forgotten: set[int] = set()  # people and subjects that were erased
        self.released: set[int] = set()  # subjects that no fact carries any more
        self.take_back: Callable[[Event], list[Decision]] = _nothing_follows  # what a withdrawn fact means for identity
        self.joined: list[Joined] = []
        self.disputes: list[tuple[Dispute, Event, int | None]] = []  # with its cause, and when it was settled
        self.settled: dict[str, int] = {}  # identifiers a person in the app has given to somebody, and when
        self.regrouped: set[int] = set()  # roots that gained or lost facts of the past

    # -- loading -------------------------------------------------------------------------------------

    def load(self, events: Iterable[Event]) -> None:
        """Read what the tables know of every identifier these facts carry."""
        subjects: set[int] = set()
        claimed: set[int] = set()
        for event in events:
            subjects.add(event.subject)
            if event.kind == ERASED:
                claimed.add(event.subject)
            elif event.kind in IDENTITY_KINDS:
                claimed.update(_people(event))
            elif (claim := claim_of(event)) is not None:
                self._claims[event.key] = claim
                carries = {subject_of(each) for each in (claim.identifier, *claim.others)}
                subjects |= carries
                claimed |= carries
        self._load_holdings("subject", subjects)
        people = {self.holder(subject) for subject in claimed}
        trees = {member for person in people for member in self.pointers.tree(self.pointers.root(person))}
        self._load_holdings("person_id", trees)

    def _load_holdings(self, key: str, wanted: Collection[int]) -> None:
        columns = "subject, identifier, person_id, evidence, strength, linked_at"
        for subject, identifier, person, evidence, strength, linked_at in sql.rows_where(
            columns, "leads_identifier", key, wanted
        ):
            if subject not in self.holdings and subject not in self.forgotten and subject not in self.released:
                self._hold(subject, Holding(identifier, person, evidence, Strength(strength), linked_at))

    def load_subjects(self, subjects: Collection[int]) -> None:
        """Read these identifiers and all others of the people they belong to."""
        self._load_holdings("subject", subjects)
        self.load_people({self.person_of(subject) for subject in subjects})

    def load_people(self, roots: Collection[int]) -> None:
        """Read every identifier of these people."""
        self._load_holdings("person_id", {member for root in roots for member in self.pointers.tree(root)})

    def subjects(self, roots: Collection[int]) -> dict[int, set[int]]:
        """Return the subjects of these people, who were loaded."""
        found: dict[int, set[int]] = {root: set() for root in roots}
        for subject, holding in self.holdings.items():
            root = self.pointers.root(holding.person)
            if root in found:
                found[root].add(subject)
        for root in roots:
            found[root].update(member for member in self.pointers.tree(root) if member not in self.holdings)
        return found

    def _hold(self, subject: int, holding: Holding) -> None:
        if not is_anonymous(holding.identifier):
            before = self.holdings.get(subject)
            if before is not None:
                self.named[before.person].discard(holding.identifier)
            self.named[holding.person].add(holding.identifier)
        self.holdings[subject] = holding

    # -- asking --------------------------------------------------------------------------------------

    def holder(self, subject: int) -> int:
        """Return the person a subject belongs to before merges."""
        holding = self.holdings.get(subject)
        return holding.person if holding else subject

    def person_of(self, subject: int) -> int:
        """Return the surviving person a subject belongs to."""
        return self.pointers.root(self.holder(subject))

    def _owner_of(self, identifier: str) -> Owner | None:
        holding = self.holdings.get(subject_of(identifier))
        if holding is None or (holding.strength is Strength.OWN and is_anonymous(identifier)):
            return None
        root = self.pointers.root(holding.person)
        names = frozenset(name for member in self.pointers.tree(root) for name in self.named.get(member, ()))
        return Owner(root, holding.strength, names)

    def _apart(self, one: int, other: int) -> bool:
        return self.pointers.are_apart(one, other)

    # -- following -----------------------------------------------------------------------------------

    def see(self, event: Event) -> list[Decision]:
        """Take note of one fact in log order and return what is decided because of it."""
        self.note(event)
        if event.kind == WITHDRAWN:
            return self.take_back(event)
        claim = self._claims.get(event.key)
        if claim is None:
            return []
        taken = [each for each in claim.others if self.is_taken(subject_of(each), each)]
        if taken:
            claim = replace(claim, others=tuple(each for each in claim.others if each not in taken))
        decisions = decide(claim, self._owner_of, self._apart)
        for decision in decisions:
            self.apply(decision, event)
        return decisions

    def is_taken(self, subject: int, identifier: str) -> bool:
        """Return whether this subject is already that of another identifier (decisions/0001): then nothing is mixed."""
        holding = self.holdings.get(subject)
        if holding is None or identifier.startswith("person:"):
            return False
        return holding.identifier[:LONGEST] != identifier[:LONGEST]

    def note(self, event: Event) -> None:
        """Take note of one fact, deciding nothing: who carries it, or what a person in the app said of identity."""
        if event.kind in IDENTITY_KINDS:
            if event.door is Door.APP:
                self._obey(event)
        elif event.subject not in self.holdings and not event.identifier.startswith("person:"):
            self._hold(event.subject, Holding(event.identifier, event.subject, "", Strength.OWN, event.at))
            self.changed.add(event.subject)
            self.fresh.add(event.subject)

    def forget(self, root: int) -> None:
        """Forget an erased person: every subject of theirs is its own again, as if it had never been seen."""
        members = list(self.pointers.tree(root))
        subjects = self.subjects([root])[root]
        for member in members[1:]:
            self.pointers.lift(member)
        for subject in subjects:
            holding = self.holdings.pop(subject, None)
            if holding is not None:
                self.named[holding.person].discard(holding.identifier)
        self.changed -= subjects
        self.forgotten |= subjects.union(members)

    def apply(self, decision: Decision, cause: Event) -> None:
        """Carry out one decision."""
        match decision:
            case Link(identifier, person, evidence, strength):
                self._link(Holding(identifier, person, evidence, strength, cause.at))
            case Merge(survivor, absorbed, evidence):
                self._merge(Joined(survivor, absorbed, evidence, cause.key, cause.at))
            case Dispute():
                self.disputes.append((decision, cause, None))
            case Release(identifier, at):
                self._release(identifier, at)
            case Parting(_survivor, absorbed):
                self._part(absorbed, cause)

    def _obey(self, event: Event) -> None:
        """Carry out what a person in the app said of identity."""
        props = event.props
        match event.kind:
            case "identity_linked":
                strength = Strength(int(props.get("strength", Strength.BY_HAND)))
                evidence = str(props.get("evidence", "by_hand"))
                self._link(Holding(props["identifier"], int(props["person"]), evidence, strength, event.at))
                self._settle(props["identifier"], event.at)
                if reopened := reopened_by(event):
                    self.disputes.append((reopened, event, None))
            case "people_merged":
                people = int(props["survivor"]), int(props["absorbed"])
                self._merge(Joined(*people, str(props.get("evidence", "by_hand")), event.key, event.at))
            case "people_unmerged":
                people = int(props["survivor"]), int(props["absorbed"])
                self._unmerge(Joined(*people, "", event.key, event.at, undone=True))

    def _link(self, holding: Holding) -> None:
        subject = subject_of(holding.identifier)
        if self.is_taken(subject, holding.identifier):
            return
        was, becomes = self.person_of(subject), self.pointers.root(holding.person)
        if subject not in self.holdings:
            self.fresh.add(subject)
        self._hold(subject, holding)
        self.changed.add(subject)
        if was != becomes and subject not in self.fresh:
            self.regrouped |= {was, becomes}

    def _release(self, identifier: str, at: int | None) -> None:
        """Take an identifier from whoever holds it; it is its own again since `at`, or nobody has ever seen it."""
        subject = subject_of(identifier)
        if self.is_taken(subject, identifier):
            return
        self.regrouped |= {self.person_of(subject), self.pointers.root(subject)}
        holding = self.holdings.pop(subject, None)
        if holding is not None:
            self.named[holding.person].discard(identifier)
        if at is None:
            self.changed.discard(subject)
            self.released.add(subject)
        else:
            self._hold(subject, Holding(identifier, subject, "", Strength.OWN, at))
            self.changed.add(subject)

    def _part(self, absorbed: int, cause: Event) -> None:
        if absorbed not in self.pointers.into:
            return
        root = self.pointers.root(absorbed)
        survivor = self.pointers.lift(absorbed)
        self.joined.append(Joined(survivor, absorbed, "", cause.key, cause.at, parted=True))
        self.regrouped |= {root, absorbed}

    def _settle(self, identifier: str, at: int) -> None:
        """End every dispute about an identifier that there was up to now, in the tables and in this batch."""
        self.settled[identifier] = at
        self.disputes = [
            (dispute, cause, at if settled_at is None and dispute.identifier == identifier else settled_at)
            for dispute, cause, settled_at in self.disputes
        ]

    def _merge(self, merge: Joined) -> None:
        if (people := self.pointers.merge(merge.survivor, merge.absorbed)) is not None:
            self.joined.append(Joined(*people, merge.evidence, merge.cause, merge.at))
            self.regrouped.update(people)

    def _unmerge(self, asked: Joined) -> None:
        root = self.pointers.root(asked.absorbed)
        if (people := self.pointers.unmerge(asked.survivor, asked.absorbed)) is not None:
            self.joined.append(Joined(*people, "", asked.cause, asked.at, undone=True))
            self.regrouped |= {root, asked.absorbed}


def _nothing_follows(event: Event) -> list[Decision]:
    return []


def facts_of(decisions: Iterable[Decision], cause: Event, *, now: int) -> list[Event]:
    """Return the facts that record what a fact decided; the same cause gives the same ids."""
    return [_fact(decision, number, cause, now) for number, decision in enumerate(decisions)]


def _fact(decision: Decision, number: int, cause: Event, now: int) -> Event:
    kind, person, props = _told(decision)
    text = f"{kind}\0{number}\0{cause.source}\0{cause.id}"
    return Event(
        source=SOURCE,
        id=blake2b(text.encode(), digest_size=16).hexdigest(),
        kind=kind,
        at=cause.at,
        received_at=now,
        known_at=cause.known_at,
        identifier=f"person:{person}",
        subject=person,
        door=Door.SYSTEM,
        verdict=Verdict.MACHINE,  # so that no rule and no stage counts what Embudo itself wrote
        reasons=("embudo",),
        props={**props, "cause": list(cause.key)},
    )


def _told(decision: Decision) -> tuple[str, int, dict[str, Any]]:
    match decision:
        case Link(identifier, person, evidence, strength):
            subject = subject_of(identifier)
            props = {"identifier": identifier, "subject": subject, "person": person}
            return "identity_linked", person, {**props, "evidence": evidence, "strength": int(strength)}
        case Merge(survivor, absorbed, evidence):
            return "people_merged", survivor, {"survivor": survivor, "absorbed": absorbed, "evidence": evidence}
        case Dispute(identifier, person, claimed_by, evidence):
            props = {"identifier": identifier, "person": person, "claimed_by": claimed_by}
            return "identity_disputed", person, {**props, "evidence": evidence}
        case Release(identifier, at):
            subject = subject_of(identifier)
            return "identity_released", subject, {"identifier": identifier, "subject": subject, "since": at}
        case Parting(survivor, absorbed):
            return "people_parted", survivor, {"survivor": survivor, "absorbed": absorbed}


def decision_of(fact: Event) -> Decision:
    """Return the decision that a fact of Embudo's own records; raises KeyError or ValueError on any other fact."""
    props = fact.props
    match fact.kind:
        case "identity_linked":
            strength = Strength(int(props["strength"]))
            return Link(str(props["identifier"]), int(props["person"]), str(props["evidence"]), strength)
        case "people_merged":
            return Merge(int(props["survivor"]), int(props["absorbed"]), str(props["evidence"]))
        case "identity_disputed":
            people = int(props["person"]), int(props["claimed_by"])
            return Dispute(str(props["identifier"]), *people, str(props["evidence"]))
        case "identity_released":
            since = props["since"]
            return Release(str(props["identifier"]), None if since is None else int(since))
        case "people_parted":
            return Parting(int(props["survivor"]), int(props["absorbed"]))
    raise ValueError(fact.kind)


def reopened_by(fact: Event) -> Dispute | None:
    """Return the dispute that a link by hand opens again, when it takes back how somebody had settled it."""
    said = fact.props.get("reopens")
    if not said:
        return None
    person, claimed_by = int(said["person"]), int(said["claimed_by"])
    return Dispute(str(fact.props["identifier"]), person, claimed_by, str(said["evidence"]))


def _people(event: Event) -> Iterator[int]:
    for name in ("person", "survivor", "absorbed", "subject"):
        if name in event.props:
            yield int(event.props[name])
    if "identifier" in event.props:
        yield subject_of(event.props["identifier"])
