"""Who was merged into whom, and which pairs of people were taken apart by hand."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from embudo.leads import sql


@dataclass
class Pointers:
    """All merge pointers and all pairs that people took apart; few enough to stay in memory."""

    into: dict[int, int] = field(default_factory=dict)
    absorbed: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    apart: set[frozenset[int]] = field(default_factory=set)

    @classmethod
    def load(cls) -> "Pointers":
        """Read them from the tables."""
        found = cls()
        query = "SELECT survivor_id, absorbed_id, unmerged_at IS NULL FROM leads_merge ORDER BY id"
        for survivor, absorbed, joined in sql.rows(query):
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
        self.absorbed[survivor].add(absorbed)

    def lift(self, absorbed: int) -> int:
        """Take a pointer away and return where it led."""
        survivor = self.into.pop(absorbed)
        self.absorbed[survivor].discard(absorbed)
        return survivor
