"""The filters of the people list: how each is written, how it reads in a sentence, what it asks in SQL.

Each filter is one noun. `where` gives a condition over the columns of leads_person under the alias `p`;
where an index finds its people directly, `driver` queries their ids and `among` is where a small result starts from.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from embudo.core.event import DAY
from embudo.leads.models import Attribute
from embudo.leads.naming import label_of, option_label, source_called
from embudo.leads.queries.belonging import Consented, Tagged, Touched, WorksAt
from embudo.leads.queries.pieces import ByColumn, ByIds, Condition, between, by_index, exists, listed, marks, unindexed
from embudo.leads.queries.search import Search
from embudo.ui import figures
from embudo.ui.stages import stage_of


def _has(condition: Condition) -> str:
    """That a person has a value of an attribute; looked up by the person, whatever the value."""
    attribute = unindexed("v.attribute")
    values = f"SELECT 1 FROM leads_personattribute v WHERE v.person_id = p.id AND {attribute} = %s"
    return exists(f"{values} AND {condition.sql}")


@dataclass(frozen=True, slots=True)
class OneOf(ByColumn):
    """The column is one of these values: stage, grade or source."""

    key: str
    options: tuple[str, ...]

    @property
    def where(self) -> Condition:
        return Condition(f"p.{self.key} IN ({marks(self.options)})", self.options)

    @property
    def among(self) -> Condition:
        return listed(self.where, f"person_by_{self.key}")

    @property
    def words(self) -> str:
        said = _or(self._called(option) for option in self.options)
        match self.key:
            case "stage":
                return _("stage is %(what)s") % {"what": said}
            case "grade":
                return _("fit is %(what)s") % {"what": said}
        return _("came by %(what)s") % {"what": said}

    def _called(self, option: str) -> str:
        if self.key == "stage":
            return str(stage_of(option).label)
        return (option or _("unknown")) if self.key == "grade" else source_called(option)

    @property
    def query(self) -> list[tuple[str, str]]:
        return [(self.key, option or "-") for option in self.options]


@dataclass(frozen=True, slots=True)
class Score(ByColumn):
    """Engagement lies between two values, as of the list's instant."""

    least: float | None
    most: float | None
    key: str = "score"

    @property
    def where(self) -> Condition:
        return between("p.engagement_order", self.least, self.most)

    @property
    def among(self) -> Condition:
        return listed(self.where, "person_by_engagement")

    @property
    def words(self) -> str:
        return _range_words(_("engagement"), self.least, self.most)

    @property
    def query(self) -> list[tuple[str, str]]:
        return _range_query(self.key, self.least, self.most)


@dataclass(frozen=True, slots=True)
class Seen(ByColumn):
    """Last seen within, or not within, so many days."""

    days: int
    within: bool
    now: int = field(compare=False)

    @property
    def key(self) -> str:
        return "seen" if self.within else "unseen"

    @property
    def since_at(self) -> int:
        """The instant so many days ago."""
        return self.now - self.days * DAY

    @property
    def where(self) -> Condition:
        return Condition(f"p.last_seen_at {'>=' if self.within else '<'} %s", (self.since_at,))

    @property
    def among(self) -> Condition:
        return listed(self.where, "person_by_last_seen")

    @property
    def words(self) -> str:
        if self.within:
            said = ngettext("seen in the last day", "seen in the last %(n)s days", self.days)
        else:
            said = ngettext("not seen for a day", "not seen for %(n)s days", self.days)
        return said % {"n": figures.number(self.days)}

    @property
    def query(self) -> list[tuple[str, str]]:
        return [(self.key, str(self.days))]


@dataclass(frozen=True, slots=True)
class Handoff(ByColumn):
    """Waits for an answer of sales."""

    key: str = "handoff"

    @property
    def where(self) -> Condition:
        return Condition("p.handoff_ready")

    @property
    def among(self) -> Condition:
        return listed(self.where, "person_waiting")

    @property
    def words(self) -> str:
        return _("waits for an answer from sales")

    @property
    def query(self) -> list[tuple[str, str]]:
        return [(self.key, "1")]


