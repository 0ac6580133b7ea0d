"""What may be done with several people at once: who of them changes by it, how it is done, and how it is undone.

Each act does to every one of them what the person's own page does: the same facts, the same records.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from embudo.accounts.models import AuditEntry
from embudo.core.funnel import DISCARDED, STAGES
from embudo.eventlog import Receipt
from embudo.leads import owners, sql, tags
from embudo.leads.act_facts import Step, fact_of, still_said, take_back
from embudo.leads.models import Person, Tag
from embudo.leads.record import record_of_each
from embudo.leads.showing import BadValue
from embudo.ui import figures
from embudo.ui.stages import stage_of

REASON_LENGTH = 300


class Act(ABC):
    """One thing that may be done with several people."""

    __slots__ = ()
    kind: ClassVar[str]
    label: ClassVar[Any]
    permission: ClassVar[str] = "people.edit"
    asks: ClassVar[str] = ""  # the page that shows what it will do and asks once; empty: it is done at once

    @classmethod
    @abstractmethod
    def read(cls, value: Mapping[str, Any]) -> "Act":
        """Return the act of a form, or of a `value` that was kept; raises BadValue, in words for people."""

    @classmethod
    def done_with(cls, value: Mapping[str, Any]) -> "Act":
        """Return the act that was done with a `value` that was kept, to undo it; raises BadValue."""
        return cls.read(value)

    @classmethod
    def asking(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return what its page shows besides the people, with what the form has sent so far."""
        return {}

    @property
    @abstractmethod
    def value(self) -> dict[str, Any]:
        """What `read` reads back, for JSON."""

    @abstractmethod
    def plan(self, people: Collection[int]) -> list[Step]:
        """Return who of them changes by it, and what is before."""

    def left_out(self, people: Collection[int]) -> int:
        """Return how many of them it must not be done to."""
        return 0

    @abstractmethod
    def do(self, steps: Sequence[Step], *, by: Any, run: str) -> list[Receipt]:
        """Do it; return where its facts stand."""

    def still(self, steps: Sequence[Step], *, run: str) -> list[Step]:
        """Return those who are as the act left them: only they are taken back (queries)."""
        return list(steps)

    @abstractmethod
    def undo(self, steps: Sequence[Step], *, by: Any, run: str) -> list[Receipt]:
        """Take it back from these, who are `still` so; return where the facts of that stand."""

    @abstractmethod
    def done(self, count: int) -> str:
        """Say that it is done to so many."""

    def spared(self, count: int) -> str:
        """Say that so many were left out, and why; an act that leaves nobody out is never asked."""
        return ""


@dataclass(frozen=True, slots=True)
class Owner(Act):
    """Give them to somebody who works here, or to nobody."""

    user: Any
    kind: ClassVar[str] = "owner"
    label: ClassVar[Any] = gettext_lazy("Owner")

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> "Owner":
        return cls(owners.chosen(value.get("owner")))

    @classmethod
    def done_with(cls, value: Mapping[str, Any]) -> "Owner":
        return cls(get_user_model().objects.filter(pk=value["owner"] or None).first())  # who left meanwhile, too

    @property
    def value(self) -> dict[str, Any]:
        return {"owner": str(self.user.pk) if self.user else ""}

    def plan(self, people: Collection[int]) -> list[Step]:
        mine = self.user.pk if self.user else None
        return [(person, owner) for person, owner in _now("owner_id", people) if owner != mine]

    def do(self, steps: Sequence[Step], *, by: Any, run: str) -> list[Receipt]:
        for person in _people(steps):
            owners.give(person, self.user, by=by)
        return []

    def still(self, steps: Sequence[Step], *, run: str) -> list[Step]:
        found = dict(sql.rows_where("id, owner_id", "leads_person", "id", [person for person, _before in steps]))
        mine = self.user.pk if self.user else None
        return [step for step in steps if step[0] in found and found[step[0]] == mine]

    def undo(self, steps: Sequence[Step], *, by: Any, run: str) -> list[Receipt]:
        before = dict(steps)
        users = get_user_model().objects.in_bulk({each for each in before.values() if each is not None})
        for person in _people(steps):
            owners.give(person, users.get(before[person.id]), by=by)
        return []

    def done(self, count: int) -> str:
        if self.user is None:
            return _counted(
                ngettext("%(n)s person belongs to nobody now.", "%(n)s people belong to nobody now.", count), count
            )
        words = ngettext("%(n)s person belongs to %(owner)s now.", "%(n)s people belong to %(owner)s now.", count)
        return _counted(words, count, owner=self.user)


