"""The filters by what belongs to people: how they came, their tags and consents, where they work; see filters.py."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from embudo.leads.models import Company, Tag
from embudo.leads.naming import source_called
from embudo.leads.purposes import Purpose
from embudo.leads.queries import choices
from embudo.leads.queries.pieces import ByColumn, ByIds, Condition, by_index, exists, listed, marks, unindexed
from embudo.leads.touch import OUTBOUND, is_outbound

TOUCHES = {
    "medium": "medium", "campaign": "campaign", "last.source": "last_source", "last.medium": "last_medium",
    "last.campaign": "last_campaign", "direction": "medium",
}  # fmt: skip
INDEXES = {"medium": "person_by_medium", "campaign": "person_by_campaign", "last_source": "person_by_last_source"}
MEDIA = 300  # different ones; among more, people are not looked up by whether we went to them


@dataclass(frozen=True, slots=True)
class Touched(ByColumn):
    """What the first or the last touch says: medium, campaign, that it was ours; of the last one the source, too."""

    key: str  # a key of TOUCHES
    text: str

    @property
    def where(self) -> Condition:
        column = TOUCHES[self.key]
        if self.key == "direction":
            said = f"REPLACE(REPLACE(LOWER(TRIM(p.{column})), '_', '-'), ' ', '-')"  # as touch.is_outbound reads it
            holds = f"{said} IN ({marks(OUTBOUND)})"
            return Condition(holds if self.text == "outbound" else f"NOT ({holds})", OUTBOUND)
        return Condition(f"p.{column} = %s", (self.text,))

    @property
    def indexed(self) -> bool:
        """Whether an index finds its people."""
        return TOUCHES[self.key] in INDEXES and (self.key != "direction" or len(choices.media(MEDIA)) < MEDIA)

    @property
    def among(self) -> Condition:
        column, wanted = TOUCHES[self.key], (self.text,) if self.key != "direction" else self._media()
        if not wanted:
            return Condition("leads_person p WHERE 1 = 0")
        given = " AND p.campaign > ''" if column == "campaign" else ""  # as the index says it, to the letter
        return listed(Condition(f"p.{column} IN ({marks(wanted)}){given}", wanted), INDEXES[column])

    def _media(self) -> tuple[str, ...]:
        """The media that are of this direction, "" among them, of which nobody can tell that we went to them."""
        return tuple(each for each in ("", *choices.media(MEDIA)) if is_outbound(each) == (self.text == "outbound"))

    @property
    def words(self) -> str:
        if self.key == "direction":
            return _("we went to them") if self.text == "outbound" else _("they came to us")
        said = {
            "medium": _("first touch by the medium %(what)s"),
            "campaign": _("first touch by the campaign %(what)s"),
            "last.source": _("last touch by %(what)s"),
            "last.medium": _("last touch by the medium %(what)s"),
            "last.campaign": _("last touch by the campaign %(what)s"),
        }[self.key]
        return said % {"what": source_called(self.text) if self.key == "last.source" else self.text}

    @property
    def query(self) -> list[tuple[str, str]]:
        return [(self.key, self.text)]


@dataclass(frozen=True, slots=True)
class Tagged(ByIds):
    """Has a tag."""

    tag: Tag
    key: str = "tag"

    @property
    def where(self) -> Condition:
        source = f"leads_tagging t{by_index('tagging_by_person')}"
        worn = exists(f"SELECT 1 FROM {source} WHERE t.person_id = p.id AND t.tag_id = %s")
        return Condition(worn, (self.tag.pk,))

    @property
    def driver(self) -> Condition:
        source = f"leads_tagging{by_index('tagging_by_tag')}"
        return Condition(f"SELECT DISTINCT person_id AS id FROM {source} WHERE tag_id = %s", (self.tag.pk,))

    @property
    def words(self) -> str:
        return _("has the tag %(name)s") % {"name": self.tag.name}

    @property
    def query(self) -> list[tuple[str, str]]:
        return [(self.key, self.tag.name)]


CONSENTS = ("given", "withdrawn", "unsaid")


@dataclass(frozen=True, slots=True)
class Consented(ByIds):
    """Agrees to a purpose, has withdrawn or refused it, or has never said either."""

    purpose: Purpose
    answer: str  # one of CONSENTS

    @property
    def key(self) -> str:
        """How an address names the purpose."""
        return f"consent.{self.purpose.code}"

    @property
    def where(self) -> Condition:
        source = f"leads_personconsent c{by_index('consent_by_purpose')}"
        said = Condition("c.given IN (%s, %s)", (True, False)) if self.answer == "unsaid" else self._given("c.given")
        there = exists(f"SELECT 1 FROM {source} WHERE c.purpose = %s AND {said.sql} AND c.person_id = p.id")
        values = (self.purpose.code, *said.values)
        return Condition(f"NOT {there}" if self.answer == "unsaid" else there, values)

    @property
    def indexed(self) -> bool:
        """Whether an index finds its people; none finds what was never said."""
        return self.answer != "unsaid"

    @property
    def driver(self) -> Condition:
        source, said = f"leads_personconsent{by_index('consent_by_purpose')}", self._given("given")
        sql = f"SELECT person_id AS id FROM {source} WHERE purpose = %s AND {said.sql}"
        return Condition(sql, (self.purpose.code, *said.values))

    def _given(self, column: str) -> Condition:
        return Condition(f"{column} = %s", (self.answer == "given",))

    @property
    def words(self) -> str:
        said = {
            "given": _("agrees to “%(purpose)s”"),
            "withdrawn": _("withdrew or refused “%(purpose)s”"),
            "unsaid": _("never said yes or no to “%(purpose)s”"),
        }[self.answer]
        return said % {"purpose": self.purpose.name}

    @property
    def query(self) -> list[tuple[str, str]]:
        return [(self.key, self.answer)]


@dataclass(frozen=True, slots=True)
class WorksAt(ByColumn):
    """Works at a company; `asked` for by the id of one that was joined with it."""

    company: Company
    asked: int | None = None
    key: str = "company"

    @property
    def where(self) -> Condition:
        return Condition(f"{unindexed('p.company_id')} = %s", (self.company.pk,))

    @property
    def among(self) -> Condition:
        """From the index that holds what lists are sorted by, all but the name."""
        return listed(Condition("p.company_id = %s", (self.company.pk,)), "person_by_company")

    @property
    def words(self) -> str:
        return _("works at %(name)s") % {"name": self.company}

    @property
    def query(self) -> list[tuple[str, str]]:
        return [(self.key, str(self.company.pk if self.asked is None else self.asked))]