@dataclass(frozen=True, slots=True)
class AttributeIs(ByIds):
    """An attribute has this value, whatever else it has."""

    attribute: Attribute
    text: str

    @property
    def key(self) -> str:
        return f"a.{self.attribute.name}"

    @property
    def where(self) -> Condition:
        source = f"leads_personattribute v{by_index('value_by_text')}"
        sql = exists(f"SELECT 1 FROM {source} WHERE v.attribute = %s AND v.text = %s AND v.person_id = p.id")
        return Condition(sql, (self.attribute.name, self.text))

    @property
    def driver(self) -> Condition:
        source = f"leads_personattribute{by_index('value_by_text')}"
        sql = f"SELECT DISTINCT person_id AS id FROM {source} WHERE attribute = %s AND text = %s"
        return Condition(sql, (self.attribute.name, self.text))

    @property
    def words(self) -> str:
        if self.attribute.kind == "boolean":
            said = _("%(name)s: yes") if self.text == "true" else _("%(name)s: no")
            return said % {"name": label_of(self.attribute)}
        return _("%(name)s is %(what)s") % {
            "name": label_of(self.attribute),
            "what": option_label(self.attribute.name, self.text),
        }

    @property
    def query(self) -> list[tuple[str, str]]:
        return [(self.key, self.text)]


@dataclass(frozen=True, slots=True)
class AttributeBetween(ByIds):
    """A number, an amount or a date lies between two values, both included."""

    attribute: Attribute
    least: float | None
    most: float | None
    written: tuple[str, str] = ("", "")  # as people typed them

    @property
    def key(self) -> str:
        return f"a.{self.attribute.name}"

    @property
    def _column(self) -> str:
        return "text" if self.attribute.kind == "date" else "number"

    def _values(self) -> tuple[Any, Any]:
        if self.attribute.kind == "date":  # ISO dates sort as text; the last day is included whole
            return self.written[0] or None, f"{self.written[1]}\x7f" if self.written[1] else None
        return self.least, self.most

    @property
    def where(self) -> Condition:
        inside = between(unindexed(f"v.{self._column}"), *self._values())
        return Condition(_has(inside), (self.attribute.name, *inside.values))

    @property
    def driver(self) -> Condition:
        inside = between(self._column, *self._values())
        source = f"leads_personattribute{by_index(f'value_by_{self._column}')}"
        sql = f"SELECT DISTINCT person_id AS id FROM {source} WHERE attribute = %s AND {inside.sql}"
        return Condition(sql, (self.attribute.name, *inside.values))

    @property
    def words(self) -> str:
        if self.attribute.kind == "date":
            return _range_words(label_of(self.attribute), *(part or None for part in self.written))
        return _range_words(label_of(self.attribute), self.least, self.most)

    @property
    def query(self) -> list[tuple[str, str]]:
        least, most = self.written
        return [*([(f"{self.key}.min", least)] if least else []), *([(f"{self.key}.max", most)] if most else [])]


@dataclass(frozen=True, slots=True)
class Reached:
    """First reached a stage, or one behind it, in a span of time; and has or has not gone further by its end.

    Who that is has a list of its own, `queries/reached.py`.
    """

    stage: str
    start: int
    end: int
    further: bool | None = None
    key: str = "reached"

    @property
    def words(self) -> str:
        stage = str(stage_of(self.stage).label)
        said = _("first became %(stage)s") % {"stage": stage}
        if self.start:
            last = figures.day(figures.moment_of(self.end - 1), timezone.now())
            first = figures.day(figures.moment_of(self.start), timezone.now())
            said = _("first became %(stage)s from %(first)s to %(last)s") % {
                "stage": stage,
                "first": first,
                "last": last,
            }
        if self.further is None:
            return said
        return (
            _("%(what)s and went further") % {"what": said}
            if self.further
            else _("%(what)s and went no further") % {"what": said}
        )

    @property
    def query(self) -> list[tuple[str, str]]:
        further = [("further", "yes" if self.further else "no")] if self.further is not None else []
        return [("reached", self.stage), ("from", str(self.start)), ("to", str(self.end)), *further]


Filter = (
    OneOf | Touched | Score | Seen | Handoff | Tagged | Consented | WorksAt | AttributeIs | AttributeBetween | Reached
    | Search
)  # fmt: skip


def _or(parts: Iterator[str]) -> str:
    named = list(parts)
    if len(named) < 2:
        return "".join(named)
    return _("%(first)s or %(last)s") % {"first": ", ".join(named[:-1]), "last": named[-1]}


def _range_words(name: str, least: Any, most: Any) -> str:
    shown = [
        each if isinstance(each, str) or each is None else figures.number(each, 0 if each == int(each) else 2)
        for each in (least, most)
    ]
    if least is None:
        return _("%(name)s at most %(most)s") % {"name": name, "most": shown[1]}
    if most is None:
        return _("%(name)s at least %(least)s") % {"name": name, "least": shown[0]}
    return _("%(name)s from %(least)s to %(most)s") % {"name": name, "least": shown[0], "most": shown[1]}


def _range_query(key: str, least: float | None, most: float | None) -> list[tuple[str, str]]:
    parts = [(f"{key}.min", least), (f"{key}.max", most)]
    return [(name, f"{value:g}") for name, value in parts if value is not None]
