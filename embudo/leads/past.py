"""The past of this company as discovery compares it: who bought, and who did not though they had the time.

Of a customer counts what was known of them before they bought. Others are leads that are settled: nobody sells to them
at present, and they have been known for longer than half of the customers took to buy.
"""

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

from embudo.core import attributes
from embudo.core.event import Event
from embudo.core.funnel import DISCARDED
from embudo.core.identity import NAMING, SOCIAL
from embudo.core.lifecycle import AMBASSADOR, CUSTOMER, LEAD, QUALIFIED
from embudo.eventlog import Log
from embudo.leads.identity import Directory
from embudo.leads.models import Person, StageChange
from embudo.leads.pointers import Pointers
from embudo.learn.cases import Case

SETTLED = (LEAD, QUALIFIED, DISCARDED)
PORTION = 500  # customers whose facts are read at once
UNTOLD = frozenset({*NAMING, *SOCIAL, "street", "postal_code", "birthday", "website"})  # they name people


def cases(log: Log, at: int) -> list[Case]:
    """Return the people whose outcome is known at an instant; those who bought first, each by their id."""
    moves = StageChange.objects.filter(superseded_at=None, to_stage__in=(CUSTOMER, AMBASSADOR), at__lte=at)
    bought: dict[int, int] = {}
    for person, moved_at in moves.order_by("-at").values_list("person_id", "at"):
        bought[person] = moved_at
    people, ids, pointers = Person.objects.filter(known=True, merged_into=None), sorted(bought), Pointers.load()
    customers: list[Case] = []
    took: list[int] = []
    for start in range(0, len(ids), PORTION):
        some = people.filter(id__in=ids[start : start + PORTION])
        found = {id: (first, known) for id, first, known in some.values_list("id", "first_seen_at", "attributes")}
        took += [bought[person] - first for person, (first, _known) in found.items()]
        histories = _histories(log, pointers, sorted(found))
        customers += [customer(each, bought[each], found[each][1], histories[each]) for each in sorted(found)]
    others = people.filter(stage__in=SETTLED, first_seen_at__lte=at - max(median(took or [0]), 0)).order_by("id")
    settled = others.values_list("id", "attributes").iterator()
    return customers + [Case(person, _told(known), {}) for person, known in settled if person not in bought]


def _histories(log: Log, pointers: Pointers, people: Sequence[int]) -> dict[int, list[Event]]:
    directory = Directory(pointers)
    directory.load_people(people)
    of = {subject: person for person, subjects in directory.subjects(people).items() for subject in subjects}
    found: dict[int, list[Event]] = {person: [] for person in people}
    for event in log.history(of.keys()):
        found[of[event.subject]].append(event)
    return found


def customer(person: int, bought_at: int, now: dict[str, Any], history: Iterable[Event]) -> Case:
    """Return the case of somebody who bought: their attributes as known then, and as known `now` where none was."""
    since: dict[str, int] = {}
    before = []
    for event in history:
        for name, value in attributes.traits(event).items():
            if value not in (None, ""):
                since[name] = min(since.get(name, event.known_at), event.known_at)
        if event.known_at < bought_at:
            before.append(event)
    return Case(person, _told({**now, **attributes.resolve(before, bought_at)}), since, bought_at)


def _told(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in UNTOLD}
