"""The companies in the tables, compared with what facts state of them, and with which were joined."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from embudo.core import attributes
from embudo.core.event import Event
from embudo.leads import companies, company_facts, company_joins, owners, sql
from embudo.leads.company_joins import Said
from embudo.leads.pointers import COMPANIES, Pointers
from embudo.leads.who import Who

Compare = Callable[[int, str, Any, Any], None]


@dataclass
class Stated:
    """The companies that facts name, by their domain, and all names that facts give to companies."""

    who: Who  # of which the companies that were joined are asked
    free: Collection[str] = ()  # mail domains that people here call free mail
    domains: dict[int, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    attributes: dict[int, dict[str, Any]] = field(default_factory=dict)  # what facts on companies say

    def root(self, company: int) -> int:
        """Return whose page a company has."""
        return self.who.companies.root(company)

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
        for company, called in company_joins.called(map(Said.of, self.who.joins)).items():
            self.domains[company] = called[0][1]
            self.names.update(*called)
        for company, history in found.items():
            known = company_facts.resolved(history)
            if known:
                self.domains[company] = companies.domain_of(history[0].identifier)
                self.names |= {str(known["name"])[:300]} if "name" in known else {self.domains[company]}
        named = found.keys() | self.who.companies.merged.keys()
        parts = {each: [each] for each in named} | {root: list(self._tree(root)) for root in map(self.root, named)}
        for company, tree in parts.items():
            if known := company_facts.together([found.get(member, []) for member in tree]):
                self.attributes[company] = known

    def _tree(self, company: int) -> Iterator[int]:
        """A company and those that were joined with it, the first one first."""
        yield company
        for absorbed, survivor in self.who.companies.merged.items():
            if survivor == company:
                yield from self._tree(absorbed)


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
    _compare_joined(compare, stated)
    query = "SELECT DISTINCT company_id FROM leads_person WHERE company_id IS NOT NULL AND merged_into_id IS NULL"
    for (number,) in sql.rows(query):
        name, domain = there.get(number, (None, None))
        compare(0, f"domain of company {number}", domain, stated.domains.get(number))
        if name not in stated.names:
            compare(0, f"name of company {number}", name, "a name that facts give")


def _compare_joined(compare: Compare, stated: Stated) -> None:
    """Compare which companies are one, and who looks after them."""
    pointing = dict(sql.rows("SELECT id, merged_into_id FROM leads_company WHERE merged_into_id IS NOT NULL"))
    merged = {each: stated.root(each) for each in stated.who.companies.merged}
    for number in pointing.keys() | merged.keys():
        compare(0, f"whose page company {number} has", pointing.get(number), merged.get(number))
    standing = "SELECT absorbed_id, survivor_id FROM leads_companymerge WHERE survivor_id IS NOT NULL"
    compare(0, "companies joined", dict(sql.rows(f"{standing} AND unmerged_at IS NULL")), stated.who.companies.merged)
    pointers = Pointers.load(*COMPANIES)
    shown = "SELECT id FROM leads_company WHERE merged_into_id IS NULL"
    trees = {number: list(pointers.tree(number)) for (number,) in sql.rows(shown)}
    for number, owned, owner in owners.compared(trees, owners.COMPANIES):
        compare(0, f"owner of company {number}", owned, owner)
