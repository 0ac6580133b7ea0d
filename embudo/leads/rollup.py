"""What the people of a company come to: how many, the highest of their scores, the furthest stage, last seen.

The list of companies is sorted and filtered by what is kept of it, at most 15 minutes old; a company that is new is
rolled up at once. It is derived from the rows of people alone, so that nothing else has to keep it.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction

from embudo.core.event import MINUTE
from embudo.core.funnel import RANK
from embudo.leads import sql
from embudo.leads.profile import folded, words
from embudo.leads.queries.pieces import by_index

FRESH = 10 * MINUTE  # from then on it is made anew
SLICE = 200  # companies at a time
SEARCH_LENGTH = 600
_RANKS = " ".join(f"WHEN '{stage}' THEN {rank}" for stage, rank in RANK.items())
_RANK = f"CASE stage {_RANKS} ELSE -1 END"
_ROLLED = f"company_id, count(*), max(engagement_order), max(fit), max(last_seen_at), max({_RANK})"
_LISTED = "AND known AND merged_into_id IS NULL GROUP BY company_id"
_WRITE = (
    "UPDATE leads_company SET rolled_at = %s, people_count = %s, engagement_order = %s, last_seen_at = %s, rank = %s,"
    " search = %s WHERE id = %s"
)


@dataclass(frozen=True, slots=True)
class Rolled:
    """What the people of one company come to."""

    people: int = 0
    engagement: float = 0.0
    fit: float | None = None
    last_seen_at: int = 0
    rank: int = -1


NOBODY = Rolled()


def of(companies: Collection[int]) -> dict[int, Rolled]:
    """Return what the people of these companies come to now; one where nobody works is not in it."""
    people = f"leads_person{by_index('person_by_company')}"
    found = sql.rows_where(_ROLLED, people, "company_id", companies, _LISTED)
    return {company: Rolled(*rest) for company, *rest in found}


def refresh(at: int) -> bool:
    """Roll up some of the companies that were rolled up too long ago; return whether more wait."""
    query = "SELECT id, name, domain FROM leads_company WHERE rolled_at < %s ORDER BY rolled_at LIMIT %s"
    due = sql.rows(query, [at - FRESH, SLICE])
    rolled = of([company for company, _name, _domain in due])
    absorbed: dict[int, list[str]] = {}
    wanted = "merged_into_id, name, domain", "leads_company", "merged_into_id"
    for company, *called in sql.rows_where(*wanted, {each[0] for each in due}, "ORDER BY id"):
        absorbed.setdefault(company, []).extend(called)
    rows = []
    for company, name, domain in due:
        each = rolled.get(company, NOBODY)
        rolled_up = (each.people, each.engagement, each.last_seen_at, each.rank)
        rows.append((at, *rolled_up, search_text(name, domain, *absorbed.get(company, ())), company))
    with transaction.atomic():
        sql.many(_WRITE, sorted(rows, key=lambda row: row[-1]))  # by id, as all who write companies
    return len(due) == SLICE


def search_text(*called: str) -> str:
    """Return the folded words by which a company is found, with a space before each: its names and domains."""
    return "".join(f" {word}" for word in words(folded(" ".join(called))))[:SEARCH_LENGTH]
