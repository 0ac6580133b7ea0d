"""What becomes of a tag as a whole: another name, joined to another tag, deleted; each can be taken back for a week.

A tag that was joined or deleted keeps its people and lies aside under a key nobody can type. What is joined stands on
the other tag as well, marked with where it came from. Saved views that ask for a tag ask for what it is called now.
"""

from collections.abc import Collection, Iterator
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.http import QueryDict
from django.utils.translation import gettext as _

from embudo.accounts.models import AuditEntry
from embudo.core.event import DAY
from embudo.leads import sql, tags
from embudo.leads.clock import now
from embudo.leads.models import SavedView, Tag, Tagging
from embudo.leads.showing import BadValue

KEPT = 7 * DAY
SLICE = 2000  # people in one transaction
PURGED = 20  # slices thrown away at a time
JOIN = (
    "INSERT INTO leads_tagging (tag_id, put_on, person_id, by_id, at, joined_from)"
    " SELECT %s, put_on, person_id, by_id, at, tag_id FROM leads_tagging WHERE tag_id = %s AND put_on > %s"
    " AND put_on <= %s ON CONFLICT (put_on, tag_id) DO NOTHING"
)


def taken(tag: Tag, name: str) -> Tag | None:
    """Return the other tag that has this name already; raises BadValue when it is none."""
    if not tags.name_of(name):
        raise BadValue(_("Write a tag first."))
    there = tags.tag_of(name)
    return there if there != tag else None


def rename(tag: Tag, name: str, *, by: Any) -> None:
    """Call a tag by another name that no tag has."""
    before, tag.name = tag.name, tags.name_of(name)
    if tag.name == before:
        return
    tag.key = tags.key_of(tag.name)
    with transaction.atomic():
        tag.save(update_fields=["name", "key"])
        views_ask(before, tag.name)
        AuditEntry.record(by, "tag_renamed", before, now=tag.name)


def join(tag: Tag, into: Tag, *, by: Any) -> list[int]:
    """Put a tag on all who show the other one, which lies aside from then on; return the views that asked for it."""
    for after, until in _slices(tag):
        sql.one(JOIN, [into.pk, tag.pk, after, until])
    with transaction.atomic():
        AuditEntry.record(by, "tag_joined", tag.name, now=into.name, count=tags.count(tag))
        _lay_aside(tag)
        return views_ask(tag.name, into.name)


def part(tag: Tag, into: Tag, views: Collection[int], *, by: Any) -> None:
    """Undo that a tag was joined: whoever had the other one before keeps it, and these views ask for it again."""
    _bring_back(tag)
    some = f"SELECT id FROM leads_tagging WHERE tag_id = %s AND joined_from = %s LIMIT {SLICE}"
    while sql.one(f"DELETE FROM leads_tagging WHERE id IN ({some})", [into.pk, tag.pk]):
        pass
    views_ask(into.name, tag.name, views)
    AuditEntry.record(by, "tag_parted", tag.name, now=into.name)


def remove(tag: Tag, *, by: Any) -> None:
    """Take a tag off everybody; for a week it can be brought back, with whom it was on."""
    purge()
    with transaction.atomic():
        AuditEntry.record(by, "tag_removed", tag.name, count=tags.count(tag))
        _lay_aside(tag)


def restore(tag: Tag, *, by: Any) -> None:
    """Bring a deleted tag back; raises BadValue when another one has its name by now."""
    _bring_back(tag)
    AuditEntry.record(by, "tag_restored", tag.name)


def purge() -> None:
    """Throw away tags that have lain aside for a week, some thousand people at a time."""
    for tag in Tag.objects.filter(removed_at__lt=now() - KEPT)[:10]:
        some = f"SELECT id FROM leads_tagging WHERE tag_id = %s LIMIT {SLICE}"
        if all(sql.one(f"DELETE FROM leads_tagging WHERE id IN ({some})", [tag.pk]) for _slice in range(PURGED)):
            return  # the next time goes on
        tag.delete()


def views_ask(before: str, name: str, among: Collection[int] | None = None) -> list[int]:
    """Let saved views that ask for a tag ask for another one; return which did."""
    asking = SavedView.objects.filter(query__contains="tag=")
    changed = []
    for view in asking if among is None else asking.filter(pk__in=among):
        query = QueryDict(view.query)
        pairs = [(key, value) for key, values in query.lists() for value in values]
        becomes = [(key, name if _asks(key, value, before) else value) for key, value in pairs]
        asks = urlencode(list(dict.fromkeys(becomes)))
        if becomes != pairs and len(asks) <= 2000:  # one that is cut would show more people
            SavedView.objects.filter(pk=view.pk).update(query=asks)
            changed.append(view.pk)
    return changed


def _asks(key: str, value: str, name: str) -> bool:
    return key == "tag" and tags.key_of(value) == tags.key_of(name)


def _lay_aside(tag: Tag) -> None:
    Tag.objects.filter(pk=tag.pk).update(removed_at=now(), key=f"\x1f{tag.pk}")


def _bring_back(tag: Tag) -> None:
    if tags.tag_of(tag.name) is not None:
        raise BadValue(
            _("There is a tag called “%(name)s” by now. Call that one something else first.") % {"name": tag}
        )
    Tag.objects.filter(pk=tag.pk).update(removed_at=None, key=tags.key_of(tag.name))


def _slices(tag: Tag) -> Iterator[tuple[int, int]]:
    """Spans of those a tag was put on, each small enough for one short transaction."""
    after, people = -(2**63), Tagging.objects.filter(tag=tag).order_by("put_on")
    while last := list(people.filter(put_on__gt=after).values_list("put_on", flat=True)[:SLICE]):
        yield after, last[-1]
        after = last[-1]
