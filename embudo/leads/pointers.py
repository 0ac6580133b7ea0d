"""Who was merged into whom, and which pairs were taken apart by hand: people, and companies by the same rules."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from embudo.leads import sql

COMPANIES = ("leads_companymerge", "at, fact, source")


@dataclass
class Pointers:
    """All merge pointers and all pairs that people took apart; few enough to stay in memory."""

    into: dict[int, int] = field(default_factory=dict)
    absorbed: dict[int, dict[int, None]] = field(default_factory=lambda: defaultdict(dict))  # in their order
    apart: set[frozenset[int]] = field(default_factory=set)

    @classmethod
    def load(cls, table: str = "leads_merge", order: str = "id") -> "Pointers":
        """Read them from a table: that of people, or as COMPANIES says that of companies."""
        found = cls()
        query = f"SELECT survivor_id, absorbed_id, unmerged_at IS NULL FROM {table} WHERE survivor_id IS NOT NULL"
        for survivor, absorbed, joined in sql.rows(f"{query} ORDER BY {order}"):
            if joined:
                found.point(absorbed, survivor)
            else:
                found.apart.add(frozenset((survivor, absorbed)))
        return found

    def root(self, person: int) -> int:
        """Return the surviving person."""
        while person in self.into:
            person = self.into[person]
        return person

    def are_apart(self, one: int, other: int) -> bool:
        """Return whether a person in the app took these two apart, or two who were merged into them since."""
        return any({self.root(each) for each in pair} == {one, other} for pair in self.apart)

    def tree(self, root: int) -> Iterator[int]:
        """Yield a person and all that were merged into them."""
        yield root
        for each in self.absorbed.get(root, ()):
            yield from self.tree(each)

    def point(self, absorbed: int, survivor: int) -> None:
        """Point one person at another."""
        self.into[absorbed] = survivor
        self.absorbed[survivor][absorbed] = None

    def lift(self, absorbed: int) -> int:
        """Take a pointer away and return where it led."""
        survivor = self.into.pop(absorbed)
        self.absorbed[survivor].pop(absorbed, None)
        return survivor

    def merge(self, survivor: int, absorbed: int) -> tuple[int, int] | None:
        """Join two, or whom they are known as now; return who was pointed at whom, None when they were one already."""
        survivor, absorbed = self.root(survivor), self.root(absorbed)
        if survivor == absorbed:
            return None
        self.point(absorbed, survivor)
        return survivor, absorbed

    def unmerge(self, survivor: int, absorbed: int) -> tuple[int, int] | None:
        """Take two apart and remember it; return who pointed at whom, None when they were not one."""
        if absorbed not in self.into or self.root(absorbed) != self.root(survivor):
            return None
        survivor = self.lift(absorbed)
        self.apart.add(frozenset((survivor, absorbed)))
        return survivor, absorbed


def members(person: int) -> set[int]:
    """Return the person and everybody merged into them, at any remove."""
    found = {person}
    fresh = {person}
    while fresh:
        rows = sql.rows_where("absorbed_id", "leads_merge", "survivor_id", fresh, "AND unmerged_at IS NULL")
        fresh = {absorbed for (absorbed,) in rows} - found
        found |= fresh
    return found


def shown_by(people: Collection[int]) -> dict[int, tuple[int, int]]:
    """Return who each of these people is by now, and who shows them: whom they were merged into, at any remove.

    A visitor may be known by another id; who was erased is not in it.
    """
    into: dict[int, int | None] = {}
    _read(set(people), into)
    others = dict(sql.rows_where("subject, person_id", "leads_identifier", "subject", set(people) - into.keys()))
    _read(set(others.values()), into)
    return {each: (who, _root(who, into)) for each in people if (who := others.get(each, each)) in into}


def _read(people: set[int], into: dict[int, int | None]) -> None:
    """Read whom these people were merged into, and those in turn."""
    while people:
        found = dict(sql.rows_where("id, merged_into_id", "leads_person", "id", people))
        into |= found
        people = {each for each in found.values() if each is not None} - into.keys()


def _root(person: int, into: Mapping[int, int | None]) -> int:
    while (further := into.get(person)) is not None:
        person = further
    return person
