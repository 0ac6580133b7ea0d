"""The past of this company as discovery compares it: who bought, and who did not though they had the time.

Of a customer counts what was known of them before they bought. Others are leads that are settled: nobody sells to them
at present, and they have been known for longer than half of the customers took to buy.
"""

from collections.abc import Iterable
from itertools import islice
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
    people = Person.objects.filter(known=True, merged_into=None)
    there = people.filter(id__in=bought) if len(bought) <= PORTION else people.exclude(stage__in=SETTLED)
    customers = {
        person: (first_seen_at, known)
        for person, first_seen_at, known in there.values_list("id", "first_seen_at", "attributes").iterator()
        if person in bought
    }
    took = median([bought[person] - first for person, (first, _known) in customers.items()] or [0])
    others = people.filter(stage__in=SETTLED, first_seen_at__lte=at - max(took, 0)).order_by("id")
    return [
        *_customers(log, {person: (bought[person], known) for person, (_first, known) in sorted(customers.items())}),
        *(
            Case(person, _told(known), {})
            for person, known in others.values_list("id", "attributes").iterator()
            if person not in customers
        ),
    ]


def _customers(log: Log, known: dict[int, tuple[int, dict[str, Any]]]) -> Iterable[Case]:
    directory, waiting = Directory(Pointers.load()), iter(known)
    while some := list(islice(waiting, PORTION)):
        directory.load_people(some)
        subjects = directory.subjects(some)
        of = {subject: person for person in some for subject in subjects[person]}
        histories: dict[int, list[Event]] = {person: [] for person in some}
        for event in log.history(of.keys()):
            histories[of[event.subject]].append(event)
        for person in some:
            bought_at, now = known[person]
            yield customer(person, bought_at, now, histories[person])


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
