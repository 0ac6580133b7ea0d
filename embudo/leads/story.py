"""Everything one person did: the facts of all their identifiers, those of people merged into them included."""

from bisect import bisect_right
from collections.abc import Collection, Iterable

from embudo.core.event import Door, Event
from embudo.leads.history import without_undone
from embudo.leads.identity import LONGEST
from embudo.leads.models import Identifier, Merge, Person
from embudo.leads.pointers import members
from embudo.leads.record import the_log
from embudo.leads.summary import undated


def survivor_of(person: Person) -> Person:
    """Return the person this one was merged into, at any remove; themselves when not merged."""
    seen = set()
    while person.merged_into_id is not None and person.id not in seen:
        seen.add(person.id)
        found = Person.objects.filter(pk=person.merged_into_id).first()
        if found is None:
            break
        person = found
    return person


def subjects_of(person: int) -> set[int]:
    """Return the subjects by which this person's facts are found."""
    ids = members(person)
    linked = Identifier.objects.filter(person_id__in=ids).values_list("subject", flat=True)
    elsewhere = Identifier.objects.filter(subject__in=ids).exclude(person_id__in=ids).values_list("subject", flat=True)
    return (ids | set(linked)) - set(elsewhere)


def history_of(person: int, *, until: int | None = None) -> list[Event]:
    """Return all facts about the person in their order, what machines did and what Embudo recorded included.

    Those of imports that were undone are left out: they are only in the log.
    """
    subjects = subjects_of(person)
    known = dict(Identifier.objects.filter(subject__in=subjects).values_list("subject", "identifier"))
    facts = [each for each in the_log().history(subjects, until=until) if _is_of(each, known.get(each.subject))]
    return without_undone(facts)


def histories_of(people: Collection[int]) -> dict[int, list[Event]]:
    """Return all facts about each of these people in their order, by few reads whatever their number."""
    roots = {person: person for person in people}
    fresh = set(people)
    while fresh:
        merged = Merge.objects.filter(survivor_id__in=fresh, unmerged_at=None).values_list("absorbed_id", "survivor_id")
        new = {absorbed: roots[survivor] for absorbed, survivor in merged if absorbed not in roots}
        roots |= new
        fresh = set(new)
    linked = list(Identifier.objects.filter(person_id__in=roots).values_list("subject", "identifier", "person_id"))
    elsewhere = Identifier.objects.filter(subject__in=roots).exclude(person_id__in=roots)
    whose = dict(roots)
    for subject in elsewhere.values_list("subject", flat=True):
        whose.pop(subject, None)
    whose |= {subject: roots[person] for subject, _identifier, person in linked}
    known = {subject: identifier for subject, identifier, _person in linked}
    found: dict[int, list[Event]] = {person: [] for person in people}
    for event in the_log().history(set(whose)):
        if _is_of(event, known.get(event.subject)):
            found[whose[event.subject]].append(event)
    return found


def _is_of(event: Event, identifier: str | None) -> bool:
    """Whether a fact came by this identifier of its subject, not by another one that hashes alike (decisions/0001)."""
    named = event.identifier[:LONGEST]
    return identifier is None or named == identifier or named.startswith("person:")


def told(history: Iterable[Event]) -> list[Event]:
    """Return the facts that tell something of the person: without the records Embudo keeps of its own decisions."""
    return [event for event in history if event.door is not Door.SYSTEM]


class Times:
    """Which instants of a history are made up, because an import had no times for its facts."""

    def __init__(self, history: Iterable[Event]) -> None:
        """Take a history in any order."""
        self._marked = sorted((event.at, undated(event)) for event in history)
        self._made_up = {at for at, unknown in self._marked if unknown}

    def made_up(self, at: int | None) -> bool:
        """Return whether a fact of unknown time stands at this instant."""
        return at in self._made_up

    def made_up_since(self, at: int | None) -> bool:
        """Return whether what follows from the facts up to this instant has no known time: a move, a fall."""
        if at is None or not self._made_up:
            return False
        before = bisect_right(self._marked, (at, True))
        return before > 0 and self._marked[before - 1][1]
