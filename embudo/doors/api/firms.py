"""Stating companies by what names them: each row found or new, one fact for what is new of it, one result."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest

from embudo.core.event import subject_of
from embudo.doors.api import schemas
from embudo.doors.api.once import fact_id
from embudo.doors.api.saying import shown_all
from embudo.doors.api.upsert import Stated, keep
from embudo.doors.api.values import stated
from embudo.leads.attribute import catalogue
from embudo.leads.companies import site_domain
from embudo.leads.company_facts import CHANGED, NAMED_BY, company_identifier
from embudo.leads.models import Company
from embudo.leads.record import Saying
from embudo.leads.showing import BadValue

Outcomes = tuple[list[schemas.CompanyResult], bool, bool]


def rows(request: HttpRequest, given: Sequence[schemas.CompanyRow]) -> Outcomes:
    """State these companies as an import does; return what became of each, whether the tables show it already, and
    whether the first of them was new.
    """
    behind, earlier = not shown_all(), Stated()
    results = [schemas.CompanyResult(index=index, outcome="refused") for index in range(len(given))]
    wanted: dict[int, tuple[str, dict[str, Any]]] = {}
    for index, row in enumerate(given):
        try:
            wanted[index] = _named(row)
        except BadValue as error:
            results[index].why = str(error)
    there = Company.objects.in_bulk({subject_of(identifier) for identifier, _who in wanted.values()})
    attributes, sayings = catalogue(), {}
    for index, (identifier, who) in wanted.items():
        company = subject_of(identifier)
        known = {**known_of(there.get(company)), **earlier.of([company])}
        try:
            changed = stated(given[index].attributes, known, attributes, all_of_it=behind)
        except BadValue as error:
            results[index].why = str(error)
            continue
        results[index].company = str(company)
        if behind or changed or any(known.get(name) != value for name, value in who.items()):
            props = {"traits": {**who, **changed}}
            earlier.add([company], props["traits"])
            sayings[index] = Saying(CHANGED, props, fact_id(request, index), company=identifier)
        else:
            results[index].outcome = "unchanged"
    applied = keep(request, sayings, results)
    return results, applied, not any(subject_of(identifier) in there for identifier, _who in list(wanted.values())[:1])


def known_of(company: Company | None) -> Mapping[str, Any]:
    """Return the attributes of a company with what it is called and its domain, from wherever these are known."""
    return {"name": company.name, "domain": company.domain, **company.attributes} if company else {}


def _named(row: schemas.CompanyRow) -> tuple[str, dict[str, Any]]:
    """Return the identifier of a row's company and what names it; raises BadValue when nothing does."""
    if also := {*NAMED_BY} & row.attributes.keys():
        raise BadValue(f"attributes.{min(also)}: give it beside `attributes`, as it says which company it is")
    domain, name = site_domain(row.domain or ""), (row.name or "").strip()
    if row.domain and not domain:
        raise BadValue(f"domain: “{row.domain[:80]}” is no domain and no address of a web site")
    identifier = company_identifier(domain, name)
    if identifier is None:
        raise BadValue("it names no company: give domain or name")
    return identifier, {key: value for key, value in (("domain", domain), ("name", name)) if value}
