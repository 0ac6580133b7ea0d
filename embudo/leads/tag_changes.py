"""What becomes of a tag as a whole: another name, joined to another tag, deleted; each can be taken back for a week.

A tag that was joined or deleted keeps its people and lies aside under a key nobody can type. What is joined stands on
the other tag as well, marked with where it came from. Saved views that ask for a tag ask for what it is called now.
"""

from array import array
from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db import IntegrityError, transaction
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from embudo.accounts.models import AuditEntry
from embudo.core.event import DAY
from embudo.leads import lock, sql, tags
from embudo.leads.clock import now
from embudo.leads.models import SavedView, Tag
from embudo.leads.showing import BadValue
from embudo.work.models import ENDED, Job, State

JOINING = "tag_join"  # the kind of job that goes through very many people (tag_joining.py)
KEPT = 7 * DAY
CLAIMED = 0  # `removed_at` of a tag that is being thrown away and does not come back
SLICE = 1000  # people in one transaction
AT_ONCE = SLICE  # people of a tag that is joined, or parted, within a request
JOIN = (
    "INSERT INTO leads_tagging (tag_id, put_on, person_id, by_id, at, joined_from)"
    " SELECT %d, put_on, person_id, by_id, at, %d FROM leads_tagging"
)
Portion = tuple[int, int, int]  # behind which to go on, how many are done of those that were left, how many were left


def taken(tag: Tag, name: str) -> Tag | None:
    """Return the other tag that has this name already; raises BadValue when it is none."""
    if not tags.name_of(name):
        raise BadValue(_("Write a tag first."))
    there = tags.tag_of(name)
    return there if there != tag else None


def rename(tag: Tag, name: str, *, by: Any) -> None:
    """Call a tag by another name that no tag has. See tags.hold."""
    before, tag.name = tag.name, tags.name_of(name)
    if tag.name == before:
        return
    tag.key = tags.key_of(tag.name)
    with transaction.atomic():
        tags.hold(tag)
        tag.save(update_fields=["name", "key"])
        views_ask(before, tag.name)
        AuditEntry.record(by, "tag_renamed", before, now=tag.name)


def join(tag: Tag, into: Tag, *, by: Any) -> list[int]:
    """Put a tag on all who show the other one, which lies aside from then on; return the views that asked for it.

    Of those on more people than AT_ONCE, leads/tag_joining.py makes long work.
    """
    with transaction.atomic():
        views = begin_join(tag, into, by=by)
        for _portion in carry(tag, into):
            pass
    return views


def part(tag: Tag, into: Tag, views: Collection[int], *, by: Any) -> None:
    """Undo that a tag was joined: whoever had the other one before keeps it, and these views ask for it again."""
    with transaction.atomic():
        begin_part(tag, into, views, by=by)
        for _portion in take_apart(tag, into):
            pass


def begin_join(tag: Tag, into: Tag, *, by: Any) -> list[int]:
    """Lay a tag aside that `carry` is to put the other one on; return the views that asked for it.

    Raises BadValue while the people of the one are not all done with what was begun before, or one is gone meanwhile.
    """
    with transaction.atomic():
        tags.hold(tag, into)
        for wants in _unfinished():
            mine = tag.pk in (wants["tag"], wants["into"])
            if mine or ("undo" in wants and wants["into"] == into.pk):
                words = _("“%(name)s” is being joined or parted just now. Wait until that is done, or cancel it.")
                raise BadValue(words % {"name": tag if mine else into})
        AuditEntry.record(by, "tag_joined", tag.name, now=into.name, count=tags.count(tag))
        _lay_aside(tag)
        return views_ask(tag.name, into.name)


def begin_part(tag: Tag, into: Tag, views: Collection[int], *, by: Any) -> None:
    """Bring back a tag that was joined, to `take_apart`; see `restore` for when it raises BadValue."""
    with transaction.atomic():
        _bring_back(tag)
        views_ask(into.name, tag.name, views)
        AuditEntry.record(by, "tag_parted", tag.name, now=into.name)