@dataclass(frozen=True, slots=True)
class TagOn(Act):
    """Put a tag on them."""

    tag: Tag
    kind: ClassVar[str] = "tag"
    label: ClassVar[Any] = gettext_lazy("Tag")
    puts: ClassVar[bool] = True

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> "TagOn":
        if isinstance(value.get("id"), int):  # as `value` wrote it; a form sends text
            found, missing = tags.kept(value["id"]), _("This tag is not there any more.")
        else:
            found, missing = cls._named(str(value.get("tag", ""))), cls._missing()
        if found is None:
            raise BadValue(missing)
        return cls(found)

    @classmethod
    def _named(cls, name: str) -> Tag | None:
        return tags.tag_of(name, make=cls.puts)

    @classmethod
    def _missing(cls) -> str:
        return _("Write a tag first.") if cls.puts else _("Nobody has this tag. Choose one that is there.")

    @property
    def value(self) -> dict[str, Any]:
        return {"tag": self.tag.name, "id": self.tag.pk}

    def plan(self, people: Collection[int]) -> list[Step]:
        there = tags.bearers(people, self.tag)
        return [(person, None) for person in listed(people) if (person in there) is not self.puts]

    def do(self, steps: Sequence[Step], *, by: Any, run: str) -> list[Receipt]:
        return self._set(steps, by, put=self.puts)

    def still(self, steps: Sequence[Step], *, run: str) -> list[Step]:
        there = set(listed([person for person, _before in steps]))
        worn = tags.bearers(there, self.tag)
        return [step for step in steps if step[0] in there and (step[0] in worn) is self.puts]

    def undo(self, steps: Sequence[Step], *, by: Any, run: str) -> list[Receipt]:
        return self._set(steps, by, put=not self.puts)

    def _set(self, steps: Sequence[Step], by: Any, *, put: bool) -> list[Receipt]:
        """Put it on these people or take it off, and write that down of each. See tags.hold."""
        people = [person for person, _before in steps]
        with transaction.atomic():
            tags.hold(self.tag)
            if put:
                tags.put(people, self.tag, by=by)
            else:
                tags.take(people, self.tag)
            said = [(str(each), {"person": str(each.id), "tag": self.tag.name}) for each in _people(steps)]
            AuditEntry.record_each(by, "tag_put" if put else "tag_taken", said)
        return []

    def done(self, count: int) -> str:
        words = ngettext("%(n)s person has the tag “%(tag)s” now.", "%(n)s people have the tag “%(tag)s” now.", count)
        return _counted(words, count, tag=self.tag)


@dataclass(frozen=True, slots=True)
class TagOff(TagOn):
    """Take a tag off them."""

    kind: ClassVar[str] = "untag"
    label: ClassVar[Any] = gettext_lazy("Take a tag off")
    puts: ClassVar[bool] = False

    def done(self, count: int) -> str:
        words = ngettext(
            "%(n)s person has the tag “%(tag)s” no more.", "%(n)s people have the tag “%(tag)s” no more.", count
        )
        return _counted(words, count, tag=self.tag)


@dataclass(frozen=True, slots=True)
class Stage(Act):
    """Set their stage by hand, with a reason."""

    stage: str
    reason: str = ""
    kind: ClassVar[str] = "stage"
    label: ClassVar[Any] = gettext_lazy("Stage")

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> "Stage":
        wanted = str(value.get("stage", ""))
        if wanted not in (*STAGES, DISCARDED):
            raise BadValue(_("Choose a stage."))
        return cls(wanted, str(value.get("reason", "")).strip()[:REASON_LENGTH])

    @property
    def value(self) -> dict[str, Any]:
        return {"stage": self.stage, "reason": self.reason}

    @property
    def props(self) -> dict[str, Any]:
        """What the fact says."""
        return {"stage": self.stage, **({"reason": self.reason} if self.reason else {})}

    def plan(self, people: Collection[int]) -> list[Step]:
        return [(person, stage) for person, stage in _now("stage", people) if stage != self.stage]

    def do(self, steps: Sequence[Step], *, by: Any, run: str) -> list[Receipt]:
        said = [(person, self.props, fact_of(run, person)) for person, _before in steps]
        return record_of_each("stage_set", said, by=by)

    def still(self, steps: Sequence[Step], *, run: str) -> list[Step]:
        there = dict(_now("stage", [person for person, _before in steps]))
        at_most = [step for step in steps if there.get(step[0]) in (self.stage, step[1])]  # the tables may be behind
        return still_said(at_most, run=run, same=lambda event: event.kind == "stage_set")

    def undo(self, steps: Sequence[Step], *, by: Any, run: str) -> list[Receipt]:
        return take_back(steps, by=by, run=run)

    def done(self, count: int) -> str:
        words = ngettext("%(n)s person: stage set to %(stage)s.", "%(n)s people: stage set to %(stage)s.", count)
        return _counted(words, count, stage=stage_of(self.stage).label)


