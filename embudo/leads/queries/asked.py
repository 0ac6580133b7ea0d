"""The filters that an address asks for, read and written."""

from collections.abc import Iterator

from django.http import QueryDict

from embudo.core.funnel import DISCARDED, RANK, STAGES
from embudo.leads.clock import now
from embudo.leads.models import Attribute
from embudo.leads.queries.filters import AttributeBetween, AttributeIs, Filter, Handoff, OneOf, Reached, Score, Seen
from embudo.leads.queries.search import Search


def read(query: QueryDict) -> list[Filter]:
    """Return the filters of an address in the order they read in; what cannot be read is left out."""
    return [*_search(query), *_reached(query), *_options(query), *_score(query), *_seen(query), *_attributes(query)]


def address(filters: list[Filter]) -> list[tuple[str, str]]:
    """Return the query that `read` reads back to these filters."""
    return [pair for each in filters for pair in each.query]


def _search(query: QueryDict) -> Iterator[Filter]:
    search = Search.of(query.get("q", ""))
    if search:
        yield search


def _options(query: QueryDict) -> Iterator[Filter]:
    stages = tuple(each for each in (*STAGES, DISCARDED) if each in query.getlist("stage"))
    if stages:
        yield OneOf("stage", stages)
    grades = tuple(each for each in ("A", "B", "C", "D", "") if (each or "-") in query.getlist("grade"))
    if grades:
        yield OneOf("grade", grades)
    sources = tuple(dict.fromkeys("" if each == "-" else each[:200] for each in query.getlist("source") if each))
    if sources:
        yield OneOf("source", sources[:10])
    if query.get("handoff") == "1":
        yield Handoff()


def _score(query: QueryDict) -> Iterator[Filter]:
    least, most = _number(query.get("score.min")), _number(query.get("score.max"))
    if least is not None or most is not None:
        yield Score(least, most)


def _seen(query: QueryDict) -> Iterator[Filter]:
    at = now()
    for key in ("seen", "unseen"):
        days = query.get(key, "")
        if days.isdecimal() and len(days) < 6 and int(days):
            yield Seen(int(days), key == "seen", at)


def _attributes(query: QueryDict) -> Iterator[Filter]:
    wanted = {key.split(".")[1] for key in query if key.startswith("a.") and len(key.split(".")) in (2, 3)}
    for attribute in Attribute.objects.filter(name__in=wanted).order_by("name"):
        key = f"a.{attribute.name}"
        if attribute.kind in ("number", "money", "date"):
            written = (query.get(f"{key}.min", "")[:40], query.get(f"{key}.max", "")[:40])
            least, most = (None, None) if attribute.kind == "date" else (_number(written[0]), _number(written[1]))
            known = any(written) if attribute.kind == "date" else least is not None or most is not None
            if known:
                yield AttributeBetween(attribute, least, most, written)
        elif query.get(key):
            yield AttributeIs(attribute, query[key][:200])


def _reached(query: QueryDict) -> Iterator[Filter]:
    stage, start, end = query.get("reached", ""), query.get("from", ""), query.get("to", "")
    if stage in RANK and all(each.isdecimal() and len(each) < 18 for each in (start, end)):
        further = {"yes": True, "no": False}.get(query.get("further", ""))
        yield Reached(stage, int(start), int(end), further)


def _number(text: str | None) -> float | None:
    try:
        value = float((text or "").replace(",", "."))
    except ValueError:
        return None
    return value if abs(value) < 1e15 else None
