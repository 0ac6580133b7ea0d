"""Which companies people here said are one: what follows from their facts, and how rows come to show it.

All facts of this kind are read in the order of their time, whichever came first: there are few, and the same rules as
for people (pointers.py) make the same pointers of them. People's rows follow some at a time (`settle_some`).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from embudo.core.event import Door, Event
from embudo.eventlog import Log
from embudo.leads import free_mail, sql
from embudo.leads.companies import by_name, domain_of, is_of
from embudo.leads.history import COMPANIES_MERGED, COMPANIES_UNMERGED
from embudo.leads.models import Company, CompanyMerge
from embudo.leads.pointers import COMPANIES, Pointers
from embudo.leads.profile_rows import ADD_COMPANY, bring_in_line, settle_companies
from embudo.leads.queries.pieces import by_index

SLICE = 100  # people of one transaction
PIECE = 25  # companies of one transaction
FIRST, LAST = -(2**63), 2**63 - 1
SAID = ("at", "fact", "source", "undoes", "said_survivor", "said_absorbed", "survivor_name", "absorbed_name",
        "survivor_domain", "absorbed_domain")  # fmt: skip
COLUMNS = (*SAID, "survivor_id", "absorbed_id", "unmerged_at")
WRITE = (
    f"{sql.insert('leads_companymerge', COLUMNS)} ON CONFLICT (source, fact) DO UPDATE SET"
    " survivor_id = excluded.survivor_id, absorbed_id = excluded.absorbed_id, unmerged_at = excluded.unmerged_at"
)


@dataclass(frozen=True, slots=True, order=True)
class Said:
    """What somebody here said of two companies, in the order of facts: that they are one, or (`undoes`) two again."""

    at: int
    fact: str
    source: str
    undoes: bool
    survivor: int
    absorbed: int
    names: tuple[str, str] = ("", "")  # what the two were called; of an undoing nothing
    domains: tuple[str, str] = ("", "")

    @classmethod
    def of(cls, event: Event) -> "Said":
        """Return what a fact says."""
        companies = int(event.props["survivor"]), int(event.props["absorbed"])
        one, other = event.props.get("names", ("", ""))
        names = str(one)[:300], str(other)[:300]
        one, other = (domain_of(str(each))[:253] for each in event.props.get("identifiers", ("", "")))
        undoes = event.kind == COMPANIES_UNMERGED
        return cls(event.at, event.id, event.source, undoes, *companies, names, (one, other))


class Untold(Exception):
    """No fact is left that says by which identifier a company goes; told in words for people."""

    def __init__(self, company: Company) -> None:
        words = _("Nothing that is recorded says any more which company %(name)s is, so nothing was changed.")
        super().__init__(words % {"name": company})


Outcome = tuple[int | None, int | None, int | None]  # who was pointed at, who pointed, and when that ended
NOTHING: Outcome = (None, None, None)


def is_said(event: Event) -> bool:
    """Return whether a fact says of two companies that they are one or two."""
    return event.kind in (COMPANIES_MERGED, COMPANIES_UNMERGED) and event.door is Door.APP


def merge_props(survivor: Company, absorbed: Company, log: Log) -> dict[str, Any]:
    """Return what a fact holds that joins two companies."""
    both = survivor, absorbed
    return {
        "survivor": survivor.pk,
        "absorbed": absorbed.pk,
        "identifiers": [identifier_of(each, log) for each in both],
        "names": [str(each) for each in both],
    }


def identifier_of(company: Company, log: Log) -> str:
    """Return the identifier of a company that is there; one whose name was changed by facts is told by these.

    Raises Untold when no fact of it is left, either.
    """
    likely = f"company:{company.domain}", by_name(company.name)
    found = next((each for each in likely if is_of(each, company.id)), None)
    found = found or next((event.identifier for event in log.history({company.id})), None)
    if found is None:
        raise Untold(company)
    return found


def link_of(company: Company, absorbed: int) -> CompanyMerge | None:
    """Return the join by which a company came to this page, None where none stands."""
    inside = [company.pk, *Company.objects.filter(merged_into=company).values_list("pk", flat=True)]
    return CompanyMerge.objects.filter(absorbed_id=absorbed, unmerged_at=None, survivor_id__in=inside).first()


def decided(said: Iterable[Said]) -> tuple[Pointers, dict[Said, Outcome]]:
    """Return what follows from all that was said, in any order: the pointers, and what came of each."""
    pointers, outcomes, standing = Pointers(), dict[Said, Outcome](), dict[int, Said]()
    for each in sorted(set(said)):
        outcomes[each] = NOTHING
        if not each.undoes:
            if (pair := pointers.merge(each.survivor, each.absorbed)) is not None:
                standing[pair[1]] = each
                outcomes[each] = (*pair, None)
        elif (pair := pointers.unmerge(each.survivor, each.absorbed)) is not None:
            outcomes[standing.pop(pair[1])] = (*pair, each.at)
    return pointers, outcomes


def called(said: Iterable[Said]) -> dict[int, list[tuple[str, str]]]:
    """Return what each company was called whenever it was joined, the first time first: its name and its domain."""
    found: dict[int, list[tuple[str, str]]] = {}
    for each in sorted(each for each in said if not each.undoes):
        for company, *names in zip((each.survivor, each.absorbed), each.names, each.domains, strict=True):
            found.setdefault(company, []).append((names[0], names[1]))
    return found


@dataclass
class Joins:
    """The companies that are one after a batch, and what its facts change of that."""

    pointers: Pointers = field(default_factory=Pointers)
    rows: list[tuple[Any, ...]] = field(default_factory=list)  # of COLUMNS, new ones and those that came out otherwise
    named: Mapping[int, tuple[str, str]] = field(default_factory=dict)  # company -> its first name, its domain
    moved: dict[int, tuple[int, int]] = field(default_factory=dict)  # company -> whose page it had, whose it has

    @classmethod
    def of(cls, events: Collection[Event]) -> "Joins":
        """Read what was said before and decide with what these facts say."""
        new = [event for event in events if is_said(event)]
        if not new:
            return cls(Pointers.load(*COMPANIES))
        there = _there()
        was, _before = decided(there)
        pointers, outcomes = decided({*there, *map(Said.of, new)})
        rows = [_row(said, outcome) for said, outcome in outcomes.items() if there.get(said) != outcome]
        moved = {
            company: (was.root(company), pointers.root(company))
            for company in was.into.keys() | pointers.into.keys()
            if was.root(company) != pointers.root(company)
        }
        named = {company: names[0] for company, names in called(outcomes).items()}
        return cls(pointers, rows, named, moved)

    @property
    def domains(self) -> dict[int, str]:
        """The domains of companies that were ever joined."""
        return {company: domain for company, (_name, domain) in self.named.items()}

    @property
    def roots(self) -> set[int]:
        """Those of the concerned that have a page."""
        return {self.pointers.root(each) for each in self.concerned}

    @property
    def concerned(self) -> set[int]:
        """Every company of which a page shows something else than before."""
        return {each for company, roots in self.moved.items() for each in (company, *roots)}

    def write(self) -> None:
        """Write what was said, and let companies point at whose page they have; their people follow."""
        sql.many(WRITE, self.rows)
        said = {company for row in self.rows for company in (row[4], row[5])}
        there = sorted((said | self.concerned) & self.named.keys())
        sql.many(ADD_COMPANY, [(company, *self.named[company]) for company in there])
        pointing = [
            (None if root == company else root, company) for company, (_was, root) in sorted(self.moved.items())
        ]
        sql.many("UPDATE leads_company SET merged_into_id = %s, people_count = 0 WHERE id = %s", pointing)
        left = {was for was, _root in self.moved.values()}
        waiting = "UPDATE leads_company SET unsettled_after = {} WHERE id = %s"
        sql.many(waiting.format(FIRST), [(each,) for each in sorted(left)])
        sql.many(waiting.format(f"coalesce(unsettled_after, {LAST})"), [(each,) for each in sorted(self.concerned)])


def _there() -> dict[Said, Outcome]:
    """What was said before, and what came of it."""
    rows = sql.rows(f"SELECT {', '.join(COLUMNS)} FROM leads_companymerge")
    found: dict[Said, Outcome] = {}
    for at, fact, source, undoes, survivor, absorbed, *called, at_whom, who, ended in rows:
        names, domains = (called[0], called[1]), (called[2], called[3])
        found[Said(at, fact, source, bool(undoes), survivor, absorbed, names, domains)] = at_whom, who, ended
    return found


def _row(said: Said, outcome: Outcome) -> tuple[Any, ...]:
    return (
        said.at,
        said.fact,
        said.source,
        said.undoes,
        said.survivor,
        said.absorbed,
        *said.names,
        *said.domains,
        *outcome,
    )


# -- the people of companies that were joined or taken apart ------------------------------------------


def settle_some() -> bool:
    """Let some more people's rows show the company that is theirs now; return whether others wait.

    Companies are settled when nobody's row has to follow any more, some at a time, too: one whose people are on their
    way looks empty.
    """
    with transaction.atomic():
        left = sql.rows(_LEFT.format(by_index("company_unsettled")), [LAST, PIECE])
        if not _move_people(left) or len(left) == PIECE:
            return True
        pending = [company for (company,) in sql.rows(_PENDING, [PIECE + 1])]
        some = pending[:PIECE]
        sql.many("UPDATE leads_company SET unsettled_after = NULL, rolled_at = 0 WHERE id = %s", [(i,) for i in some])
        settle_companies(some)
    return len(pending) > PIECE


def _move_people(left: sql.Rows) -> bool:
    """Let at most SLICE people of these companies follow, each company's from an id on; return whether all do."""
    room = SLICE
    for company, after in left:
        people = sql.rows(_PEOPLE.format(by_index("person_by_company")), [company, after, room])
        if people:
            bring_in_line(people, free_mail.own())
        room -= len(people)
        last = LAST if room else people[-1][0]
        sql.one("UPDATE leads_company SET unsettled_after = %s WHERE id = %s", [last, company])
        if not room:
            return False
    return True


def pending() -> bool:
    """Return whether people's rows still show a company that is another one's now."""
    return bool(sql.rows("SELECT 1 FROM leads_company WHERE unsettled_after IS NOT NULL LIMIT 1"))


_PENDING = "SELECT id FROM leads_company WHERE unsettled_after IS NOT NULL ORDER BY id LIMIT %s"
_LEFT = "SELECT id, unsettled_after FROM leads_company{} WHERE unsettled_after < %s ORDER BY id LIMIT %s"
_PEOPLE = "SELECT id, company_id, attributes FROM leads_person{} WHERE company_id = %s AND id > %s ORDER BY id LIMIT %s"
