"""The companies in the tables, compared with what people's facts state of them."""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from embudo.core import attributes
from embudo.core.event import Event
from embudo.leads import companies, company_facts, sql

Compare = Callable[[int, str, Any, Any], None]


@dataclass
class Stated:
    """The companies that facts name, by their domain, and all names that facts give to companies."""

    free: Collection[str] = ()  # mail domains that people here call free mail
    domains: dict[int, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    attributes: dict[int, dict[str, Any]] = field(default_factory=dict)  # what facts on companies say

    def add(self, histories: Iterable[Sequence[Event]]) -> None:
        """Take note of what the facts of some people state."""
        for history in histories:
            stated = [attributes.traits(event) for event in history if "traits" in event.props]
            mails = {each.get("email") for each in stated if isinstance(each.get("email"), str)}
            names = {each.get("company") for each in stated if isinstance(each.get("company"), str)}
            for mail in (None, *mails):
                for name in (None, *names):
                    found = companies.employer({"email": mail, "company": name}, self.free)
                    if found:
                        self.domains[found.id] = found.domain
                        self.names.add(found.name)

    def add_facts(self, facts: Iterable[Event]) -> None:
        """Take note of the facts on companies themselves."""
        found: dict[int, list[Event]] = {}
        for event in facts:
            found.setdefault(event.subject, []).append(event)
        for company, history in found.items():
            known = company_facts.resolved(history)
            if known:
                self.attributes[company] = known
                self.domains[company] = company_facts.domain_of(history[0].identifier)
                self.names |= {str(known["name"])[:300]} if "name" in known else {self.domains[company]}


def compare_companies(compare: Compare, stated: Stated) -> None:
    """Compare the companies people belong to: each is there, under its domain and a name that facts give.

    Which name that is depends on who came first, and merges that were undone since may have brought it. Companies are
    of nobody: person 0.
    """
    rows = sql.rows("SELECT id, name, domain, attributes FROM leads_company")
    there = {number: (name, domain) for number, name, domain, _attributes in rows}
    known = {number: json.loads(each) if isinstance(each, str) else each for number, _name, _domain, each in rows}
    for number in stated.attributes.keys() | {number for number, each in known.items() if each}:
        compare(0, f"attributes of company {number}", known.get(number), stated.attributes.get(number, {}))
    query = "SELECT DISTINCT company_id FROM leads_person WHERE company_id IS NOT NULL AND merged_into_id IS NULL"
    for (number,) in sql.rows(query):
        name, domain = there.get(number, (None, None))
        compare(0, f"domain of company {number}", domain, stated.domains.get(number))
        if name not in stated.names:
            compare(0, f"name of company {number}", name, "a name that facts give")
