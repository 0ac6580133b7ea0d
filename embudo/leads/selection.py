"""Whom somebody selected in the list: the rows they ticked, or all whom the filters leave."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from embudo.leads.queries import asked, people
from embudo.leads.queries.filters import Filter
from embudo.leads.showing import BadValue

MOST_TICKED = 500
LONGEST = 8000  # letters of an address
PORTION = 1000
BUDGET_S = 1.0  # for finding one portion


@dataclass(frozen=True, slots=True)
class Selection:
    """Some people by their ids, or everybody whom the filters of an address leave."""

    ticked: tuple[int, ...] = ()
    query: str = ""
    everybody: bool = False

    @classmethod
    def of(cls, given: QueryDict) -> "Selection":
        """Return what a form selected."""
        if given.get("all") == "1":
            return cls(query=given.get("query", ""), everybody=True)
        ids = (int(each) for each in given.getlist("who") if each.isascii() and each.lstrip("-").isdecimal())
        known = dict.fromkeys(each for each in ids if -(2**63) <= each < 2**63)
        return cls(tuple(known)[:MOST_TICKED])

    @classmethod
    def kept(cls, wants: Mapping[str, Any]) -> "Selection":
        """Return the selection that `as_kept` wrote."""
        return cls(tuple(wants["who"]), wants["query"], wants["all"])

    def as_kept(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"who": list(self.ticked), "query": self.query, "all": self.everybody}

    def __bool__(self) -> bool:
        return self.everybody or bool(self.ticked)

    def count(self) -> people.Count:
        """Return how many people that are, as exactly as the list counts."""
        return people.count(self.filters()) if self.everybody else people.Count(len(self.ticked))

    def portions(self, size: int = PORTION, sort: str = "new") -> Iterator[list[int]]:
        """Yield the ids, so many at a time, in an order that no act changes; an empty one says that it goes on."""
        if not self.everybody:
            yield list(self.ticked)
            return
        filters = self.filters()
        order, after = people.sort_of(sort, filters), None
        while True:
            page = people.page(filters, order, after=after, size=size, budget_s=BUDGET_S)
            yield page.ids
            if page.after is None:
                return
            after = page.after

    def filters(self) -> list[Filter]:
        """Return the filters; raises BadValue where one cannot be read: without it there would be more people."""
        found = asked.read(self.given)
        left_out = asked.unread(self.given, found)
        if len(self.query) > LONGEST or left_out:
            words = _("A filter of the list is not there any more: %(filters)s. Nothing was done. Load the list again.")
            raise BadValue(words % {"filters": ", ".join(left_out[:5]) or "…"})
        return found

    def words(self) -> str:
        """Return who they are, in the reader's language; raises BadValue where a filter cannot be read."""
        return " · ".join(each.words for each in self.filters()) or _("everybody")

    def check(self) -> None:
        """Raise BadValue, in words for people, where it is not clear who they are."""
        if self.everybody:
            self.filters()

    @property
    def given(self) -> QueryDict:
        """The filters as an address gives them."""
        return QueryDict(self.query)

    def first(self, most: int, sort: str = "new") -> list[int] | None:
        """Return all ids when there are at most so many, else None."""
        found: list[int] = []
        for portion in self.portions(most + 1, sort):
            found += portion
            if len(found) > most:
                return None
        return found
