"""What a person's attributes change in the tables: columns of the person, and the values by which filters find them."""

import json
from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

import msgspec

from embudo.core.attributes import STANDARD
from embudo.leads import companies, profile, sql
from embudo.leads.attribute import declare, kind_of
from embudo.leads.companies import Employer
from embudo.leads.profile import Value
from embudo.leads.queries.pieces import unindexed

COLUMNS = (*profile.NAMED, "attributes", "search", "company_id")
EMPLOYING = frozenset({"email", "company"})  # attributes that say where somebody works
ADD_COMPANY = (  # the first name stated stays: a merge or a form of one person renames nobody's company
    "INSERT INTO leads_company (id, name, domain, group_id, attributes) VALUES (%s, %s, %s, '', '{}')"
    " ON CONFLICT (id) DO UPDATE SET name = excluded.name"
    " WHERE excluded.name <> excluded.domain AND leads_company.name = leads_company.domain"
)
WORKS_THERE = "SELECT 1 FROM leads_person WHERE company_id = %s AND merged_into_id IS NULL"
NAMES = (  # that people of a company give it, the first who came first
    "SELECT company_name FROM leads_person WHERE company_id = %s AND merged_into_id IS NULL"
    " GROUP BY company_name ORDER BY min(created_at), company_name LIMIT 50"
)
NO_VALUES: frozenset[Value] = frozenset()
ADD_VALUE = sql.insert("leads_personattribute", ("person_id", "attribute", "text", "number"))


@dataclass(frozen=True, slots=True)
class Profiled:
    """The attributes a person's rows come to show; of those in `other` they may show something else so far.

    `before` is what they show; None: that is not known, and all of it is in `other`. Those in `stated` have been
    stated by more than a public key, and may become everybody's.
    """

    person: int
    known: Mapping[str, Any]
    before: Mapping[str, Any] | None
    other: Collection[str]
    stated: AbstractSet[str] = frozenset()
    free: AbstractSet[str] = frozenset()  # mail domains that people here call free mail
    into: Mapping[int, int] = field(default_factory=dict)  # companies that were joined -> whose page they have

    @property
    def employer(self) -> Employer | None:
        """The company that the attributes point at."""
        return companies.employer(self.known, self.free)

    @property
    def company(self) -> int | None:
        """The company whose page shows the person."""
        return self.into.get(employer.id, employer.id) if (employer := self.employer) else None

    def columns(self) -> dict[str, Any]:
        """Return the values of COLUMNS."""
        named = profile.columns(self.known)
        return {
            **named,
            "attributes": msgspec.json.encode(self.known).decode(),
            "search": profile.search_text(named),
            "company_id": self.company,
        }

    def other_columns(self) -> dict[str, Any]:
        """Return those of COLUMNS that are other than the row shows."""
        if not self.other:
            return {}
        columns: dict[str, Any] = {"attributes": msgspec.json.encode(self.known).decode()}
        if profile.SHOWN.isdisjoint(self.other):
            return columns
        columns |= (named := profile.columns(self.known))
        if not profile.SEARCHED.isdisjoint(self.other):
            columns["search"] = profile.search_text(named)
        if not EMPLOYING.isdisjoint(self.other):
            columns["company_id"] = self.company
        return columns


def profiled(
    person: int,
    known: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    stated: AbstractSet[str] = frozenset(),
    free: AbstractSet[str] = frozenset(),
    into: Mapping[int, int] | None = None,
) -> Profiled:
    """Return what becomes of the rows of a person with these attributes who showed those before (None: not known)."""
    known = profile.storable(known)
    if not before:
        return Profiled(person, known, before, known.keys(), stated, free, into or {})
    before = profile.storable(before)
    other = profile.different(before, known)
    if any(len(name) > profile.NAME_LENGTH for name in other):  # two such names may share their rows
        other = known.keys() | before.keys()
    return Profiled(person, known, before, other, stated, free, into or {})


def write_companies(profiles: Iterable[Profiled]) -> None:
    """Write the companies of these people."""
    found = {}
    for each in profiles:
        if not EMPLOYING.isdisjoint(each.other) and (employer := each.employer):
            found[employer.id] = (employer.id, employer.name, employer.domain)
    sql.many(ADD_COMPANY, [row for _id, row in sorted(found.items())])


def employers_of(people: Collection[int]) -> set[int]:
    """Return the companies that these people's rows show."""
    known = "AND company_id IS NOT NULL"
    return {company for (company,) in sql.rows_where("DISTINCT company_id", "leads_person", "id", people, known)}