@dataclass(frozen=True, slots=True)
class Merge(Act):
    """Join them: one keeps the page, the facts of the others come to it."""

    survivor: int
    kind: ClassVar[str] = "merge"
    label: ClassVar[Any] = gettext_lazy("Join")
    permission: ClassVar[str] = "people.merge"
    asks: ClassVar[str] = "leads/join_several.html"

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> "Merge":
        wanted = str(value.get("survivor", ""))
        if not (wanted.isascii() and wanted.isdecimal() and len(wanted) < 20):
            raise BadValue(_("Choose who keeps the page."))
        return cls(int(wanted))

    @property
    def value(self) -> dict[str, Any]:
        return {"survivor": str(self.survivor)}

    def plan(self, people: Collection[int]) -> list[Step]:
        there = listed(people)
        return [(each, self.survivor) for each in there if each != self.survivor and self.survivor in there]

    def do(self, steps: Sequence[Step], *, by: Any, run: str) -> list[Receipt]:
        said = [(self.survivor, self._pair(person), fact_of(run, person)) for person, _survivor in steps]
        return record_of_each("people_merged", said, by=by)

    def undo(self, steps: Sequence[Step], *, by: Any, run: str) -> list[Receipt]:
        apart = [
            (self.survivor, self._pair(person), f"{fact_of(run, person)}-apart")
            for person, _survivor in reversed(steps)
        ]
        return record_of_each("people_unmerged", apart, by=by)

    def done(self, count: int) -> str:
        return _counted(ngettext("%(n)s other came to this person.", "%(n)s others came to this person.", count), count)

    def _pair(self, person: int) -> dict[str, Any]:
        return {"survivor": self.survivor, "absorbed": person}


@dataclass(frozen=True, slots=True)
class Erase(Act):
    """Erase them, with all that was merged into them, for good."""

    why: str
    kind: ClassVar[str] = "erase"
    label: ClassVar[Any] = gettext_lazy("Erase")
    permission: ClassVar[str] = "people.erase"
    asks: ClassVar[str] = "leads/erase_several.html"

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> "Erase":
        why = str(value.get("why", "")).strip()[:REASON_LENGTH]
        if not why:
            raise BadValue(_("Say why; it is kept with the evidence."))
        return cls(why)

    @property
    def value(self) -> dict[str, Any]:
        return {"why": self.why}

    def plan(self, people: Collection[int]) -> list[Step]:
        return [(person, None) for person in listed(people)]

    def do(self, steps: Sequence[Step], *, by: Any, run: str) -> list[Receipt]:
        erase: Callable[..., Any] = import_string(settings.ERASE)
        for person, _before in steps:
            erase(person, by=by, why=self.why)
        return []

    def undo(self, steps: Sequence[Step], *, by: Any, run: str) -> list[Receipt]:
        raise BadValue(_("An erasure cannot be undone."))

    def done(self, count: int) -> str:
        return _counted(ngettext("%(n)s person is erased.", "%(n)s people are erased.", count), count)


OWN = (Owner, TagOn, TagOff, Stage, Merge, Erase)


@cache
def kinds() -> Mapping[str, type[Act]]:
    """Return every act by its kind, those of other apps included."""
    further: list[type[Act]] = [import_string(each) for each in settings.PEOPLE_ACTS]
    return {each.kind: each for each in (*OWN, *further)}


def act_of(kind: str, value: Mapping[str, Any]) -> Act:
    """Return the act; raises BadValue, in words for people, when it is none or its value is missing."""
    if kind not in kinds():
        raise BadValue(_("Choose what to do with them."))
    return kinds()[kind].read(value)


def label_of(kind: str) -> str:
    """Return what an act is called; the kind itself of one that is not there any more."""
    return str(kinds()[kind].label) if kind in kinds() else kind


def act_done(kind: str, value: Mapping[str, Any]) -> Act:
    """Return an act that was done, to undo it; raises BadValue when what it was done with is not there any more."""
    if kind not in kinds():
        raise BadValue(_("Choose what to do with them."))
    return kinds()[kind].done_with(value)


def _now(column: str, people: Collection[int]) -> list[Step]:
    """What stands in a column of these people, in their order; who was merged or erased meanwhile is not in it."""
    found = dict(sql.rows_where(f"id, {column}", "leads_person", "id", people, "AND merged_into_id IS NULL"))
    return [(person, found[person]) for person in people if person in found]


def listed(people: Collection[int]) -> list[int]:
    """Return those of these people who are there still, in their order: neither merged nor erased meanwhile."""
    return [person for person, _id in _now("id", people)]


def _people(steps: Sequence[Step]) -> list[Person]:
    found = Person.objects.select_related("owner").in_bulk([person for person, _before in steps])
    return [found[person] for person, _before in steps if person in found]


def _counted(words: str, count: int, **more: Any) -> str:
    return words % {"n": figures.number(count), **more}
