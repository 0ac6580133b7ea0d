"""What facts say of companies themselves: their identifier is "company:<domain>" or "company:name:<name>"."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.db import connection

from embudo.core import attributes
from embudo.core.event import Event
from embudo.eventlog import Cursor, Log
from embudo.leads import companies, owners, profile, sql
from embudo.leads.company_joins import Joins
from embudo.leads.history import BOOKKEEPING, EXPIRED, is_of_company, judgements
from embudo.leads.profile_rows import settle_companies

CHANGED = "company_changed"
NAMED_BY = ("domain", "name")
WRITE = (  # what people call their company goes before, unless they only have its domain; its own name may be mended
    "INSERT INTO leads_company (id, name, domain, group_id, attributes) VALUES (%s, %s, %s, '', %s)"
    " ON CONFLICT (id) DO UPDATE SET attributes = excluded.attributes, name = CASE"
    " WHEN excluded.name <> '' AND leads_company.name IN (leads_company.domain, {said}) THEN excluded.name"
    " ELSE leads_company.name END"
)
SAID = {
    "sqlite": "json_extract(leads_company.attributes, '$.name')",
    "postgresql": "leads_company.attributes ->> 'name'",
}


def company_identifier(domain: str, name: str) -> str | None:
    """Return the identifier of a company by its domain, else by its name; None when it has neither."""
    if domain:
        return f"company:{domain}"
    return companies.by_name(name) if name.strip() else None


def resolved(history: Iterable[Event]) -> dict[str, Any]:
    """Return the attributes of one company in force, from its facts in any order."""
    facts = _counted(history)
    return profile.storable(attributes.resolve(facts, max((event.at for event in facts), default=0)))


def together(histories: Sequence[Iterable[Event]]) -> dict[str, Any]:
    """Return the attributes of a company and of those joined with it, its own facts first.

    What a company has ever stated, or cleared, no other one says for it; what names one names no other.
    """
    found, said = dict[str, Any](), set(NAMED_BY)
    for place, history in enumerate(histories):
        facts = _counted(history)
        known = resolved(facts)
        found |= known if place == 0 else {name: value for name, value in known.items() if name not in said}
        said.update(name for event in facts for name in attributes.traits(event))
    return found


def _counted(history: Iterable[Event]) -> list[Event]:
    events = list(history)
    gone = {key for key, (_subject, verdict) in judgements(events).items() if verdict == "machine"}
    return [event for event in events if event.kind not in BOOKKEEPING and event.key not in gone]


@dataclass
class Companies:
    """The companies that the facts of one batch are about, as all their facts have them, and those joined with them."""

    known: dict[int, tuple[str, dict[str, Any]]] = field(default_factory=dict)  # company -> domain, attributes
    joins: Joins = field(default_factory=Joins)

    @classmethod
    def of(cls, log: Log, events: Collection[Event], through: Cursor) -> "Companies":
        """Read the whole history of the companies these facts are about, or of which facts have left the log."""
        domains = {event.subject: companies.domain_of(event.identifier) for event in events if is_of_company(event)}
        left = {event.subject for event in events if event.kind == EXPIRED}
        domains |= dict(sql.rows_where("id, domain", "leads_company", "id", left, "AND attributes <> '{}'"))
        if not domains:
            return cls()
        joins = Joins.of(events)
        roots = {joins.pointers.root(each) for each in domains.keys() | joins.concerned}
        trees = {root: list(joins.pointers.tree(root)) for root in roots}
        shown = roots | domains.keys() | joins.concerned
        domains |= joins.domains | dict(sql.rows_where("id, domain", "leads_company", "id", shown - domains.keys()))
        members = {member for tree in trees.values() for member in tree}
        histories: dict[int, list[Event]] = {member: [] for member in members}
        for event in log.history(members, through=through):
            histories[event.subject].append(event)
        parts = {each: trees.get(each, [each]) for each in shown}
        known = {each: together([histories[part] for part in tree]) for each, tree in parts.items()}
        return cls({each: (domains.get(each, ""), attributes) for each, attributes in known.items()}, joins)

    def write(self) -> None:
        """Write their rows; a company of which neither facts nor people speak any more goes."""
        rows = []
        for company, (domain, known) in self.known.items():
            name = str(known.get("name") or domain)[:300]
            if known:
                rows.append((company, name, domain, msgspec.json.encode(known).decode()))
        sql.many(WRITE.format(said=SAID[connection.vendor]), rows)
        silent = [company for company, (_domain, known) in self.known.items() if not known]
        sql.many("UPDATE leads_company SET attributes = '{}' WHERE id = %s", [(each,) for each in silent])
        settle_companies(silent)
        owners.settle({each: list(self.joins.pointers.tree(each)) for each in self.joins.roots}, owners.COMPANIES)
