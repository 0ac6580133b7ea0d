"""What a list of people may be asked for: the filters and orders of the screen, where nothing is silently ignored."""

from django.http import HttpRequest, QueryDict

from embudo.doors.api.problem import Problem, invalid
from embudo.leads.models import Person
from embudo.leads.queries import asked, people
from embudo.leads.queries.filters import Filter

OWN = ("cursor", "limit", "sort")
MOST = 200
EXACT = ("stage", "grade", "source")  # each value must be understood, not only the name


def filters_of(query: QueryDict) -> list[Filter]:
    """Return the filters of an address; raises Problem on one that is not understood."""
    filters = asked.read(query)
    understood = asked.address(filters)
    names = {name for name, _value in understood}
    for name in query:
        if name in OWN:
            continue
        values = {value for key, value in understood if key == name}
        lost = set(query.getlist(name)) - values if name in EXACT else set()
        if name not in names or lost:
            told = ", ".join(sorted(lost)) or query[name]
            if asked.is_no_number(name, query[name]):
                raise invalid(f"query.{name[:80]}", f"“{told[:80]}” is no number")
            raise invalid(f"query.{name[:80]}", f"“{told[:80]}” is no filter of people; see the reference for those")
    return filters


def page_of(request: HttpRequest, size: int, cursor: str, sort: str) -> tuple[list[Person], str | None]:
    """Return one page of people and the cursor behind it; raises Problem."""
    filters = filters_of(request.GET)
    order = people.sort_of(sort, filters)
    if sort and order.key != "reached" and sort.lstrip("-") != order.key:
        raise invalid("query.sort", f"“{sort[:40]}” is no order; there are {', '.join(people.SORTS)}, or with - before")
    after = people.Position.of(cursor, order) if cursor else None
    if cursor and after is None:
        raise Problem("bad_cursor", "It is damaged, or of a list in another order.")
    page = people.page(filters, order, after=after, size=size)
    found = Person.objects.select_related("company", "owner").defer("search").in_bulk(page.ids)
    return [found[each] for each in page.ids if each in found], page.after.text if page.after else None
