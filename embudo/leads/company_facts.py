"""What facts say of companies themselves: their identifier is "company:<domain>" or "company:name:<name>"."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.db import connection

from embudo.core import attributes
from embudo.core.event import Event, subject_of
from embudo.eventlog import Cursor, Log
from embudo.leads import profile, sql
from embudo.leads.history import BOOKKEEPING, EXPIRED, is_of_company, judgements
from embudo.leads.models import Company
from embudo.leads.profile_rows import settle_companies

CHANGED = "company_changed"
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
    return f"company:name:{profile.folded(name.strip())}" if name.strip() else None


def identifier_of(company: Company, log: Log) -> str:
    """Return the identifier of a company that is there; one whose name was changed by facts is told by these."""
    likely = {f"company:{company.domain}", f"company:name:{profile.folded(company.name)}"}
    found = next((each for each in sorted(likely) if subject_of(each) == company.id), None)
    return found or next(event.identifier for event in log.history({company.id}))


def domain_of(identifier: str) -> str:
    """Return the domain of a company's identifier; empty when it goes by its name."""
    text = identifier.removeprefix("company:")
    return "" if text.startswith("name:") else text


def resolved(history: Iterable[Event]) -> dict[str, Any]:
    """Return the attributes of one company in force, from its facts in any order."""
    events = list(history)
    gone = {key for key, (_subject, verdict) in judgements(events).items() if verdict == "machine"}
    facts = [event for event in events if event.kind not in BOOKKEEPING and event.key not in gone]
    return profile.storable(attributes.resolve(facts, max((event.at for event in facts), default=0)))


@dataclass
class Companies:
    """The companies that the facts of one batch are about, as all their facts have them."""

    known: dict[int, tuple[str, dict[str, Any]]] = field(default_factory=dict)  # company -> identifier, attributes

    @classmethod
    def of(cls, log: Log, events: Collection[Event], through: Cursor) -> "Companies":
        """Read the whole history of the companies these facts are about, or of which facts have left the log."""
        named = {event.subject: event.identifier for event in events if is_of_company(event)}
        left = {event.subject for event in events if event.kind == EXPIRED}
        for company, domain in sql.rows_where("id, domain", "leads_company", "id", left, "AND attributes <> '{}'"):
            named.setdefault(company, f"company:{domain or 'name:'}")
        if not named:
            return cls()
        histories: dict[int, list[Event]] = {subject: [] for subject in named}
        for event in log.history(named.keys(), through=through):
            histories[event.subject].append(event)
        return cls({subject: (named[subject], resolved(history)) for subject, history in histories.items()})

    def write(self) -> None:
        """Write their rows; a company of which neither facts nor people speak any more goes."""
        rows = []
        for company, (identifier, known) in self.known.items():
            domain = domain_of(identifier)
            name = str(known.get("name") or domain)[:300]
            if known:
                rows.append((company, name, domain, msgspec.json.encode(known).decode()))
        sql.many(WRITE.format(said=SAID[connection.vendor]), rows)
        silent = [company for company, (_identifier, known) in self.known.items() if not known]
        sql.many("UPDATE leads_company SET attributes = '{}' WHERE id = %s", [(each,) for each in silent])
        settle_companies(silent)