def settle_companies(settled: Collection[int]) -> None:
    """Take out those of these companies of which nobody speaks any more; give the others a name that somebody states.

    For people whose facts were taken back, and companies joined or taken apart: one is otherwise never renamed and
    never goes.
    """
    waits = "AND merged_into_id IS NULL AND unsettled_after IS NULL"
    found = sql.rows_where("id, name, domain, attributes", "leads_company", "id", settled, waits)
    joined_as = _joined_as([company for company, *_columns in found])
    for company, name, domain, attributes in found:
        known = json.loads(attributes) if isinstance(attributes, str) else attributes
        if not known and not sql.rows(f"{WORKS_THERE} LIMIT 1", [company]):
            sql.one(f"DELETE FROM leads_company WHERE id = %s AND group_id = '' AND {companies.ALONE}", [company])
            continue
        names = joined_as.get(company, [])
        names += [known["name"]] if "name" in known else []
        if name in names or sql.rows(f"{WORKS_THERE} AND company_name = %s LIMIT 1", [company, name]):
            continue
        stated = [each for (each,) in sql.rows(NAMES, [company])]
        of_it = [each for each in stated if each and (domain or companies.is_of(companies.by_name(each), company))]
        names = of_it + names
        if (becomes := names[0] if names else domain) and becomes != name:
            sql.one("UPDATE leads_company SET name = %s WHERE id = %s", [becomes, company])


def _joined_as(among: Collection[int]) -> dict[int, list[str]]:
    """What these companies were called whenever people here joined them with others, the first time first."""
    found: dict[int, list[str]] = {}
    for _at, company, name in sorted(
        row
        for side in ("survivor", "absorbed")
        for row in sql.rows_where(
            f"at, said_{side}, {side}_name", "leads_companymerge", f"said_{side}", among, "AND NOT undoes"
        )
    ):
        found.setdefault(company, []).extend([name] if name else [])
    return found


def bring_in_line(people: Iterable[tuple[int, int | None, Any]], free: AbstractSet[str]) -> set[int]:
    """Let these rows (person, company, attributes) show where each works now; return the companies that this moved."""
    into, named, moved, touched = companies.joined(), {}, [], set[int]()
    for person, was, attributes in people:
        known = json.loads(attributes) if isinstance(attributes, str) else attributes
        works = profiled(person, known, None, free=free, into=into)
        if employer := works.employer:
            named[employer.id] = (employer.id, employer.name, employer.domain)
        if works.company != was:
            moved.append((works.company, person))
            touched |= {each for each in (was, works.company) if each is not None}
    sql.many(ADD_COMPANY, [row for _id, row in sorted(named.items())])
    sql.many("UPDATE leads_person SET company_id = %s WHERE id = %s", moved)
    return touched


def write_values(profiles: Collection[Profiled]) -> None:
    """Write the values by which filters find these people, of the attributes that are other than the rows show."""
    declare(_for_everybody(profiles))
    sql.delete_where("leads_personattribute", "person_id", [each.person for each in profiles if each.before is None])
    gone, changed, added = [], [], []
    for each in profiles:
        there, wanted = _values(each.before or {}, each.other), _values(each.known, each.other)
        for name in there.keys() | wanted.keys():
            was, becomes = there.get(name, NO_VALUES), wanted.get(name, NO_VALUES)
            if was == becomes:
                continue
            if len(was) == 1 == len(becomes):
                changed += [(text, number, each.person, name) for _name, text, number in becomes]
                continue
            if was:
                gone.append((each.person, name))
            added += [(each.person, *value) for value in becomes]
    of_one = f"WHERE person_id = %s AND {unindexed('attribute')} = %s"
    sql.many(f"DELETE FROM leads_personattribute {of_one}", gone)
    sql.many(f"UPDATE leads_personattribute SET text = %s, number = %s {of_one}", changed)
    sql.add(ADD_VALUE, added)


def _for_everybody(profiles: Iterable[Profiled]) -> dict[str, str]:
    """The attributes of these people that everybody may have, and the kind of each."""
    values = {
        name: each.known[name]
        for each in profiles
        for name in each.other
        if name in each.known and (name in STANDARD or name in each.stated)
    }
    return {name: kind_of(name, value) for name, value in values.items()}


def _values(attributes: Mapping[str, Any], names: Collection[str]) -> Mapping[str, AbstractSet[Value]]:
    """The values of some of these attributes, by the name their rows carry."""
    found: dict[str, set[Value]] = {}
    for name in names:
        if name in attributes:
            for value in profile.values_of(name, attributes[name]):
                found.setdefault(value.attribute, set()).add(value)
    return found
