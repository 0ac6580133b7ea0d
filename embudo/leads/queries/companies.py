"""The companies that the list shows: by words, owner and furthest stage, in any of its orders; who works at one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from embudo.core.funnel import RANK
from embudo.leads.models import Company
from embudo.leads.profile import folded, words
from embudo.leads.queries.belonging import WorksAt
from embudo.leads.queries.people import Sort, sorted_by
from embudo.leads.queries.pieces import Condition, marks
from embudo.leads.queries.search import MOST_WORDS

ORDERS = {
    "engagement": (_("engagement"), ("-engagement_order", "-id")),
    "people": (_("number of people"), ("-people_count", "-id")),
    "seen": (_("last seen"), ("-last_seen_at", "-id")),
    "name": (_("name"), ("search", "id")),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks of the list of companies."""

    typed: str = ""
    owner: str = ""  # the id of a user, "none", or nothing
    stage: str = ""
    sort: str = "engagement"

    @classmethod
    def read(cls, query: QueryDict) -> "Asked":
        """Read it; what makes no sense is left out."""
        owner, stage, sort = query.get("owner", ""), query.get("stage", ""), query.get("sort", "")
        return cls(
            query.get("q", "").replace("\0", " ").strip()[:200],
            owner if owner == "none" or re.fullmatch("[0-9]{1,18}", owner, re.ASCII) else "",
            stage if stage in RANK else "",
            sort if sort in ORDERS else "engagement",
        )

    @property
    def query(self) -> list[tuple[str, str]]:
        """How an address writes it."""
        pairs = (("q", self.typed), ("owner", self.owner), ("stage", self.stage), ("sort", self.sort))
        return [(name, value) for name, value in pairs if value and value != "engagement"]

    @property
    def filtered(self) -> bool:
        """Whether anything is left out."""
        return bool(self.typed or self.owner or self.stage)

    @property
    def order(self) -> tuple[str, ...]:
        """The order of the rows."""
        return ORDERS[self.sort][1]

    def companies(self) -> QuerySet[Company, Any]:
        """Return them, unordered."""
        found = named(self.typed) if self.typed else Company.objects.all()
        found = found.extra(where=["people_count > 0"])  # as the indexes say it, to the letter
        if self.owner:
            found = found.filter(owner_id=None if self.owner == "none" else int(self.owner))
        return found.filter(rank=RANK[self.stage]) if self.stage else found


def named(typed: str) -> QuerySet[Company, Any]:
    """Return the companies of which names or domains hold words that begin so; none where no word was typed."""
    found, terms = Company.objects.all(), words(folded(typed))[:MOST_WORDS]
    for term in terms:
        found = found.filter(search__contains=f" {term}")
    return found if terms else found.none()


def staff(company: Company, sort: Sort, *, most: int, stages: Sequence[str] = ()) -> list[int]:
    """Return the ids of who works at a company, the first ones in an order; of these stages, when some are given.

    Whatever their number, they are sorted in the index of the company, where all but the name stands.
    """
    among = WorksAt(company).among
    staged = f" AND p.stage IN ({marks(stages)})" if stages else ""
    asked = Condition(among.sql + staged, (*among.values, *stages))
    return [person for person, _key in sorted_by(sort, asked, most)]
