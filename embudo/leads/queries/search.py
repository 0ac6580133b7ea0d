"""Search over people: each word typed begins a word of name, mail, company or phone; accents and case do not matter.

The folded words of a person stand in `Person.search`. A full-text index (FTS5 on SQLite, a tsvector on
PostgreSQL, see the migration "people_are_found_by_words") finds few people at once; where many match, the
list walks in its own order and asks each row with `where`, which means the same.
"""

import re
from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext as _

from embudo.leads.profile import DIGITS, folded, words
from embudo.leads.queries.pieces import ByIds, Condition

MOST_WORDS = 8
PHONE = re.compile(r"[\s+\d().\-/]+")  # as people write a number; its digits are one word
SHORTEST_PHONE = 6


@dataclass(frozen=True, slots=True)
class Search(ByIds):
    """The words to find, folded, and the text as it was typed."""

    terms: tuple[str, ...]
    typed: str
    key: str = "q"

    @classmethod
    def of(cls, typed: str) -> "Search | None":
        """Return the search for a text, or None when there is none; a text without any word finds nobody."""
        text = typed.replace("\x00", " ")[:200]
        if PHONE.fullmatch(text) and len(digits := DIGITS.sub("", text)) >= SHORTEST_PHONE:
            return cls((digits,), typed.strip()[:200])
        terms = words(folded(text))[:MOST_WORDS]
        return cls(tuple(terms), typed.strip()[:200]) if text.strip() else None

    @property
    def where(self) -> Condition:
        parts = " AND ".join(["' ' || p.search LIKE %s"] * len(self.terms)) or "1 = 0"
        return Condition(parts, tuple(f"% {term}%" for term in self.terms))

    @property
    def indexed(self) -> bool:
        """Whether the index finds its people; half of it would be read for a single letter."""
        return not self.terms or any(len(term) > 1 for term in self.terms)

    @property
    def driver(self) -> Condition:
        """Those who have the words, or at least those of more than one letter."""
        if not self.terms:
            return Condition("SELECT id FROM leads_person WHERE 1 = 0")
        if connection.vendor == "postgresql":
            sql = (
                "SELECT id FROM leads_person WHERE known AND to_tsvector('simple', search) @@ to_tsquery('simple', %s)"
            )
            return Condition(sql, (" & ".join(f"'{term}':*" for term in self.terms),))
        sought = [term for term in self.terms if len(term) > 1] or self.terms
        sql = "SELECT rowid AS id FROM person_search WHERE person_search MATCH %s"
        return Condition(sql, (" ".join(f'"{term}"*' for term in sought),))

    @property
    def words(self) -> str:
        return _("“%(text)s”") % {"text": self.typed}

    @property
    def query(self) -> list[tuple[str, str]]:
        return [(self.key, self.typed)]