def carry(tag: Tag, into: Tag, *, after: int = 0) -> Iterator[Portion]:
    """Put a tag on all who have one that lies aside, some at a time; raises BadValue when it does so no more."""
    for portion, done, total in _portions("tag_id = %s AND id > %s", [tag.pk, after]):
        with transaction.atomic():
            both = tags.held(tag, into)
            if len(both) < 2 or both[tag.pk].removed_at in (None, CLAIMED) or both[into.pk].removed_at is not None:
                raise BadValue(_("The tags were changed meanwhile, so they are not joined."))
            lock.putting()
            sql.one_where(JOIN % (int(into.pk), int(tag.pk)), "id", portion, "ON CONFLICT (put_on, tag_id) DO NOTHING")
        yield portion[-1], done, total


def take_apart(tag: Tag, into: Tag, *, after: int = 0) -> Iterator[Portion]:
    """Take a tag off again who have it only because the other one was joined to it, some at a time."""
    joined = "tag_id = %s AND joined_from = %s AND id > %s"
    for portion, done, total in _portions(joined, [into.pk, tag.pk, after]):
        with transaction.atomic():
            lock.putting()
            sql.delete_where("leads_tagging", "id", portion)
        yield portion[-1], done, total


def _portions(which: str, values: Sequence[int]) -> Iterator[tuple[Sequence[int], int, int]]:
    """The numbers of these taggings, each small enough for one short transaction; how many up to them, and in all."""
    rows = sql.rows(f"SELECT id FROM leads_tagging WHERE {which} ORDER BY id", values)
    found = array("q", (each for (each,) in rows))
    for start in range(0, len(found), SLICE):
        portion = found[start : start + SLICE]
        yield portion, start + len(portion), len(found)


def remove(tag: Tag, *, by: Any) -> None:
    """Take a tag off everybody; for a week it can be brought back, with whom it was on. See tags.hold."""
    with transaction.atomic():
        tags.hold(tag)
        AuditEntry.record(by, "tag_removed", tag.name, count=tags.count(tag))
        _lay_aside(tag)


def restore(tag: Tag, *, by: Any) -> None:
    """Bring a deleted tag back; raises BadValue when another one has its name by now, or it is thrown away."""
    with transaction.atomic():
        _bring_back(tag)
        AuditEntry.record(by, "tag_restored", tag.name)


def purge() -> None:
    """Throw away tags that have lain aside for a week, some thousand people at a time; `work` does it now and then.

    Those of work that is not done stay, and for a week those of work that failed: it can be tried again, or undone.
    A tag is claimed first, so that nobody brings back one whose people are half gone.
    """
    over = {"state": State.FAILED, "ended_at__lt": timezone.now() - timedelta(microseconds=KEPT)}
    going_on = Job.objects.filter(kind=JOINING).exclude(state__in=[State.DONE, State.CANCELLED]).exclude(**over)
    wanted = {each for wants in going_on.values_list("wants", flat=True) for each in (wants["tag"], wants["into"])}
    aside = Tag.objects.filter(removed_at__lt=now() - KEPT).exclude(pk__in=wanted)
    for number in list(aside.values_list("pk", flat=True)):
        if aside.filter(pk=number).update(removed_at=CLAIMED):
            some = f"SELECT id FROM leads_tagging WHERE tag_id = %s LIMIT {SLICE}"
            while sql.one(f"DELETE FROM leads_tagging WHERE id IN ({some})", [number]):
                pass
            Tag.objects.filter(pk=number).delete()


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


def _unfinished() -> list[Any]:
    """What the joins and partings want that are not done with all people."""
    return list(Job.objects.filter(kind=JOINING).exclude(state__in=ENDED).values_list("wants", flat=True))


def _lay_aside(tag: Tag) -> None:
    Tag.objects.filter(pk=tag.pk).update(removed_at=now(), key=f"\x1f{tag.pk}")


def _bring_back(tag: Tag) -> None:
    aside = Tag.objects.filter(pk=tag.pk, removed_at__gt=CLAIMED)
    try:
        with transaction.atomic():
            back = aside.update(removed_at=None, key=tags.key_of(tag.name))
    except IntegrityError:
        words = _("There is a tag called “%(name)s” by now. Call that one something else first.")
        raise BadValue(words % {"name": tag}) from None
    if not back:
        raise BadValue(_("This tag is not there any more."))
