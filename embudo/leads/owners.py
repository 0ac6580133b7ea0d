"""Who here looks after a person: what people decided, and what merges make of it.

A decision is a row of its person, kept like an ordinary record. `Person.owner` is what follows from the rows of
somebody and of everybody merged into them: their own owner, else that of whom they absorbed since their own was
last decided. So a merge takes nobody away from who looks after them, and an unmerge gives everybody back.
The same holds for companies, whose last decision stands in their own row.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.translation import gettext as _

from embudo.accounts.models import AuditEntry
from embudo.leads import opportunities, sql
from embudo.leads.clock import now
from embudo.leads.models import Company, Identifier, OwnerChange, Person
from embudo.leads.pointers import members
from embudo.leads.showing import BadValue

CHANGED = "owner_changed"
Said = tuple[int, int | None]  # when, and who looks after them from then on


@dataclass(frozen=True, slots=True)
class Whose:
    """Where it stands who is shown as the owner, what was decided, the last one last, and who was merged when."""

    table: str
    decisions: tuple[str, str, str]  # columns, table, key
    merges: tuple[str, str]  # the instant of a merge, table


PEOPLE = Whose(
    "leads_person",
    ("person_id, at, owner_id", "leads_ownerchange", "person_id"),
    ("merged_at", "leads_merge"),
)
COMPANIES = Whose(
    "leads_company",
    ("id, coalesce(given_at, -1), given_owner_id", "leads_company", "id"),
    ("at", "leads_companymerge"),
)


def chosen(typed: str | None) -> Any:
    """Return the user of this number who works here, None where nobody is chosen ("").

    Raises BadValue where the number is that of nobody who works here, or there is no number.
    """
    if typed == "":
        return None
    if typed is None or not re.fullmatch("[0-9]{1,18}", typed, re.ASCII):
        raise BadValue(_("Choose who looks after them, or nobody."))
    found = get_user_model().objects.filter(is_active=True, pk=int(typed)).first()
    if found is None:
        raise BadValue(_("They do not work here any more; choose somebody else."))
    return found


def decided_anew(given: str | None, owner: int | None, chosen: Any) -> bool:
    """Whether somebody has chosen another owner than the page showed (`given`, its key or empty) and than is chosen."""
    return given is not None and given != str(owner or "") and getattr(chosen, "pk", None) != owner


def meanwhile(name: str, owner: Any) -> str:
    """Say that somebody has decided anew, and what."""
    if owner is None:
        return _("%(name)s belongs to nobody meanwhile; nothing was changed.") % {"name": name}
    words = _("%(name)s belongs to %(owner)s meanwhile; nothing was changed.")
    return words % {"name": name, "owner": owner}


def back(before: int | None, chosen: Any) -> str:
    """Return the query of an Undo: who looked after them, and who does until somebody decides anew."""
    return urlencode({"owner": before or "", "before": getattr(chosen, "pk", "")})


def give(person: Person, owner: Any, *, by: Any, fact: str = "", at: int | None = None, if_free: bool = False) -> None:
    """Give a person to a user, or to nobody; `if_free`: unless somebody looks after them already.

    `fact` is the acceptance of a hand-off that did it, `at` when: now. See `_held`.
    """

    def decide(held: Person) -> None:
        if if_free and held.owner_id is not None:
            return
        OwnerChange.objects.create(person=held, owner=owner, by=by, at=now() if at is None else at, fact=fact)
        _show([(owner.pk if owner else None, held.id)])
        _note(held, owner, by)

    _held(person.id, decide)


def give_company(company: Company, owner: Any, *, by: Any) -> None:
    """Give a company, or the one whose page it has by now, to a user or to nobody; what is theirs already is not noted.

    Its row is held meanwhile, so that whoever follows works out the owner before or after and not in between.
    """
    shown: int | None = company.pk
    while shown is not None:
        with transaction.atomic():
            held = Company.objects.select_for_update(no_key=True).filter(pk=shown).first()
            shown = held.merged_into_id if held else None
            if held and shown is None and held.owner != owner:
                before = str(held.owner or "")
                Company.objects.filter(pk=held.pk).update(owner=owner, given_owner=owner, given_at=now())
                AuditEntry.record(by, "company_owner_changed", str(held), before=before, now=str(owner or ""))


def take_back(person: Person, *, by: Any, fact: str) -> None:
    """Undo what the acceptance of a hand-off decided, unless somebody has decided anew since. See `_held`."""

    def decide(held: Person) -> None:
        given = OwnerChange.objects.filter(fact=fact).first()
        if given is None or OwnerChange.objects.filter(person_id=given.person_id, pk__gt=given.pk).exists():
            return
        given.delete()
        settle({held.id: members(held.id)})
        after = Person.objects.select_related("owner").get(pk=held.id)
        if after.owner_id != held.owner_id:
            _note(held, after.owner, by)

    _held(person.id, decide)


def _held(person: int, decide: Callable[[Person], None]) -> None:
    """Decide on a person, or on whoever they are by now, who was merged or is known by another id since.

    Their row is held meanwhile, so that whoever follows works out the owner before or after and not in between.
    """
    shown: int | None = person
    while shown is not None:
        with transaction.atomic():
            held = Person.objects.select_for_update(no_key=True).filter(pk=shown).first()
            if held is None:
                others = Identifier.objects.filter(subject=shown).exclude(person_id=shown)
                shown = others.values_list("person_id", flat=True).first()
            elif held.merged_into_id is not None:
                shown = held.merged_into_id
            else:
                return decide(held)


def settle(trees: Mapping[int, Collection[int]], whose: Whose = PEOPLE) -> None:
    """Give each of these people, with all that were merged into them, the owner that follows from the decisions."""
    if whose is COMPANIES:  # their decisions stand in rows that others write, too; those of people are held already
        sql.hold(whose.table, {member for tree in trees.values() for member in tree})
    _show([(owner, root) for root, shown, owner in compared(trees, whose) if owner != shown], whose)


def _show(changed: Sequence[tuple[int | None, int]], whose: Whose = PEOPLE) -> None:
    """Let whoever the owner (first) is given to (second) name them, and their opportunities, too."""
    sql.many(f"UPDATE {whose.table} SET owner_id = %s WHERE id = %s", changed)
    if whose is PEOPLE:
        opportunities.settle_owners([person for _owner, person in changed], now())


def compared(trees: Mapping[int, Collection[int]], whose: Whose = PEOPLE) -> list[tuple[int, int | None, int | None]]:
    """Return each of these people with the owner that is shown and the one that follows from the decisions."""
    everybody = {member for tree in trees.values() for member in tree}
    said = _latest(everybody, whose)
    merged = _merges(everybody, whose) if said else {}
    shown = sql.rows_where("id, owner_id", whose.table, "id", trees.keys())
    return [(root, owner, _owner(root, said, merged)) for root, owner in shown]


def move(where: Collection[tuple[int, int]]) -> None:
    """Let decisions on visitors (first) be those on the people they turned out to be, unless those have their own."""
    sql.many(
        "UPDATE leads_ownerchange SET person_id = %s WHERE person_id = %s"
        " AND NOT EXISTS (SELECT 1 FROM leads_ownerchange o WHERE o.person_id = %s)",
        [(person, visitor, person) for visitor, person in where],
    )


def forget(people: Collection[int]) -> None:
    """Forget the decisions on people who were erased, and their names in every row of the trail that is about them."""
    if people:
        sql.delete_where("leads_ownerchange", "person_id", people)
        AuditEntry.forget(people)


def _note(person: Person, owner: Any, by: Any) -> None:
    before = str(person.owner) if person.owner else ""
    AuditEntry.record(by, CHANGED, str(person), person=str(person.id), before=before, now=str(owner or ""))


def _latest(people: Collection[int], whose: Whose) -> dict[int, Said]:
    rows = sql.rows_where(*whose.decisions, people, "ORDER BY id")
    return {person: (at, owner) for person, at, owner in rows}


def _merges(people: Collection[int], whose: Whose) -> dict[int, list[tuple[int, int]]]:
    """When who was merged into each of these people, the first one first."""
    found: dict[int, list[tuple[int, int]]] = {}
    at, table = whose.merges
    rows = sql.rows_where(f"survivor_id, {at}, absorbed_id", table, "survivor_id", people, "AND unmerged_at IS NULL")
    for survivor, at, absorbed in rows:
        found.setdefault(survivor, []).append((at, absorbed))
    return {survivor: sorted(each) for survivor, each in found.items()}


def _owner(person: int, said: Mapping[int, Said], merged: Mapping[int, list[tuple[int, int]]]) -> int | None:
    at, owner = said.get(person, (-1, None))
    if owner is not None:
        return owner
    since = (absorbed for merged_at, absorbed in merged.get(person, ()) if merged_at > at)
    return next((found for each in since if (found := _owner(each, said, merged)) is not None), None)
