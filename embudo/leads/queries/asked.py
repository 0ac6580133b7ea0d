"""The filters that an address asks for, read and written."""

import re
from collections.abc import Iterator

from django.http import QueryDict

from embudo.core.funnel import DISCARDED, RANK, STAGES
from embudo.leads.clock import now
from embudo.leads.models import Attribute, Company, Tag
from embudo.leads.purposes import purposes
from embudo.leads.queries.belonging import CONSENTS, TOUCHES, Consented, Tagged, Touched, WorksAt
from embudo.leads.queries.filters import (
    AttributeBetween,
    AttributeIs,
    Filter,
    Handoff,
    OneOf,
    Reached,
    Score,
    Seen,
)
from embudo.leads.queries.search import Search
from embudo.leads.tags import key_of


def read(query: QueryDict) -> list[Filter]:
    """Return the filters of an address in the order they read in; what cannot be read is left out."""
    return [each for read_some in READERS for each in read_some(query)]


def address(filters: list[Filter]) -> list[tuple[str, str]]:
    """Return the query that `read` reads back to these filters."""
    return [pair for each in filters for pair in each.query]


def unread(query: QueryDict, filters: list[Filter]) -> list[str]:
    """Return what an address asks for and `read` has left out, because there is no such thing."""
    written = address(filters)
    keys = {key for key, _value in written}
    exact = {(key, value.casefold()) for key, value in written}
    asked = [(key, value) for key, values in query.lists() if key not in NO_FILTERS for value in values if value]
    further = query.get("further", "")
    asked += [("further", further)] if "reached" in keys and further and ("further", further) not in exact else []
    words = query.get("q", "").strip()
    asked += [("q", words)] if words and "q" not in keys else []
    left = [pair for pair in asked if pair[0] not in keys or _is_other(*pair, exact)]
    return [f"{key}={value}"[:80] for key, value in left]


def is_no_number(key: str, value: str) -> bool:
    """Return whether a key asks for a number, or for a bound of one, and its value is none."""
    name, _dot, bound = key.rpartition(".")
    if bound not in ("min", "max") or not value or _number(value) is not None:
        return False
    kinds = ("number", "money")
    return name == "score" or Attribute.objects.filter(name=name.removeprefix("a."), kind__in=kinds).exists()


def _is_other(key: str, value: str, exact: set[tuple[str, str]]) -> bool:
    return key in SEVERAL and (key, " ".join(value.casefold().split())) not in exact


NO_FILTERS = ("q", "sort", "after", "before", "view", "from", "to", "further")
SEVERAL = ("stage", "grade", "source", "tag", "further")


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


def _touched(query: QueryDict) -> Iterator[Filter]:
    for key in TOUCHES:
        text = query.get(key, "").replace("\0", "")[:300]
        if text and (key != "direction" or text in ("inbound", "outbound")):
            yield Touched(key, text)


def _tagged(query: QueryDict) -> Iterator[Filter]:
    wanted = {key_of(each) for each in query.getlist("tag") if each.strip()}
    for tag in Tag.objects.filter(key__in=wanted).order_by("key")[:10] if wanted else ():
        yield Tagged(tag)


def _consented(query: QueryDict) -> Iterator[Filter]:
    if not any(key.startswith("consent.") for key in query):
        return
    for purpose in purposes():
        answer = query.get(f"consent.{purpose.code}", "")
        if answer in CONSENTS:
            yield Consented(purpose, answer)


def _company(query: QueryDict) -> Iterator[Filter]:
    wanted = query.get("company", "")
    if re.fullmatch("[0-9]{1,19}", wanted, re.ASCII) and int(wanted) < 2**63:
        found = Company.objects.select_related("merged_into").filter(pk=int(wanted))
        yield from (WorksAt(each.merged_into or each, asked=each.pk) for each in found)


def _attributes(query: QueryDict) -> Iterator[Filter]:
    wanted = {key.split(".")[1] for key in query if key.startswith("a.") and len(key.split(".")) in (2, 3)}
    for attribute in Attribute.objects.filter(name__in=wanted).order_by("name"):
        key = f"a.{attribute.name}"
        if attribute.kind in ("number", "money", "date"):
            written = (query.get(f"{key}.min", "")[:40], query.get(f"{key}.max", "")[:40])
            least, most = (None, None) if attribute.kind == "date" else (_number(written[0]), _number(written[1]))
            if attribute.kind != "date":  # what is no number is left out, and `unread` says so
                written = (written[0] if least is not None else "", written[1] if most is not None else "")
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


READERS = (_search, _reached, _options, _score, _seen, _touched, _tagged, _consented, _company, _attributes)
