"""Stating people by what names them: each row found or new, one fact for what is new of it, one result."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from embudo.collector.traits import mail_of
from embudo.core.event import Door, subject_of
from embudo.core.identity import identifiers
from embudo.doors.api import schemas
from embudo.doors.api.once import fact_id
from embudo.doors.api.saying import all_followed, record, shown_all
from embudo.doors.api.values import stated
from embudo.eventlog import Outcome
from embudo.leads.attribute import catalogue
from embudo.leads.holding import joined_by
from embudo.leads.models import Attribute, Identifier, Person
from embudo.leads.phone import international
from embudo.leads.record import Saying
from embudo.leads.showing import BadValue
from embudo.leads.story import survivor_of

JOINS = "people:merge"
REFUSED = {
    Outcome.ERASED: "this person was erased; what is older than the erasure is not taken in again",
    Outcome.CONFLICT: "the log holds another fact by this Idempotency-Key",
    Outcome.FAILED: "a value of it cannot be kept",
}


@dataclass(slots=True)
class Outcomes:
    """What became of the rows of a request."""

    results: list[schemas.RowResult]
    applied: bool = True
    new: bool = False  # whether nobody was known by the identifiers of the first row

    @property
    def shown(self) -> schemas.RowResults:
        """What is answered."""
        return schemas.RowResults(results=self.results, applied=self.applied, **counted(self.results))


@dataclass(slots=True)
class _Row:
    """One row on its way."""

    given: schemas.PersonRow
    traits: dict[str, Any] = field(default_factory=dict)
    carried: tuple[str, ...] = ()


def rows(request: HttpRequest, given: Sequence[schemas.PersonRow]) -> Outcomes:
    """State these people and return what became of each; raises Problem when the log takes nothing."""
    attributes, behind = catalogue(), not shown_all()
    results = [schemas.RowResult(index=index, outcome="refused") for index in range(len(given))]
    wanted: dict[int, _Row] = {}
    for index, row in enumerate(given):
        try:
            wanted[index] = _named(row)
        except BadValue as error:
            results[index].why = str(error)
    known = people_of({each for row in wanted.values() for each in row.carried})
    sayings = dict(_sayings(request, wanted, known, attributes, results, behind=behind))
    applied = keep(request, sayings, results)
    found = people_of({row.carried[0] for row in wanted.values()}) if applied else {}
    for index, row in wanted.items():
        person = found.get(row.carried[0])
        if person is not None and results[index].outcome != "refused":
            results[index].person = str(person.id)
    return Outcomes(results, applied, bool(wanted) and not any(each in known for each in wanted[min(wanted)].carried))


def keep(request: HttpRequest, sayings: Mapping[int, Saying], results: Sequence[schemas.Result]) -> bool:
    """Record what rows say, note in their results what became of it, and return whether the tables show it all."""
    receipts = dict(zip(sayings, record(request, list(sayings.values())), strict=True)) if sayings else {}
    for index, receipt in receipts.items():
        if receipt.outcome in REFUSED:
            results[index].why = REFUSED[receipt.outcome]
        else:
            results[index].outcome, results[index].fact = "stated", sayings[index].id
    return all_followed(list(receipts.values()))


def counted(results: Sequence[schemas.Result]) -> dict[str, int]:
    """Return how many rows fared how."""
    outcomes = [each.outcome for each in results]
    return {kind: outcomes.count(kind) for kind in ("stated", "unchanged", "refused")}


def _sayings(
    request: HttpRequest,
    wanted: Mapping[int, _Row],
    known: Mapping[str, Person],
    attributes: Mapping[str, Attribute],
    results: Sequence[schemas.RowResult],
    *,
    behind: bool,
) -> Iterator[tuple[int, Saying]]:
    """What rows say. Only what a person shows by now, earlier rows of theirs included, is left out as known; nothing is
    while the tables are behind.
    """
    earlier = Stated()
    for index, row in wanted.items():
        whose = [f"person:{known[each].id}" if each in known else each for each in row.carried]
        holders = {known[each].id if each in known else None for each in row.carried}
        person = next((known[each] for each in row.carried if each in known), None)
        held = {**(person.attributes if person else {}), **earlier.of(whose)}
        try:
            changed = stated(row.given.attributes, held, attributes, all_of_it=behind)
        except BadValue as error:
            results[index].why = str(error)
            continue
        same = not behind and all(held.get(name) == value for name, value in row.traits.items())
        if len(holders) == 1 and person is not None and same and not changed:
            results[index].outcome, results[index].person = "unchanged", str(person.id)
            continue
        traits = {**row.traits, **changed}
        if person is not None and (other := _other(request, row, person, traits)):
            results[index].why = (
                f"what names it belongs to persons {person.id} and {other.id}; to join them by stating them together "
                f"the key needs the scope {JOINS}"
            )
            continue
        earlier.add(whose, traits)
        yield (
            index,
            Saying("profile_changed", {"traits": traits}, fact_id(request, index), user_id=row.given.external_id),
        )


class Stated:
    """What earlier rows of a request have stated, by what names its person or company."""

    def __init__(self) -> None:
        self._said: dict[Any, dict[str, Any]] = {}

    def of(self, names: Iterable[Any]) -> dict[str, Any]:
        """Return what was stated under these names."""
        return {key: value for name in names for key, value in self._said.get(name, {}).items()}

    def add(self, names: Iterable[Any], traits: Mapping[str, Any]) -> None:
        """Note what a row states."""
        for name in names:
            self._said[name] = {**self._said.get(name, {}), **traits}


def _other(request: HttpRequest, row: _Row, person: Person, traits: Mapping[str, Any]) -> Person | None:
    """Whom else the row's names belong to, when the key may not join people."""
    if request.auth.may(JOINS):  # type: ignore[attr-defined]
        return None
    user_id = row.given.external_id
    return joined_by(person, identifiers(door=Door.APP, user_id=user_id, anonymous_id=None, traits=traits))


def _named(row: schemas.PersonRow) -> _Row:
    """Return the row with the identifiers it carries; raises BadValue when it names nobody."""
    traits = {}
    if row.email:
        traits["email"] = mail_of(row.email)
        if traits["email"] is None:
            raise BadValue(f"email: “{row.email[:80]}” is no mail address")
    if row.phone:
        traits["phone"] = international(row.phone, "")
        if traits["phone"] is None:
            raise BadValue(f"phone: “{row.phone}” is no phone number with the code of its country")
    if also := {"email", "phone"} & row.attributes.keys():
        raise BadValue(f"attributes.{min(also)}: give it beside `attributes`, as it says who the person is")
    carried = identifiers(door=Door.APP, user_id=row.external_id, anonymous_id=None, traits=traits)
    if not carried:
        raise BadValue("it names nobody: give email, phone or external_id")
    return _Row(row, traits, carried)


def people_of(carried: set[str]) -> dict[str, Person]:
    """Return the surviving person of each identifier that is known."""
    subjects = {subject_of(each): each for each in carried}
    held = Identifier.objects.filter(subject__in=subjects).select_related("person")
    found = {}
    for row in held:
        if row.identifier == subjects[row.subject][:400]:
            found[subjects[row.subject]] = survivor_of(row.person)
    return found
