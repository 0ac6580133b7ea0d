"""Tags: words by which people here sort people. Who shows one, and what merges make of it.

A tag is an ordinary record, like the owner: no rule looks at it, and no score follows from it. It stays with the person
it was put on; whoever they were merged into shows it, and an unmerge gives it back.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from embudo.leads import lock, sql
from embudo.leads.clock import now
from embudo.leads.models import Tag, Tagging
from embudo.leads.pointers import shown_by
from embudo.leads.showing import BadValue

LONGEST = 60
MOST = 50  # tags of one person
IN_USE = "AND t.removed_at IS NULL"
SLICE = 500  # people in one statement
PUT = (
    "INSERT INTO leads_tagging (tag_id, put_on, person_id, by_id, at) VALUES (%s, %s, %s, %s, %s)"
    " ON CONFLICT (put_on, tag_id) DO NOTHING"
)


def tag_of(text: str, *, make: bool = False) -> Tag | None:
    """Return the tag of this name, whatever its case; one that is new is made, or else None."""
    name = name_of(text)
    if not name:
        return None
    if make:
        return Tag.objects.get_or_create(key=key_of(name), defaults={"name": name})[0]
    return Tag.objects.filter(key=key_of(name)).first()


def kept(number: int) -> Tag | None:
    """Return the tag of this number, unless it was joined to another or deleted."""
    return Tag.objects.filter(pk=number, removed_at=None).first()


def held(*wanted: Tag) -> dict[int, Tag]:
    """Return tags as they are, by number; nobody else changes or puts them on until the transaction ends."""
    found = Tag.objects.select_for_update(no_key=True).filter(pk__in=[each.pk for each in wanted])
    return {each.pk: each for each in found.order_by("pk")}


def hold(*wanted: Tag) -> None:
    """Let no tag of these be joined or deleted until the transaction ends; raises BadValue when one was by now."""
    found = held(*wanted)
    if any(each.pk not in found or found[each.pk].removed_at is not None for each in wanted):
        raise BadValue(_("This tag is not there any more."))


def name_of(text: str) -> str:
    """Return what is typed as the name of a tag."""
    plain = "".join(each for each in text if each.isprintable() or each.isspace())
    return " ".join(plain.split())[:LONGEST].strip()


def key_of(name: str) -> str:
    """Return what tells two tags apart."""
    return name.casefold()[:LONGEST]


def bearers(people: Collection[int], tag: Tag) -> set[int]:
    """Return those of these people who show the tag."""
    return {person for (person,) in sql.rows_where("person_id", "leads_tagging", "person_id", people, _is(tag))}


def put(people: Iterable[int], tag: Tag, *, by: Any) -> None:
    """Put a tag on these people, whoever shows them by now; who shows it already goes on showing it once."""
    who, at = getattr(by, "pk", None), now()
    with transaction.atomic():
        lock.putting()
        shown = shown_by(list(people))
        sql.many(PUT, [(tag.pk, person, root, who, at) for person, root in shown.values()])


def take(people: Collection[int], tag: Tag) -> None:
    """Take a tag off these people, and off everybody merged into them; off whom was merged meanwhile, too."""
    with transaction.atomic():
        lock.putting()
        for column in ("person_id", "put_on"):
            sql.delete_where("leads_tagging", column, people, _is(tag))


def of(people: Collection[int]) -> dict[int, list[str]]:
    """Return the names of the tags of these people, in alphabetical order; who has none is not in it."""
    found: dict[int, set[str]] = {}
    table = "leads_tagging g JOIN leads_tag t ON t.id = g.tag_id"
    for person, name in sql.rows_where("g.person_id, t.name", table, "g.person_id", people, IN_USE):
        found.setdefault(person, set()).add(name)
    return {person: sorted(names, key=str.casefold) for person, names in found.items()}


def used(most: int) -> list[str]:
    """Return the names of tags somebody has, in alphabetical order."""
    worn = "EXISTS (SELECT 1 FROM leads_tagging g WHERE g.tag_id = t.id)"
    return [
        name
        for (name,) in sql.rows(f"SELECT t.name FROM leads_tag t WHERE {worn} {IN_USE} ORDER BY t.key LIMIT {most}")
    ]


def settle(trees: Mapping[int, Collection[int]]) -> None:
    """Let each of these people show the tags of all that were merged into them."""
    changed = [(root, each) for root, each, shown in compared(trees) if root != shown]
    sql.many("UPDATE leads_tagging SET person_id = %s WHERE id = %s", changed)


def compared(trees: Mapping[int, Collection[int]]) -> list[tuple[int, int, int]]:
    """Return each tagging of these people and of whom they absorbed: who is to show it, its id, who shows it."""
    roots = {member: root for root, tree in trees.items() for member in tree}
    found = sql.rows_where("put_on, id, person_id", "leads_tagging", "put_on", roots.keys())
    return [(roots[put_on], each, shown) for put_on, each, shown in found]


def scatter() -> None:
    """Let each tag be shown by whom it was put on, as long as nobody is merged: a rebuild begins so."""
    apart = f"SELECT id FROM leads_tagging WHERE person_id <> put_on LIMIT {SLICE}"
    while sql.one(f"UPDATE leads_tagging SET person_id = put_on WHERE id IN ({apart})"):
        pass


def move(where: Collection[tuple[int, int]]) -> None:
    """Let tags of visitors (first) be those of the people they turned out to be."""
    moved = "UPDATE leads_tagging SET put_on = %s, person_id = %s WHERE put_on = %s"
    apart = "NOT EXISTS (SELECT 1 FROM leads_tagging o WHERE o.put_on = %s AND o.tag_id = leads_tagging.tag_id)"
    sql.many(f"{moved} AND {apart}", [(person, person, visitor, person) for visitor, person in where])
    sql.delete_where("leads_tagging", "put_on", [visitor for visitor, _person in where])


def forget(people: Collection[int]) -> None:
    """Forget the tags of people who were erased."""
    for column in ("put_on", "person_id"):
        sql.delete_where("leads_tagging", column, people)


def count(tag: Tag) -> int:
    """Return on how many people a tag is."""
    return Tagging.objects.filter(tag=tag).count()


def _is(tag: Tag) -> str:
    return f"AND tag_id = {int(tag.pk)}"
