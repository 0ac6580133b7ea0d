"""Scores as they are at this instant, from the kept state of each person."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from embudo.core.attributes import resolve
from embudo.core.curve import Curve
from embudo.core.definition import Definition
from embudo.core.event import Event
from embudo.definition.in_force import read, version_in_force
from embudo.engines.online import Online
from embudo.leads.models import EngagementSnapshot, Person, Score


@lru_cache(maxsize=4)
def _online(text: str) -> Online:
    return Online(read(text))


def online() -> Online:
    """Return the engine of the definition in force."""
    return _online(version_in_force().text)


def definition() -> Definition:
    """Return the definition in force."""
    return online().definition


def curves(people: Iterable[Person]) -> dict[int, Curve]:
    """Return the engagement of these people as a function of time, by person; nobody without a kept state is in it."""
    engine = online()
    found = {}
    wanted = [person.id for person in people]
    for person, blob in Score.objects.filter(person_id__in=wanted).values_list("person_id", "state"):
        state = engine.decode(bytes(blob))
        if state is not None:
            found[person] = engine.curve(state)
    return found


def now_of(people: Iterable[Person], at: int) -> dict[int, float]:
    """Return the engagement of these people at the instant; where no state is kept, the value last written."""
    people = list(people)
    known = curves(people)
    return {each.id: known[each.id].at(at) if each.id in known else each.engagement for each in people}


def snapshot_at() -> int | None:
    """Return the instant of the order of the list, or None while it was never freshened."""
    done = EngagementSnapshot.objects.exclude(finished_at=None).order_by("-id").values_list("as_of_at", flat=True)
    return done.first()


def attributes_at(history: Iterable[Event], at: int) -> dict[str, Any]:
    """Return the value of each attribute at the instant."""
    return resolve(history, at)
